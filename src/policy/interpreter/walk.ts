import { actsOn } from '../applies.ts'
import { UDP } from '../connections/packet.ts'
import { failsafeOf, IP_IN_IP, isFailsafe, VXLAN_PORT } from '../failsafe.ts'
import type { Direction } from '../facts.ts'
import type { Endpoint, Policy, Profile, Rule, Tier, World } from '../world/world.ts'
import { type Miss, missesOf } from './match.ts'
import type { Packet } from './packet.ts'

export type Verdict = 'allow' | 'deny' | 'unknown'

/** One rule, tried on a packet. */
export interface Tried {
  readonly rule: Rule
  /** What the packet lacks; empty when the rule matches. */
  readonly misses: readonly Miss[]
}

/** One policy's part of a layer: the rules that were tried, to the one that ended it. */
export interface PolicyStep {
  readonly policy: Policy
  readonly tried: readonly Tried[]
}

/** What a layer came to: a final `Allow` or `Deny`, `Pass` to the next layer. */
export type Outcome = 'Allow' | 'Deny' | 'Pass'

/** What a packet meets at an endpoint, layer by layer, in order. */
export type Layer =
  /** Before any policy: a failsafe port of a host, or a tunnel that a workload must not build. */
  | { readonly type: 'always'; readonly outcome: Outcome; readonly note: 'failsafe' | 'encapsulated packet from a workload' }
  /** The policies of a tier that act here. `by` is the deciding rule; without one the tier's end decides. */
  | {
      readonly type: 'tier'
      readonly tier: Tier
      readonly stage: 'untracked' | 'preDNAT' | 'normal'
      readonly steps: readonly PolicyStep[]
      readonly outcome: Outcome
      readonly by: { readonly policy: Policy; readonly rule: Rule } | undefined
    }
  /** `profile` is undefined when there is none of that name, which denies. `Pass`: no rule decided. */
  | {
      readonly type: 'profile'
      readonly name: string
      readonly profile: Profile | undefined
      readonly tried: readonly Tried[]
      readonly outcome: Outcome
      readonly by: Rule | undefined
    }
  /** Nothing decided: no profile, or none that matched. */
  | { readonly type: 'end'; readonly outcome: 'Deny' }

/** What an endpoint's host says to a packet, in one direction. */
export interface Side {
  readonly endpoint: Endpoint
  readonly direction: Direction
  /** `unknown` when it hangs on what a packet does not show, such as a service. `layers` then are what happens when those rules do not match. */
  readonly verdict: Verdict
  /** To the one that decided. */
  readonly layers: readonly Layer[]
}

/** The answer for a packet from and to an endpoint, or addresses outside. */
export interface Walk {
  readonly packet: Packet
  /** Undefined when the source is no endpoint. */
  readonly egress: Side | undefined
  /** Undefined when the destination is no endpoint. */
  readonly ingress: Side | undefined
  readonly verdict: Verdict
}

/** Follows the first packet of a connection through all that acts at both its ends (`reference/felix.md 1`), as plainly as that text says it. */
export function walk(world: World, from: Endpoint | undefined, to: Endpoint | undefined, packet: Packet): Walk {
  const egress = from && walkSide(world, from, 'egress', packet)
  const ingress = to && walkSide(world, to, 'ingress', packet)
  const verdicts = [egress, ingress].map((side) => side?.verdict ?? 'allow')
  const verdict = verdicts.includes('deny') ? 'deny' : verdicts.includes('unknown') ? 'unknown' : 'allow'
  return { packet, egress, ingress, verdict }
}

/** What acts at one endpoint on packets from it (`egress`) or to it (`ingress`). */
export function walkSide(world: World, endpoint: Endpoint, direction: Direction, packet: Packet): Side {
  const layers: Layer[] = []
  const always = beforePolicy(endpoint, direction, packet)
  if (always) return { endpoint, direction, verdict: always.outcome === 'Allow' ? 'allow' : 'deny', layers: [always] }
  const possible = decide(world, layersAt(world, endpoint, direction), packet, layers)
  const verdict = possible.size > 1 ? 'unknown' : possible.has('Allow') ? 'allow' : 'deny'
  return { endpoint, direction, verdict, layers }
}

/**
 * What a host endpoint says to a packet that its host forwards, coming in (`ingress`) or going out (`egress`) by it: untracked and preDNAT policies as it
 * comes in, save to a failsafe port, then only policies with applyOnForward, no profile. Undefined when none acts: forwarding is not its to decide.
 */
export function walkForward(world: World, endpoint: Endpoint, direction: Direction, packet: Packet): Side | undefined {
  const early = direction === 'ingress' && !beforePolicy(endpoint, direction, packet) ? (['untracked', 'preDNAT'] as const) : []
  const planned = [
    ...early.flatMap((stage) => world.tiers.flatMap((tier) => tierPlan(tier, stage, endpoint, direction, () => true))),
    ...world.tiers.flatMap((tier) => tierPlan(tier, 'normal', endpoint, direction, (policy) => policy.applyOnForward === true)),
  ]
  if (planned.length === 0) return undefined
  const layers: Layer[] = []
  const possible = decide(world, planned, packet, layers, 'Allow')
  const verdict = possible.size > 1 ? 'unknown' : possible.has('Allow') ? 'allow' : 'deny'
  return { endpoint, direction, verdict, layers }
}

/** What a host endpoint for all interfaces says, before anything else, to a packet from a workload to their host: its preDNAT policies. Undefined when none acts. */
export function walkPreDnat(world: World, endpoint: Endpoint, packet: Packet): Side | undefined {
  const direction = 'ingress'
  if (beforePolicy(endpoint, direction, packet)) return undefined
  const planned = world.tiers.flatMap((tier) => tierPlan(tier, 'preDNAT', endpoint, direction, () => true))
  if (planned.length === 0) return undefined
  const layers: Layer[] = []
  const possible = decide(world, planned, packet, layers, 'Allow')
  const verdict = possible.size > 1 ? 'unknown' : possible.has('Allow') ? 'allow' : 'deny'
  return { endpoint, direction, verdict, layers }
}

/** A layer before a packet has met it. */
export type Plan =
  | { readonly type: 'tier'; readonly tier: Tier; readonly direction: Direction; readonly stage: Stage; readonly policies: readonly Policy[] }
  | { readonly type: 'profile'; readonly direction: Direction; readonly name: string; readonly profile: Profile | undefined }

type Stage = 'untracked' | 'preDNAT' | 'normal'

/** All that acts at an endpoint, in order: untracked, preDNAT and other policies tier by tier, then its profiles. */
export function layersAt(world: World, endpoint: Endpoint, direction: Direction): Plan[] {
  const tiers = (['untracked', 'preDNAT', 'normal'] as const).flatMap((stage) =>
    world.tiers.flatMap((tier) => tierPlan(tier, stage, endpoint, direction, () => true)),
  )
  const profiles = endpoint.profiles.map((name): Plan => ({ type: 'profile', direction, name, profile: world.profiles.get(name) }))
  return [...tiers, ...profiles]
}

// --- internal ---

function beforePolicy(endpoint: Endpoint, direction: Direction, packet: Packet): (Layer & { type: 'always' }) | undefined {
  const { protocol, dstPort } = packet
  if (endpoint.kind === 'host') {
    const peer = direction === 'ingress' ? packet.source : packet.destination
    return isFailsafe(failsafeOf(endpoint, direction), packet, peer) ? { type: 'always', outcome: 'Allow', note: 'failsafe' } : undefined
  }
  const isTunnel = direction === 'egress' && (protocol === IP_IN_IP || (protocol === UDP && dstPort === VXLAN_PORT))
  return isTunnel ? { type: 'always', outcome: 'Deny', note: 'encapsulated packet from a workload' } : undefined
}

/** The policies of a tier that act at an endpoint; none when none does, and then the tier's end does not act either. */
function tierPlan(tier: Tier, stage: Stage, endpoint: Endpoint, direction: Direction, also: (policy: Policy) => boolean): Plan[] {
  const policies = tier.policies.filter(
    (policy) => (policy.stage ?? 'normal') === stage && policy[direction] !== undefined && also(policy) && actsOn(policy, endpoint),
  )
  return policies.length === 0 ? [] : [{ type: 'tier', tier, direction, stage, policies }]
}

/**
 * How it can end: in one way, or in both when rules that may match decide. What acts does not hang on how a packet came there, so one pass is enough.
 * `layers` gets what happens when those rules do not match. `atEnd`: what happens to what no layer decided.
 */
function decide(world: World, plans: readonly Plan[], packet: Packet, layers: Layer[], atEnd: 'Allow' | 'Deny' = 'Deny'): Set<'Allow' | 'Deny'> {
  const possible = new Set<'Allow' | 'Deny'>()
  let decided = false
  for (const plan of plans) {
    const { layer, maybe } = plan.type === 'tier' ? throughTier(world, plan, packet) : throughProfile(world, plan, packet)
    if (!decided) layers.push(layer)
    for (const outcome of [layer.outcome, ...maybe]) if (outcome !== 'Pass') possible.add(outcome)
    if (layer.outcome !== 'Pass') decided = true
    if (layer.outcome !== 'Pass' && !maybe.has('Pass')) return possible
  }
  if (atEnd === 'Deny' && !decided) layers.push({ type: 'end', outcome: 'Deny' })
  return possible.add(atEnd)
}

/** What a layer came to, and what else it could have come to by rules that may match. */
interface Passage {
  readonly layer: Layer & { readonly outcome: Outcome }
  readonly maybe: ReadonlySet<Outcome>
}

function throughTier(world: World, { tier, direction, stage, policies }: Plan & { type: 'tier' }, packet: Packet): Passage {
  const steps: PolicyStep[] = []
  const maybe = new Set<Outcome>()
  for (const policy of policies) {
    const { tried, by } = tryRules(world, policy[direction] ?? [], packet, maybe)
    steps.push({ policy, tried })
    if (by) return { layer: { type: 'tier', tier, stage, steps, outcome: by.action as Outcome, by: { policy, rule: by } }, maybe }
  }
  // What untracked and preDNAT policies leave undecided goes on to the others.
  const outcome = stage === 'normal' ? tier.defaultAction : 'Pass'
  return { layer: { type: 'tier', tier, stage, steps, outcome, by: undefined }, maybe }
}

function throughProfile(world: World, { name, profile, direction }: Plan & { type: 'profile' }, packet: Packet): Passage {
  const maybe = new Set<Outcome>()
  if (!profile) return { layer: { type: 'profile', name, profile, tried: [], outcome: 'Deny', by: undefined }, maybe }
  const { tried, by } = tryRules(world, profile[direction], packet, maybe)
  return { layer: { type: 'profile', name, profile, tried, outcome: by ? (by.action as Outcome) : 'Pass', by }, maybe }
}

/** Tries rules in order, to the first that matches and decides. */
function tryRules(world: World, rules: readonly Rule[], packet: Packet, maybe: Set<Outcome>): { tried: Tried[]; by: Rule | undefined } {
  const tried: Tried[] = []
  for (const rule of rules) {
    const misses = missesOf(rule, packet, world)
    tried.push({ rule, misses })
    if (misses.length > 0 || rule.action === 'Log') continue
    if (!rule.maybe) return { tried, by: rule }
    maybe.add(rule.action)
  }
  return { tried, by: undefined }
}
