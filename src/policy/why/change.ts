import { API_VERSION, type Resource } from '../../model/kind.ts'
import { formatNet, type Net } from '../../model/net.ts'
import type { EntityRule, Rule as WrittenRule } from '../../model/rule.ts'
import type { Direction } from '../facts.ts'
import type { Layer, Side } from '../interpreter/walk.ts'
import { comparePolicies } from '../world/order.ts'
import { BUILT_IN } from '../world/origin.ts'
import { resolvePolicy, resolveProfile } from '../world/policies.ts'
import { Selectors } from '../world/selectors.ts'
import type { Endpoint, Policy, Profile, World } from '../world/world.ts'
import { examine, type Examined } from './examine.ts'
import { nearestMisses } from './misses.ts'
import { peerOf, selectorFor } from './peer.ts'
import { protocolName, type Traffic } from './traffic.ts'

/** One rule more. */
export type Change =
  /** At a place of the list of a resource that is there. */
  | { readonly type: 'rule'; readonly owner: Policy | Profile; readonly direction: Direction; readonly index: number; readonly rule: WrittenRule }
  /** With a resource for it. */
  | { readonly type: 'resource'; readonly resource: Resource; readonly direction: Direction }

export interface Remedy {
  readonly changes: readonly Change[]
  /** The world with the changes. */
  readonly world: World
  /** The same packets in it: allowed, each of them. */
  readonly proofs: readonly Examined[]
}

/** The networks that an end outside stands for. */
export interface Outside {
  readonly from?: readonly Net[] | undefined
  readonly to?: readonly Net[] | undefined
}

/**
 * The smallest change that lets denied packets, and the traffic that they stand for, pass: a rule for this peer at each place that denies them. Proven: the
 * packets are followed again with the change. Undefined when no rule can help, such as with tunnels from workloads.
 */
export function remedyFor(world: World, denied: readonly Examined[], traffic: Traffic, outside: Outside = {}): Remedy | undefined {
  const changes: Change[] = []
  let now = world
  // A rule in front of one that denies helps where nothing matched, too; not the other way round.
  for (const example of [...denied].sort((a, b) => Number(isByRule(b)) - Number(isByRule(a)))) {
    let examined = examine(now, example.from, example.to, example.header)
    for (let tries = 0; examined.verdict === 'deny' && tries < MOST_CHANGES; tries++) {
      const change = nextChange(now, examined, traffic, outside)
      if (!change) return undefined
      changes.push(change)
      now = withChange(now, change)
      examined = examine(now, example.from, example.to, example.header)
    }
  }
  const proofs = denied.map(({ from, to, header }) => examine(now, from, to, header))
  return changes.length > 0 && proofs.every(({ verdict }) => verdict === 'allow') ? { changes, world: now, proofs } : undefined
}

/** The resource that a change is made to, as it would be. */
export function changedResource(change: Change): Resource {
  if (change.type === 'resource') return change.resource
  const { owner, direction, index, rule } = change
  const spec = (owner.resource.spec ?? {}) as Partial<Record<Direction, WrittenRule[]>>
  return { ...owner.resource, spec: { ...spec, [direction]: (spec[direction] ?? []).toSpliced(index, 0, rule) } }
}

// --- internal ---

/** At most one for each end and each host on the way, with some to spare for a profile that must be made first. */
const MOST_CHANGES = 6

function isByRule({ egress, ingress }: Examined): boolean {
  return [egress, ingress].some((side) => {
    const last = side?.layers.at(-1)
    return side?.verdict === 'deny' && (last?.type === 'tier' || last?.type === 'profile') && last.by !== undefined
  })
}

function nextChange(world: World, examined: Examined, traffic: Traffic, outside: Outside): Change | undefined {
  const sides = [examined.egress, examined.ingress, ...examined.forwards.flatMap(({ side, certain }) => (certain ? [side] : []))]
  const side = sides.find((one) => one?.verdict === 'deny')
  const last = side?.layers.at(-1)
  return side && last ? changeAt(world, side, last, examined, traffic, outside) : undefined
}

function changeAt(world: World, side: Side, last: Layer, { from, to, header }: Examined, traffic: Traffic, outside: Outside): Change | undefined {
  const { endpoint, direction } = side
  const ruleFor = (namespace: string | undefined): WrittenRule => {
    const [end, nets] = direction === 'ingress' ? [from, outside.from] : [to, outside.to]
    const peer = !end.endpoint && nets ? { nets: nets.map(formatNet) } : peerOf(world, end, namespace)
    return ruleTo(traffic, header.protocol, direction, peer)
  }
  switch (last.type) {
    case 'always':
      return undefined
    case 'tier':
      return inTier(side, last, ruleFor)
    case 'profile': {
      const { profile, name, by } = last
      const rule = ruleFor(undefined)
      if (profile) return { type: 'rule', owner: profile, direction, index: by?.index ?? profile[direction].length, rule }
      return {
        type: 'resource',
        direction,
        resource: { kind: 'Profile', apiVersion: API_VERSION, metadata: { name }, spec: { [direction]: [rule] } },
      }
    }
    case 'end': {
      const profile = endpoint.profiles.map((name) => world.profiles.get(name)).findLast((found) => found && found.origin !== BUILT_IN)
      if (profile) return { type: 'rule', owner: profile, direction, index: profile[direction].length, rule: ruleFor(undefined) }
      // What a tier passed on has to be allowed there; a policy more would come too late.
      const tier = side.layers.findLast((layer) => layer.type === 'tier')
      const passed = tier && inTier(side, tier, ruleFor)
      return passed ?? { type: 'resource', direction, resource: policyFor(world, endpoint, direction, ruleFor(endpoint.namespace)) }
    }
  }
}

/** In front of the rule that decided, or at the end of the policy that came nearest to it. */
function inTier(side: Side, layer: Layer & { type: 'tier' }, ruleFor: (namespace: string | undefined) => WrittenRule): Change | undefined {
  const { steps, by } = layer
  const { direction } = side
  const near = nearestMisses(side).find(({ owner }) => steps.some(({ policy }) => policy === owner))?.owner as Policy | undefined
  const owner = by?.policy ?? near ?? steps.at(-1)?.policy
  return owner && { type: 'rule', owner, direction, index: by?.rule.index ?? owner[direction]?.length ?? 0, rule: ruleFor(owner.namespace) }
}

function ruleTo(traffic: Traffic, protocol: number, direction: Direction, peer: EntityRule): WrittenRule {
  const { ports, icmpType, icmpCode } = traffic
  const target: EntityRule = ports ? { ports: [ports[0] === ports[1] ? ports[0] : `${ports[0]}:${ports[1]}`] } : {}
  const [source, destination] = direction === 'ingress' ? [peer, target] : [{}, { ...peer, ...target }]
  return {
    action: 'Allow',
    ...(traffic.protocol === undefined ? {} : { protocol: protocolName(protocol) }),
    ...(icmpType === undefined ? {} : { icmp: { type: icmpType, ...(icmpCode === undefined ? {} : { code: icmpCode }) } }),
    ...(Object.keys(source).length > 0 ? { source } : {}),
    ...(Object.keys(destination).length > 0 ? { destination } : {}),
  }
}

/** A policy for an endpoint on which nothing acts in a direction: so far it is denied everything, and nothing is taken from it. */
function policyFor(world: World, endpoint: Endpoint, direction: Direction, rule: WrittenRule): Resource {
  const { namespace, name } = endpoint
  const kind = namespace === undefined ? 'GlobalNetworkPolicy' : 'NetworkPolicy'
  const selector = selectorFor(world, endpoint, namespace)
  return {
    kind,
    apiVersion: API_VERSION,
    metadata: { name: freeName(world, `allow-${direction}-${name}`), ...(namespace === undefined ? {} : { namespace }) },
    spec: { ...(selector === undefined ? {} : { selector }), types: [direction === 'ingress' ? 'Ingress' : 'Egress'], [direction]: [rule] },
  }
}

function freeName(world: World, wanted: string): string {
  const taken = new Set(world.tiers.flatMap(({ policies }) => policies.map(({ name }) => name)))
  const base = wanted
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 200)
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
  return name
}

function withChange(world: World, change: Change): World {
  const resource = changedResource(change)
  const { endpoints, networkSets, setAside } = world
  const rest = { endpoints, networkSets, setAside, unknowns: [] }
  const origin = change.type === 'rule' ? change.owner.origin : {}
  if (resource.kind === 'Profile') {
    const changed = resolveProfile(resource, origin, new Selectors())
    return { ...rest, tiers: world.tiers, profiles: new Map([...world.profiles, [changed.name, changed]]) }
  }
  const changed = resolvePolicy(resource, origin, new Selectors())
  const before = change.type === 'rule' ? change.owner : undefined
  const tiers = world.tiers.map((tier) =>
    tier.name === changed.tier
      ? { ...tier, policies: [...tier.policies.filter((policy) => policy !== before), changed].sort(comparePolicies) }
      : tier,
  )
  return { ...rest, tiers, profiles: world.profiles }
}
