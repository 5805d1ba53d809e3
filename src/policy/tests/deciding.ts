import { type ConnectionSet, NOTHING } from '../connections/space.ts'
import { always } from '../core/program.ts'
import { failsafeRules } from '../failsafe.ts'
import type { Direction } from '../facts.ts'
import { layersAt, type Plan } from '../interpreter/walk.ts'
import type { Endpoint, Policy, Profile, Rule, Tier, World } from '../world/world.ts'
import type { Asked } from './ends.ts'

/** What decides at one end of a connection, and about which headers. */
export interface Deciding {
  readonly by: /** A rule; one that passes on decides within its tier. */
    | { readonly type: 'rule'; readonly owner: Policy | Profile; readonly rule: Rule }
    /** The end of a tier. */
    | { readonly type: 'tier'; readonly tier: Tier }
    | { readonly type: 'missing-profile'; readonly name: string }
    /** What holds before any policy. */
    | { readonly type: 'always' }
    /** No rule matched, and nothing is left to be asked. */
    | { readonly type: 'nothing' }
  readonly headers: ConnectionSet
  /** Undefined where it is not the last word: passed on, or only logged. */
  readonly outcome: 'Allow' | 'Deny' | undefined
}

/**
 * Who decides about packets between two places, at the source (`egress`) or at the destination, in order; undefined where that end is no endpoint. A header is
 * in several entries when a rule passed it on or logged it, or when it cannot be told whether a rule matches.
 */
export function decidingAt({ world, engine }: Asked, direction: Direction, source: number, destination: number): readonly Deciding[] | undefined {
  const { space, places } = engine
  const endpointClass = places.list[direction === 'egress' ? source : destination]?.endpointClass
  const endpoint = endpointClass === undefined ? undefined : (places.endpointClasses[endpointClass]?.example as Endpoint | undefined)
  if (!endpoint) return undefined
  const found: Deciding[] = []
  const add = (by: Deciding['by'], headers: ConnectionSet, outcome: Deciding['outcome']) => {
    if (headers !== NOTHING) found.push({ by, headers, outcome })
  }
  const before = always(space, { kind: endpoint.kind, direction, ownFailsafe: endpoint.failsafe !== undefined })
  add({ type: 'always' }, before.allowed, 'Allow')
  add({ type: 'always' }, before.denied, 'Deny')
  let { open } = before
  for (const rule of failsafeRules(endpoint, direction)) {
    const hit = space.intersect(open, engine.matching(rule, source, destination))
    add({ type: 'always' }, hit, 'Allow')
    open = space.subtract(open, hit)
  }
  for (const layer of layersOf(world, endpoint, direction)) {
    if (open === NOTHING) break
    let passed = NOTHING
    for (const [owner, rule] of rulesOf(layer)) {
      if (open === NOTHING) break
      const hit = space.intersect(open, engine.matching(rule, source, destination))
      add({ type: 'rule', owner, rule }, hit, rule.action === 'Allow' || rule.action === 'Deny' ? rule.action : undefined)
      if (rule.action === 'Log') continue
      if (rule.action === 'Pass') passed = space.union(passed, hit)
      if (!rule.maybe) open = space.subtract(open, hit)
    }
    const end = endOf(layer)
    if (end) add(end, open, 'Deny')
    open = end ? passed : space.union(open, passed)
  }
  add({ type: 'nothing' }, open, 'Deny')
  return found
}

// --- internal ---

/** Of each world, what acts at the endpoints that were asked about. */
const layers = new WeakMap<World, Map<Endpoint, Partial<Record<Direction, readonly Plan[]>>>>()

function layersOf(world: World, endpoint: Endpoint, direction: Direction): readonly Plan[] {
  let known = layers.get(world)
  if (!known) layers.set(world, (known = new Map()))
  let own = known.get(endpoint)
  if (!own) known.set(endpoint, (own = {}))
  return (own[direction] ??= layersAt(world, endpoint, direction))
}

function* rulesOf(layer: Plan): Generator<readonly [Policy | Profile, Rule]> {
  for (const owner of layer.type === 'tier' ? layer.policies : layer.profile ? [layer.profile] : [])
    for (const rule of owner[layer.direction] ?? []) yield [owner, rule]
}

/** What denies all that a layer leaves undecided. */
function endOf(layer: Plan): Deciding['by'] | undefined {
  if (layer.type === 'profile') return layer.profile ? undefined : { type: 'missing-profile', name: layer.name }
  // What untracked and preDNAT policies leave undecided goes on to the others.
  return layer.stage === 'normal' && layer.tier.defaultAction === 'Deny' ? { type: 'tier', tier: layer.tier } : undefined
}
