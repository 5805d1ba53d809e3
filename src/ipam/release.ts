import { containsNet, indexIn, parseCidr, parseIp } from '../model/net.ts'
import { type Compare, type Datastore, DatastoreError, type KeyValue, type Operation, prefixRange } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'
import { type Block, compactAttributes, encodeBlock, isEmptyBlock, parseBlock } from './block.ts'

/**
 * Gives back addresses, as a delete of what held them does: out of their blocks, off the counts of their handles, into the cool-down where one is configured.
 * Addresses that are not assigned are passed over (`reference/model.md 8`, `conformance/ipam` rules 7 to 12).
 */
export async function releaseAddresses(datastore: Datastore, addresses: readonly string[], clock: Clock): Promise<void> {
  const wanted = addresses.map(parseIp).filter((ip) => ip !== undefined)
  if (wanted.length === 0) return
  const seconds = await cooldownSeconds(datastore)
  for (const { key } of await listBlocks(datastore)) {
    await changeBlock(datastore, key, clock, (block) => {
      collectCold(block, seconds, clock.now())
      const net = parseCidr(block.cidr)
      const ordinals = net ? wanted.filter((ip) => containsNet(net, ip)).map((ip) => indexIn(net, ip) ?? -1) : []
      const released = ordinals.sort((a, b) => a - b).filter((ordinal, at) => isAssigned(block, ordinal) && ordinals.indexOf(ordinal) === at)
      if (released.length === 0) return undefined
      const counts = countHandles(block, released)
      if (seconds > 0) rest(block, released, clock.timestamp())
      else free(block, released)
      compactAttributes(block)
      return { counts }
    })
  }
}

/** Gives back all blocks of a host; those with addresses in use stay, without owner. Then nothing of the host is left (`reference/model.md 8`). */
export async function releaseHost(datastore: Datastore, host: string, clock: Clock): Promise<void> {
  const owned = await datastore.range(prefixRange(`${HOSTS}${host}/`))
  for (const affinity of owned.keyValues) await releaseAffinity(datastore, affinity, host, clock)
  await datastore.txn({
    compare: [],
    then: [
      { type: 'delete', range: prefixRange(`${HOSTS}${host}/`) },
      { type: 'delete', range: { start: `${HOSTS}${host}` } },
    ],
  })
}

/** Gives back all blocks of hosts within a pool. */
export async function releasePool(datastore: Datastore, cidr: string, clock: Clock): Promise<void> {
  const pool = parseCidr(cidr)
  if (!pool) return
  const affinities = await datastore.range(prefixRange(HOSTS))
  for (const affinity of affinities.keyValues) {
    const [, host = '', , block = ''] = AFFINITY.exec(affinity.key) ?? []
    const net = parseCidr(netText(block))
    if (net && containsNet(pool, net)) await releaseAffinity(datastore, affinity, host, clock)
  }
}

// --- internal ---

const BLOCKS = '/calico/ipam/v2/assignment/'
const HOSTS = '/calico/ipam/v2/host/'
const HANDLES = '/calico/ipam/v2/handle/'
const CONFIG = '/calico/ipam/v2/config'
const AFFINITY = /^\/calico\/ipam\/v2\/host\/([^/]+)\/ipv([46])\/block\/([^/]+)$/
/** How often a change that lost a race is planned again. */
const ATTEMPTS = 100

/** In keys the length stands behind a dash: `10.0.0.0-26`. */
function netText(inKey: string): string {
  return inKey.replace(/-(\d+)$/, '/$1')
}

async function listBlocks(datastore: Datastore): Promise<readonly KeyValue[]> {
  return (await datastore.range(prefixRange(BLOCKS))).keyValues
}

async function cooldownSeconds(datastore: Datastore): Promise<number> {
  const stored = await datastore.get(CONFIG)
  const { ipCooldownSeconds } = (parseObject(stored?.value) ?? {}) as { ipCooldownSeconds?: number }
  return typeof ipCooldownSeconds === 'number' ? ipCooldownSeconds : 0
}

/** A change of one block: how many addresses each handle lost. The block is written, or deleted when it is empty and nobody's. */
interface BlockChange {
  readonly counts: ReadonlyMap<string, number>
}

/** Reads, changes and writes a block until no other writer came between. */
async function changeBlock(datastore: Datastore, key: string, clock: Clock, change: (block: Block) => BlockChange | undefined): Promise<void> {
  await retry(datastore, key, clock, async (stored) => {
    const block = parseBlock(stored.value)
    const changed = block && change(block)
    if (!block || !changed) return true
    block.sequenceNumber++
    const done = await write(datastore, stored, isEmptyBlock(block) && block.affinity === null ? undefined : encodeBlock(block))
    if (done) for (const [handle, count] of changed.counts) await countDown(datastore, handle, block.cidr, count, clock)
    return done
  })
}

/** An affinity is marked before its block changes, so that whoever comes after a crash knows what was under way. */
async function releaseAffinity(datastore: Datastore, affinity: KeyValue, host: string, clock: Clock): Promise<void> {
  const [, , version = '', inKey = ''] = AFFINITY.exec(affinity.key) ?? []
  if (inKey === '') return
  await retry(datastore, affinity.key, clock, async (stored) => write(datastore, stored, '{"state":"pendingDeletion","deleted":false}'))
  await retry(datastore, `${BLOCKS}ipv${version}/block/${inKey}`, clock, async (stored) => {
    const block = parseBlock(stored.value)
    if (!block || block.affinity !== `host:${host}`) return true
    collectCold(block, await cooldownSeconds(datastore), clock.now())
    compactAttributes(block)
    block.affinity = null
    block.sequenceNumber++
    return write(datastore, stored, isEmptyBlock(block) ? undefined : encodeBlock(block))
  })
  await retry(datastore, affinity.key, clock, async (stored) => write(datastore, stored, undefined))
}

async function countDown(datastore: Datastore, handle: string, cidr: string, count: number, clock: Clock): Promise<void> {
  await retry(datastore, `${HANDLES}${handle}`, clock, async (stored) => {
    const raw = parseObject(stored.value) as { block?: Record<string, number> } | undefined
    if (!raw) return true
    const blocks = { ...raw.block }
    const left = (blocks[cidr] ?? 0) - count
    if (left > 0) blocks[cidr] = left
    else delete blocks[cidr]
    const sorted = Object.fromEntries(Object.entries(blocks).sort(([a], [b]) => (a < b ? -1 : 1)))
    return write(datastore, stored, Object.keys(blocks).length === 0 ? undefined : JSON.stringify({ ...raw, block: sorted }))
  })
}

/** Writes or deletes a key if it is still as it was read. */
async function write(datastore: Datastore, stored: KeyValue, value: string | undefined): Promise<boolean> {
  const compare: Compare[] = [{ key: stored.key, target: 'mod', equals: stored.modRevision }]
  const change: Operation = value === undefined ? { type: 'delete', range: { start: stored.key } } : { type: 'put', key: stored.key, value }
  return (await datastore.txn({ compare, then: [change] })).succeeded
}

/** Tries on what is stored now until it is done; a key that is not there (any more) needs nothing. @throws DatastoreError when others always win */
async function retry(datastore: Datastore, key: string, clock: Clock, attempt: (stored: KeyValue) => Promise<boolean>): Promise<void> {
  for (let count = 0; count < ATTEMPTS; count++) {
    if (count > 0) await clock.pause(Math.min(200, 2 ** count))
    const stored = await datastore.get(key)
    if (stored === undefined || (await attempt(stored))) return
  }
  throw new DatastoreError('other', `update conflict: ${key} changed ${ATTEMPTS} times while it was to be released`, {
    help: 'repeat the delete: it goes on from here',
  })
}

function isAssigned(block: Block, ordinal: number): boolean {
  const index = block.allocations[ordinal]
  return typeof index === 'number' && block.attributes[index]?.releasedAt === undefined
}

function countHandles(block: Block, ordinals: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const ordinal of ordinals) {
    const handle = block.attributes[block.allocations[ordinal] ?? -1]?.handle_id
    if (handle) counts.set(handle, (counts.get(handle) ?? 0) + 1)
  }
  return counts
}

function free(block: Block, ordinals: readonly number[]): void {
  for (const ordinal of ordinals) {
    block.allocations[ordinal] = null
    block.unallocated.push(ordinal)
    delete block.sequenceNumberForAllocation[String(ordinal)]
  }
}

/** The addresses keep their places, with one entry that says since when they rest. */
function rest(block: Block, ordinals: readonly number[], releasedAt: string): void {
  block.attributes.push({ releasedAt })
  for (const ordinal of ordinals) {
    block.allocations[ordinal] = block.attributes.length - 1
    block.sequenceNumberForAllocation[String(ordinal)] = block.sequenceNumber
  }
}

/** Frees addresses that have rested long enough, lowest first. */
function collectCold(block: Block, seconds: number, now: Date): void {
  const over = block.allocations.flatMap((index, ordinal) => {
    const since = index === null ? undefined : block.attributes[index]?.releasedAt
    return since !== undefined && now.getTime() - Date.parse(since) >= seconds * 1000 ? [ordinal] : []
  })
  free(block, over)
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
