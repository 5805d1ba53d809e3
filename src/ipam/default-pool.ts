import { API_VERSION, type Resource } from '../model/kind.ts'
import { kindNamed } from '../model/registry.ts'
import { completeResource } from '../model/resource.ts'
import type { Datastore } from '../store/datastore.ts'
import { poolRange } from './pools.ts'
import { type WriteOptions, writeResources } from '../store/resources/write.ts'

/**
 * Makes a pool when there is none at all, so that a first workload gets an address: 192.168.0.0/16, whose traffic leaves under the host's address.
 * Gives it, for the caller to announce; undefined when there are pools, or when another host was faster.
 */
export async function ensureDefaultPool(datastore: Datastore, options: WriteOptions): Promise<Resource | undefined> {
  const { keyValues } = await datastore.range(poolRange(), { limit: 1, keysOnly: true })
  if (keyValues.length > 0) return undefined
  const kind = kindNamed('IPPool')
  if (!kind) throw new Error('no kind IPPool')
  const resource: Resource = {
    kind: 'IPPool',
    apiVersion: API_VERSION,
    metadata: { name: DEFAULT_POOL },
    spec: { cidr: '192.168.0.0/16', natOutgoing: true },
  }
  completeResource(kind, resource)
  const [outcome] = await writeResources(datastore, [{ type: 'create', target: { kind, name: DEFAULT_POOL }, resource }], options)
  return outcome?.type === 'written' ? outcome.resource : undefined
}

// --- internal ---

/** Calico's own name for it. */
const DEFAULT_POOL = 'default-ipv4-ippool'
