import type { Kind, Resource } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { type Datastore, type KeyValue, prefixRange } from '../datastore.ts'
import { parseResourceKey, RESOURCES } from './keys.ts'
import { readStored } from './stored.ts'

/** Resources of several kinds as they were at one moment. */
export interface Snapshot {
  readonly revision: number
  readonly stored: readonly SnapshotEntry[]
  /** Pairs under keys of these kinds whose values are no resource of the kind. */
  readonly unreadable: readonly UnreadableEntry[]
}

export interface SnapshotEntry {
  readonly resource: Resource
  readonly key: string
  /** The revision that wrote it. */
  readonly revision: number
}

export interface UnreadableEntry {
  readonly kind: Kind
  readonly namespace?: string
  /** As in the key: a policy's may begin with its tier. */
  readonly name: string
  readonly key: string
}

/** Reads all resources of the kinds at one revision of the store, now or in the past. */
export async function readSnapshot(datastore: Datastore, kindNames: readonly string[], revision?: number): Promise<Snapshot> {
  const kinds = new Map(kindNames.flatMap((name) => kindNamed(name) ?? []).map((kind) => [kind.plural, kind]))
  const result = await datastore.range(prefixRange(RESOURCES), revision === undefined ? {} : { revision })
  const stored: SnapshotEntry[] = []
  const unreadable: UnreadableEntry[] = []
  for (const keyValue of result.keyValues) {
    const kind = kinds.get(keyValue.key.slice(RESOURCES.length).split('/', 1)[0] ?? '')
    const entry = kind && readEntry(kind, keyValue)
    if (!entry) continue
    if ('kind' in entry) unreadable.push(entry)
    else stored.push(entry)
  }
  return { revision: result.revision, stored, unreadable }
}

/** One pair of a watched or listed range as a resource of the kind; undefined when the key is none of the kind's. */
function readEntry(kind: Kind, keyValue: KeyValue): SnapshotEntry | UnreadableEntry | undefined {
  const name = parseResourceKey(kind, keyValue.key)
  if (!name) return undefined
  const { key, modRevision: revision } = keyValue
  const read = readStored(kind, keyValue)
  return read ? { resource: read.resource, key, revision } : { kind, ...name, key }
}
