import type { Kind, Resource } from '../../model/kind.ts'
import { formatResourceName, type Problem, type ResourceName } from '../../model/problem.ts'
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
  const readEntry = entryReader(kindNames)
  const result = await datastore.range(prefixRange(RESOURCES), revision === undefined ? {} : { revision })
  const stored: SnapshotEntry[] = []
  const unreadable: UnreadableEntry[] = []
  for (const keyValue of result.keyValues) {
    const entry = readEntry(keyValue)
    if (!entry) continue
    if ('kind' in entry) unreadable.push(entry)
    else stored.push(entry)
  }
  return { revision: result.revision, stored, unreadable }
}

/** An unreadable pair by the name of its resource, and what to tell the user about it. */
export function unreadableResource({
  kind,
  namespace,
  name,
  key,
}: UnreadableEntry): ResourceName & { readonly name: string; readonly problem: Problem } {
  const resource = { kind: kind.kind, ...(namespace === undefined ? {} : { namespace }), name }
  const message = `${formatResourceName(resource)} in the datastore cannot be read: failed to parse datastore entry key=${key}`
  return { ...resource, problem: { code: 'unreadable', severity: 'error', message, resource, help: 'replace or delete it' } }
}

/** Makes a reader of pairs below `RESOURCES`; it gives undefined for keys that are none of a resource of one of the kinds. */
export function entryReader(kindNames: readonly string[]): (keyValue: KeyValue) => SnapshotEntry | UnreadableEntry | undefined {
  const kinds = new Map(kindNames.flatMap((name) => kindNamed(name) ?? []).map((kind) => [kind.plural, kind]))
  return (keyValue) => {
    const kind = kinds.get(keyValue.key.slice(RESOURCES.length).split('/', 1)[0] ?? '')
    const name = kind && parseResourceKey(kind, keyValue.key)
    if (!name) return undefined
    const { key, modRevision: revision } = keyValue
    const read = readStored(kind, keyValue)
    return read ? { resource: read.resource, key, revision } : { kind, ...name, key }
  }
}
