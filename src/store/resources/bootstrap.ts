import { BUILTIN_TIERS } from '../../model/builtin-tiers.ts'
import { API_VERSION, type Kind, type Resource } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { encodeResource } from '../../model/resource.ts'
import type { Compare, Datastore, KeyValue, Operation } from '../datastore.ts'
import { resourceKey } from './keys.ts'
import { getMany } from './read.ts'
import { readStored } from './stored.ts'
import type { Clock } from './clock.ts'

/**
 * Makes what the peer's first write makes: ClusterInformation `default` and the built-in tiers (`reference/model.md 4.4, 2.14`).
 * Mends a ClusterInformation without GUID or ready flag. Nothing is written when all is there; races with other writers are fine.
 */
export async function ensureInitialized(datastore: Datastore, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const keys = [keyOf('ClusterInformation', 'default'), ...BUILTIN_TIERS.map((tier) => keyOf('Tier', tier.name))]
    const found = await getMany(datastore, keys)
    const operations: Operation[] = []
    const compare: Compare[] = []
    const put = (kind: Kind, key: string, resource: Resource) => {
      compare.push({ key, target: 'mod', equals: found.get(key)?.modRevision ?? 0 })
      operations.push({ type: 'put', key, value: encodeResource(kind, resource) })
    }
    const cluster = clusterInformation(found.get(keys[0] ?? ''), clock)
    if (cluster) put(mustKnow('ClusterInformation'), keys[0] ?? '', cluster)
    for (const tier of BUILTIN_TIERS) {
      const key = keyOf('Tier', tier.name)
      if (!found.has(key)) put(mustKnow('Tier'), key, fresh('Tier', tier.name, { order: tier.order, defaultAction: tier.defaultAction }, clock))
    }
    if (operations.length === 0 || (await datastore.txn({ compare, then: operations })).succeeded) return
  }
}

// --- internal ---

const ATTEMPTS = 5

/** The ClusterInformation to write, or undefined when the stored one is whole. */
function clusterInformation(keyValue: KeyValue | undefined, clock: Clock): Resource | undefined {
  const guid = () => clock.uuid().replaceAll('-', '')
  if (!keyValue) return fresh('ClusterInformation', 'default', { clusterGUID: guid(), datastoreReady: true }, clock)
  const stored = readStored(mustKnow('ClusterInformation'), keyValue)?.resource
  if (!stored) return undefined
  const spec = (stored.spec ?? {}) as { clusterGUID?: string; datastoreReady?: boolean }
  if (spec.clusterGUID && spec.datastoreReady !== undefined) return undefined
  return { ...stored, spec: { ...spec, clusterGUID: spec.clusterGUID || guid(), datastoreReady: spec.datastoreReady ?? true } }
}

function fresh(kind: string, name: string, spec: object, clock: Clock): Resource {
  return { kind, apiVersion: API_VERSION, metadata: { name, uid: clock.uuid(), creationTimestamp: clock.timestamp() }, spec }
}

function keyOf(kind: string, name: string): string {
  return resourceKey({ kind: mustKnow(kind), name })
}

function mustKnow(name: string): Kind {
  const kind = kindNamed(name)
  if (!kind) throw new Error(`kind ${name} is not in the registry`)
  return kind
}
