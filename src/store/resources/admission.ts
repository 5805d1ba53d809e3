import { BUILTIN_TIERS } from '../../model/builtin-tiers.ts'
import type { Resource } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { immutablePoolFaults, overlappingPool, poolBlockFaults } from '../../model/pool-rules.ts'
import type { Datastore } from '../datastore.ts'
import { prefixRange } from '../datastore.ts'
import { invalid, notSupported, type ResourceFailure } from './failure.ts'
import { isTiered, kindRange, parseResourceKey, type Target } from './keys.ts'
import { listResources, nameOf } from './read.ts'
import type { Intent } from './write.ts'

/** What the store says about other resources, as far as the intents at hand need it; kept up to date while they are planned. */
export interface Facts {
  readonly tiers: Set<string>
  readonly filters: Set<string>
  /** IP pools by name. */
  readonly pools: Map<string, Resource>
  /** CIDRs of the address blocks that exist. */
  readonly blocks: readonly string[]
  /** Tier to the number of policies in it. */
  readonly policiesInTier: Map<string, number>
  /** Takes note of a planned write (`after` undefined: a delete), so that later intents of the same command see it. */
  note(target: Target, before: Resource | undefined, after: Resource | undefined): void
}

/** Reads only what rules of the given intents ask for. */
export async function loadFacts(datastore: Datastore, intents: readonly Intent[]): Promise<Facts> {
  const writes = (kind: string) => intents.some((intent) => intent.target.kind.kind === kind && intent.type !== 'delete')
  const deletesTier = intents.some((intent) => intent.target.kind.kind === 'Tier' && intent.type === 'delete')
  const [tiers, filters, pools, blocks, policiesInTier] = await Promise.all([
    intents.some((intent) => isTiered(intent.target.kind) && intent.type !== 'delete') ? tierNames(datastore) : new Set<string>(),
    writes('BGPPeer') ? namesOf(datastore, 'BGPFilter') : new Set<string>(),
    writes('IPPool') ? poolsByName(datastore) : new Map<string, Resource>(),
    writes('IPPool') ? blockCidrs(datastore) : [],
    deletesTier ? countPolicies(datastore) : new Map<string, number>(),
  ])
  return {
    tiers,
    filters,
    pools,
    blocks,
    policiesInTier,
    note({ kind, name }, before, after) {
      if (kind.kind === 'Tier') mark(tiers, name, after !== undefined)
      if (kind.kind === 'BGPFilter') mark(filters, name, after !== undefined)
      if (kind.kind === 'IPPool' && after) pools.set(name, after)
      if (kind.kind === 'IPPool' && !after) pools.delete(name)
      if (isTiered(kind) && before) policiesInTier.set(tierOf(before), (policiesInTier.get(tierOf(before)) ?? 0) - 1)
      if (isTiered(kind) && after) policiesInTier.set(tierOf(after), (policiesInTier.get(tierOf(after)) ?? 0) + 1)
    },
  }
}

/** Kinds and names that others own: the cluster's own record, and policies that Kubernetes keeps. */
export function refuseReadOnly(operation: string, target: Target): ResourceFailure | undefined {
  if (target.kind.kind === 'ClusterInformation')
    return { ...notSupported(operation, nameOf(target), 'resource is readonly'), help: `Calico keeps it itself: ${CLUSTER_FIELDS}` }
  if (target.kind.kind === 'NetworkPolicy' && target.name.startsWith('knp.default.')) {
    return notSupported(operation, nameOf(target), 'kubernetes network policies must be managed through the kubernetes API')
  }
  return undefined
}

/** Why a create or change may not happen, by rules that look at other resources or at what is stored. */
export function refuseWrite(
  change: { readonly intent: Intent; readonly wanted: Resource; readonly current: Resource | undefined },
  facts: Facts,
): ResourceFailure | undefined {
  const { intent, wanted, current } = change
  const { target } = intent
  const name = nameOf(target)
  if (isTiered(target.kind) && !current) {
    const tier = tierOf(wanted)
    if (!facts.tiers.has(tier)) {
      const known = [...facts.tiers].sort().join(', ')
      const fault = {
        code: 'unknown-tier',
        path: ['spec', 'tier'],
        message: `resource does not exist: Tier(${tier})`,
        help: `create the tier first; there are: ${known}`,
      }
      return invalid(name, [fault])
    }
  }
  if (target.kind.kind === 'BGPPeer') {
    const filters = (wanted.spec as { filters?: string[] } | undefined)?.filters ?? []
    const faults = filters.flatMap((filter, index) =>
      facts.filters.has(filter)
        ? []
        : [
            {
              code: 'unknown-filter',
              path: ['spec', 'filters', index],
              message: `BGPFilter(s) not found: ${filter}`,
              help: 'create the BGPFilter first',
            },
          ],
    )
    if (faults.length > 0) return invalid(name, faults)
  }
  if (target.kind.kind === 'IPPool') {
    const faults = current
      ? immutablePoolFaults(current, wanted)
      : [...overlappingPool(wanted, facts.pools.values()), ...poolBlockFaults(wanted, facts.blocks)]
    if (faults.length > 0) return invalid(name, faults)
  }
  return undefined
}

/** Why a delete may not happen. */
export function refuseDelete(target: Target, current: Resource, facts: Facts): ResourceFailure | undefined {
  if (target.kind.kind === 'Tier') {
    if (BUILTIN_TIERS.some((tier) => tier.name === target.name)) return notSupported('delete', nameOf(target), `Cannot delete ${target.name} tier`)
    const policies = facts.policiesInTier.get(current.metadata.name ?? '') ?? 0
    if (policies > 0) {
      return {
        ...notSupported('delete', nameOf(target), 'Cannot delete a non-empty tier'),
        help: `${policies} policies are in it: delete them or move them to another tier`,
      }
    }
  }
  return undefined
}

// --- internal ---

const CLUSTER_FIELDS = 'spec (clusterGUID, clusterType, calicoVersion, datastoreReady, variant), metadata.labels and metadata.annotations'

function mark(set: Set<string>, name: string, present: boolean): void {
  if (present) set.add(name)
  else set.delete(name)
}

function tierOf(policy: Resource): string {
  return (policy.spec as { tier?: string } | undefined)?.tier || 'default'
}

async function namesOf(datastore: Datastore, kindName: string): Promise<Set<string>> {
  const kind = kindNamed(kindName)
  if (!kind) return new Set()
  const { keyValues } = await datastore.range(kindRange(kind), { keysOnly: true })
  return new Set(keyValues.flatMap((keyValue) => parseResourceKey(kind, keyValue.key)?.name ?? []))
}

/** The built-in ones are there with the first write at the latest. */
async function tierNames(datastore: Datastore): Promise<Set<string>> {
  return new Set([...BUILTIN_TIERS.map(({ name }) => name), ...(await namesOf(datastore, 'Tier'))])
}

async function poolsByName(datastore: Datastore): Promise<Map<string, Resource>> {
  const kind = kindNamed('IPPool')
  if (!kind) return new Map()
  const { resources } = await listResources(datastore, kind)
  return new Map(resources.map((pool) => [pool.metadata.name ?? '', pool]))
}

/** Block keys name their CIDR with `-` for the slash (`reference/model.md 4.1`). */
async function blockCidrs(datastore: Datastore): Promise<string[]> {
  const { keyValues } = await datastore.range(prefixRange('/calico/ipam/v2/assignment/'), { keysOnly: true })
  return keyValues.map((keyValue) => keyValue.key.slice(keyValue.key.lastIndexOf('/') + 1).replace(/-(\d+)$/, '/$1'))
}

async function countPolicies(datastore: Datastore): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const kinds = ['GlobalNetworkPolicy', 'NetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedNetworkPolicy'].flatMap((name) => kindNamed(name) ?? [])
  const lists = await Promise.all(kinds.map((kind) => listResources(datastore, kind)))
  for (const policy of lists.flatMap((list) => list.resources)) {
    const tier = tierOf(policy)
    counts.set(tier, (counts.get(tier) ?? 0) + 1)
  }
  return counts
}
