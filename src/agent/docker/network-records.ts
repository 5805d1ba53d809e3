import { isObject } from '../../model/decode.ts'
import { type Datastore, type KeyValue, prefixRange } from '../../store/datastore.ts'
import type { Clock } from '../../store/resources/clock.ts'
import { followKeys } from '../follow.ts'
import { hasNode } from '../own-node.ts'

/** A network that all hosts are to have: the truth about it. */
export interface NetworkRecord {
  readonly name: string
  readonly subnets: readonly string[]
  readonly ipv6: boolean
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** The host where it was made. */
  readonly origin: string
  /** Docker's ids of the network on hosts where a user made it, by host. Where it is not among these it is a copy. */
  readonly made: Readonly<Record<string, string>>
}

/** A record, and the revision that a change to it has to build on. */
export interface KeptRecord {
  readonly record: NetworkRecord
  readonly revision: number
}

/** The networks that all hosts share, kept in the datastore and followed. */
export interface NetworkRecords {
  /** What is known now, by network name; undefined before the first answer. */
  readonly known: ReadonlyMap<string, KeptRecord> | undefined
  /** Networks of this host, by Docker's ids, that were removed on another one: they are to go here as well. */
  readonly removed: ReadonlySet<string>
  /** Writes a record, over that of a revision or as a new one (0). False: another host was first. */
  write(record: NetworkRecord, revision: number): Promise<boolean>
  /** Removes a record of that revision, and tells the other hosts where it was made. False: it has changed. */
  remove(kept: KeptRecord): Promise<boolean>
  /** Forgets that a network of this host is to go. */
  settle(id: string): Promise<void>
  /** Follows what others write, until the signal aborts; calls back when something has changed. */
  follow(signal: AbortSignal, changed: () => void): Promise<void>
}

export interface NetworkRecordsOptions {
  readonly datastore: Datastore
  readonly clock: Pick<Clock, 'pause'>
  /** The name of this host's Node. */
  readonly node: string
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty: boolean
}

export function networkRecords({ datastore, clock, node, acceptEmpty }: NetworkRecordsOptions): NetworkRecords {
  const known = new Map<string, KeptRecord>()
  let isKnown = false
  const removed = new Set<string>()
  const gravesOfNode = `${GRAVES}${node}/`

  const put = ({ key, value, modRevision }: KeyValue): void => {
    if (key.startsWith(gravesOfNode)) removed.add(key.slice(gravesOfNode.length))
    const record = key.startsWith(RECORDS) ? parseRecord(value) : undefined
    if (!record || recordKey(record.name) !== key) return
    // Our own write may be ahead of what is told.
    if ((known.get(record.name)?.revision ?? 0) <= modRevision) known.set(record.name, { record, revision: modRevision })
  }
  const drop = (key: string): void => {
    if (key.startsWith(gravesOfNode)) removed.delete(key.slice(gravesOfNode.length))
    for (const name of known.keys()) if (recordKey(name) === key) known.delete(name)
  }

  return {
    get known() {
      return isKnown ? known : undefined
    },
    removed,
    async follow(signal, changed) {
      await followKeys(datastore, prefixRange(ALL), signal, {
        clock,
        // Whether the datastore is there is told by those who follow the rest of it.
        events: { away: () => {}, back: () => {}, emptied: () => {} },
        // Records that vanish together with this host's Node were removed by nobody.
        acceptEmpty: async () => acceptEmpty || (await hasNode(datastore, node)),
        change: (key, keyValue) => (keyValue ? put(keyValue) : drop(key)),
        reached: () => {
          isKnown = true
          changed()
        },
      })
    },
    async write(record, revision) {
      const key = recordKey(record.name)
      const id = record.made[node]
      const { succeeded, revision: now } = await datastore.txn({
        compare: [{ key, target: 'mod', equals: revision }],
        then: [
          { type: 'put', key, value: JSON.stringify(record) },
          // Made again by hand, it is to stay.
          ...(id === undefined ? [] : [{ type: 'delete', range: { start: graveKey(node, id) } } as const]),
        ],
      })
      if (succeeded) known.set(record.name, { record, revision: now })
      if (succeeded && id !== undefined) removed.delete(id)
      return succeeded
    },
    async remove({ record, revision }) {
      const key = recordKey(record.name)
      const others = Object.entries(record.made).filter(([host]) => host !== node)
      const { succeeded } = await datastore.txn({
        compare: [{ key, target: 'mod', equals: revision }],
        then: [
          { type: 'delete', range: { start: key } },
          ...others.map(([host, id]) => ({ type: 'put', key: graveKey(host, id), value: record.name }) as const),
        ],
      })
      if (succeeded) known.delete(record.name)
      return succeeded
    },
    async settle(id) {
      await datastore.txn({ compare: [], then: [{ type: 'delete', range: { start: graveKey(node, id) } }] })
      removed.delete(id)
    },
  }
}

// --- internal ---

const ALL = '/calico/calicoctl/docker/mirror/'
const RECORDS = `${ALL}networks/`
/** Networks that were removed elsewhere, below the host where they were made. */
const GRAVES = `${ALL}removed/`

function recordKey(name: string): string {
  return `${RECORDS}${encodeURIComponent(name)}`
}

function graveKey(host: string, id: string): string {
  return `${GRAVES}${host}/${encodeURIComponent(id)}`
}

/** Undefined for what no agent writes. */
function parseRecord(text: string): NetworkRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { name, subnets, ipv6, options, labels, origin, made } = value
  if (typeof name !== 'string' || name === '' || typeof origin !== 'string' || typeof ipv6 !== 'boolean') return undefined
  if (!Array.isArray(subnets) || !subnets.every((subnet): subnet is string => typeof subnet === 'string')) return undefined
  if (!isTexts(options) || !isTexts(labels) || !isTexts(made)) return undefined
  return { name, subnets, ipv6, options, labels, origin, made }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((one) => typeof one === 'string')
}
