import type { Kind, Resource } from '../../model/kind.ts'
import { type ResourceName } from '../../model/problem.ts'
import type { Datastore, KeyValue } from '../datastore.ts'
import { DEFAULT_ALLOW, defaultAllowProfile, isBuiltin } from './builtin.ts'
import { doesNotExist, type ResourceFailure } from './failure.ts'
import { kindRange, parseResourceKey, possibleKeys, type Target } from './keys.ts'
import { readStored, type StoredResource } from './stored.ts'

export interface ResourceScan {
  readonly kind: Kind
  /** Read as they are gone through, once. */
  readonly resources: Iterable<Resource>
  /** The same as they lie in the store, to be gone through instead; absent for kinds whose lists show them in another form or order. */
  readonly unread?: Iterable<UnreadResource>
  /** The store's revision of the snapshot. */
  readonly revision: number
  /** Keys whose values could not be read; lists leave them out, as the peer's do. All are there when the resources have been gone through. */
  readonly unreadable: readonly string[]
}

export interface UnreadResource {
  /** As stored; empty for what is not stored as it is shown. */
  readonly text: string
  readonly revision: number
  /** Undefined: it is left out. */
  read(): Resource | undefined
}

export interface ResourceList extends Omit<ResourceScan, 'unread'> {
  readonly resources: readonly Resource[]
}

/** One resource, under the name the user sees, now or at a past revision of the store; the built-in profile included. */
export async function getResource(datastore: Datastore, target: Target, revision?: number): Promise<Resource | ResourceFailure> {
  if (isBuiltin(target)) return defaultAllowProfile()
  const keys = possibleKeys(target)
  const found = revision === undefined ? await getMany(datastore, keys) : await getPast(datastore, keys, revision)
  return pick(target, keys, (key) => found.get(key)) ?? doesNotExist(nameOf(target))
}

/** All resources of a kind, of one namespace if given, in the order in which lists show them. */
export async function listResources(datastore: Datastore, kind: Kind, namespace?: string): Promise<ResourceList> {
  const { unread: _, ...scan } = await scanResources(datastore, kind, namespace)
  return { ...scan, resources: [...scan.resources] }
}

/** The same, for who looks at them one by one and keeps none: long lists then cost far less memory and time. */
export async function scanResources(datastore: Datastore, kind: Kind, namespace?: string): Promise<ResourceScan> {
  const { keyValues, revision } = await datastore.range(kindRange(kind, namespace))
  const unreadable: string[] = []
  const unread = unreadOf(kind, keyValues, unreadable)
  const { listOrder, fromStored } = kind.body
  const resources = listOrder ? [...readAll(unread)].sort(listOrder) : readAll(unread)
  return { kind, resources, ...(listOrder || fromStored ? {} : { unread }), revision, unreadable }
}

function* readAll(unread: Iterable<UnreadResource>): Iterable<Resource> {
  for (const item of unread) {
    const resource = item.read()
    if (resource) yield resource
  }
}

function* unreadOf(kind: Kind, keyValues: readonly KeyValue[], unreadable: string[]): Iterable<UnreadResource> {
  const isProfile = kind.kind === 'Profile'
  for (const keyValue of keyValues) {
    if (parseResourceKey(kind, keyValue.key) === undefined) continue
    // A stored one of that name would hide what the data path really does.
    const mayBeHidden = isProfile && keyValue.value.includes(DEFAULT_ALLOW)
    const read = () => {
      const stored = readStored(kind, keyValue)
      if (!stored) unreadable.push(keyValue.key)
      return mayBeHidden && stored?.resource.metadata.name === DEFAULT_ALLOW ? undefined : stored?.resource
    }
    yield { text: mayBeHidden ? '' : keyValue.value, revision: keyValue.modRevision, read }
  }
  if (isProfile) yield { text: '', revision: 0, read: defaultAllowProfile }
}

export function isFailure(value: Resource | ResourceFailure): value is ResourceFailure {
  return 'code' in value
}

/** What the stored pairs say about a target: the resource, a failure for an unreadable value, or undefined when absent. */
function pick(target: Target, keys: readonly string[], lookup: (key: string) => KeyValue | undefined): Resource | ResourceFailure | undefined {
  const found = pickStored(target, keys, lookup)
  return found === undefined || 'code' in found ? found : found.resource
}

export function pickStored(
  target: Target,
  keys: readonly string[],
  lookup: (key: string) => KeyValue | undefined,
): StoredResource | ResourceFailure | undefined {
  for (const [index, key] of keys.entries()) {
    const keyValue = lookup(key)
    if (!keyValue) continue
    const stored = readStored(target.kind, keyValue)
    if (!stored) {
      return {
        code: 'unreadable',
        resource: nameOf(target),
        message: `failed to parse datastore entry key=${key}; value=${keyValue.value.slice(0, 200)}`,
        help: 'the value is not JSON of that kind; replace or delete it',
      }
    }
    if (index === 0 || stored.resource.metadata.name === target.name) return stored
  }
  return undefined
}

async function getPast(datastore: Datastore, keys: readonly string[], revision: number): Promise<Map<string, KeyValue>> {
  const answers = await Promise.all(keys.map((key) => datastore.get(key, { revision })))
  return new Map(answers.flatMap((keyValue) => (keyValue ? [[keyValue.key, keyValue]] : [])))
}

/** Several keys in as few round trips as the transaction limit allows. */
export async function getMany(datastore: Datastore, keys: readonly string[]): Promise<Map<string, KeyValue>> {
  const found = new Map<string, KeyValue>()
  if (keys.length === 1 && keys[0] !== undefined) {
    const keyValue = await datastore.get(keys[0])
    if (keyValue) found.set(keyValue.key, keyValue)
    return found
  }
  const chunks: (readonly string[])[] = []
  for (let i = 0; i < keys.length; i += 100) chunks.push(keys.slice(i, i + 100))
  const answers = await Promise.all(
    chunks.map((chunk) => datastore.txn({ compare: [], then: chunk.map((key) => ({ type: 'get', range: { start: key } })) })),
  )
  for (const answer of answers) for (const keyValues of answer.responses) for (const keyValue of keyValues) found.set(keyValue.key, keyValue)
  return found
}

export function nameOf(target: Target): ResourceName {
  return { kind: target.kind.kind, name: target.name, ...(target.namespace === undefined ? {} : { namespace: target.namespace }) }
}
