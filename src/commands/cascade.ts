import { forgetHost, releasePool } from '../ipam/affinity.ts'
import { releaseAddresses } from '../ipam/release.ts'
import { createIpam } from '../ipam/store.ts'
import type { Resource } from '../model/kind.ts'
import { parseCidr, parseIp } from '../model/net.ts'
import { planNodeDelete } from '../model/node-cascade.ts'
import { kindNamed } from '../model/registry.ts'
import type { Datastore } from '../store/datastore.ts'
import { getResource, isFailure, listResources } from '../store/resources/read.ts'
import { type Intent, type WriteOptions, writeResources } from '../store/resources/write.ts'

/**
 * What goes before nodes and pools that are to be deleted, as with the peer: the endpoints, peers and configurations of a node, its addresses and blocks; the
 * blocks of a pool, which is disabled first. What is missing, or has changed since the user read it, is left for the delete itself to say. Gives the deletes
 * that remain.
 */
export async function deleteDependents(datastore: Datastore, intents: readonly Intent[], options: WriteOptions): Promise<Intent[]> {
  const then: Intent[] = []
  for (const intent of intents) then.push(intent.type === 'delete' ? await deleteWhatItHolds(datastore, intent, options) : intent)
  return then
}

// --- internal ---

type Delete = Intent & { readonly type: 'delete' }

async function deleteWhatItHolds(datastore: Datastore, intent: Delete, options: WriteOptions): Promise<Delete> {
  const { kind } = intent.target
  if (kind.kind !== 'Node' && kind.kind !== 'IPPool') return intent
  const current = await getResource(datastore, intent.target)
  if (isFailure(current)) return intent
  if (intent.resourceVersion !== undefined && intent.resourceVersion !== current.metadata.resourceVersion) return intent
  if (kind.kind === 'Node') await deleteOfNode(datastore, current, options)
  else await emptyPool(datastore, intent, current, options)
  // The revision was compared here; disabling a pool has changed it.
  return { type: 'delete', target: intent.target }
}

async function deleteOfNode(datastore: Datastore, node: Resource, options: WriteOptions): Promise<void> {
  const all = async (kind: string): Promise<readonly Resource[]> => (await listResources(datastore, kindOf(kind))).resources
  const plan = planNodeDelete({
    node,
    workloadEndpoints: await all('WorkloadEndpoint'),
    hostEndpoints: await all('HostEndpoint'),
    bgpPeers: await all('BGPPeer'),
    bgpConfigurations: await all('BGPConfiguration'),
    felixConfigurations: await all('FelixConfiguration'),
  })
  const ipam = createIpam(datastore, options.clock)
  // What is stored as an address may be none; there is nothing to give back then.
  const addresses = plan.addresses.filter((address) => parseIp(address) !== undefined)
  await releaseAddresses(
    ipam,
    addresses.map((address) => ({ address })),
  )
  const dependents = plan.resources
    .filter(({ kind }) => kind !== 'Node')
    .map(({ kind, namespace, name = '' }) => ({ kind: kindOf(kind), name, ...(namespace === undefined ? {} : { namespace }) }))
  await writeResources(
    datastore,
    dependents.map((target) => ({ type: 'delete', target })),
    { author: options.author, clock: options.clock },
  )
  await forgetHost(ipam, node.metadata.name ?? '')
}

/** Disabled, nobody takes a new block of it; then its blocks can be given back. */
async function emptyPool(datastore: Datastore, intent: Delete, pool: Resource, options: WriteOptions): Promise<void> {
  const spec = pool.spec as { cidr?: string; disabled?: boolean }
  if (spec.disabled !== true) {
    const disable = (current: Resource): Resource => ({ ...current, spec: { ...(current.spec as object), disabled: true } })
    await writeResources(datastore, [{ type: 'modify', target: intent.target, modify: disable }], { author: options.author, clock: options.clock })
  }
  const cidr = parseCidr(spec.cidr ?? '')
  if (cidr) await releasePool(createIpam(datastore, options.clock), cidr)
}

function kindOf(name: string) {
  const kind = kindNamed(name)
  if (!kind) throw new Error(`no kind ${name}`)
  return kind
}
