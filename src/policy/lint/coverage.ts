import { containsNet, type Family, type Net, overlaps } from '../../model/net.ts'
import type { Port } from '../../model/port.ts'
import { canonicalSelector } from '../../model/selector/canonical.ts'
import { type ConnectionSet, EVERYTHING, NOTHING } from '../connections/space.ts'
import { PORTED } from '../connections/packet.ts'
import type { Engine } from '../core/engine.ts'
import { numbersOf, onPorts, type Side } from '../core/matches.ts'
import type { EntityFacts } from '../facts.ts'
import type { Policy, Profile, Rule, World } from '../world/world.ts'
import { headersOfRule } from './headers.ts'
import { implies } from './satisfiable.ts'
import { type Step, stepsOf } from './trails.ts'

/**
 * Whether earlier rules take all that a rule matches whatever endpoints, labels and addresses there will be: shown where each of the earlier rules asks for
 * no more of both ends than the rule does, and their protocols and ports together hold those of the rule. What is not shown may hold all the same.
 */
export class Coverage {
  readonly #engine: Engine
  /** Policies that act before a policy wherever it acts: the first so many of some lists. */
  readonly #before = new Map<Policy, readonly Before[]>()
  #left = MAX_CHECKS

  constructor(engine: Engine, world: World) {
    this.#engine = engine
    for (const { policies } of world.tiers) {
      const everywhere: Policy[] = []
      const same = new Map<string, Policy[]>()
      for (const policy of policies) {
        const key = canonicalSelector(policy.selector)
        let alike = policy.selector.type === 'all' ? everywhere : same.get(key)
        if (!alike) same.set(key, (alike = []))
        this.#before.set(
          policy,
          [...new Set([everywhere, alike])].map((list) => ({ list, count: list.length })),
        )
        alike.push(policy)
      }
    }
  }

  /** The earlier rules that take a rule's packets in any world; undefined when that is not shown. */
  of({ owner, rule }: Step): readonly Step[] | undefined {
    const own = stepsOf(owner, rule.direction).slice(0, rule.index)
    return this.#covering(rule, [...this.#ofOthers(owner, rule), ...own])
  }

  // --- internal ---

  #ofOthers(owner: Policy | Profile, { direction }: Rule): readonly Step[] {
    if (owner.kind === 'Profile') return []
    const policy = owner as Policy
    return (this.#before.get(policy) ?? [])
      .flatMap(({ list, count }) => list.slice(0, count))
      .filter(({ stage, applyOnForward }) => stage === policy.stage && (applyOnForward === true || policy.applyOnForward !== true))
      .flatMap((earlier) => stepsOf(earlier, direction))
  }

  #covering(rule: Rule, earlier: readonly Step[]): readonly Step[] | undefined {
    const { space, matches } = this.#engine
    const used = new Set<Step>()
    let any = false
    for (const family of FAMILIES) {
      if (!isOfFamily(rule, family)) continue
      let open = headersOfRule(matches, rule, family)
      for (const side of SIDES) open = space.intersect(open, this.#atMost(rule[side], side))
      any ||= open !== NOTHING
      for (const step of earlier) {
        if (open === NOTHING) break
        if (step.rule.action === 'Log' || step.rule.maybe || --this.#left < 0) continue
        const taken = this.#taken(step.rule, rule, family, open)
        if (taken === NOTHING) continue
        used.add(step)
        open = space.subtract(open, taken)
      }
      if (open !== NOTHING) return undefined
    }
    return any ? [...used] : undefined
  }

  /** What of some headers an earlier rule takes in any case from a rule. */
  #taken(earlier: Rule, rule: Rule, family: Family, open: ConnectionSet): ConnectionSet {
    const { space, matches } = this.#engine
    let headers = space.intersect(open, headersOfRule(matches, earlier, family))
    for (const side of SIDES) {
      if (headers === NOTHING) return NOTHING
      if (!samePorts(earlier[side], rule[side])) headers = space.intersect(headers, this.#atLeast(earlier[side], side))
    }
    return headers !== NOTHING && SIDES.every((side) => asksNoMore(earlier[side], rule[side], family)) ? headers : NOTHING
  }

  /** The headers that an end of a rule lets through, and perhaps more: a name can stand for any port. */
  #atMost({ ports = [], notPorts = [] }: EntityFacts, side: Side): ConnectionSet {
    const { space } = this.#engine
    const positive = ports.length === 0 || ports.some(isName) ? EVERYTHING : onPorts(space, PORTED, numbersOf(ports), side)
    return space.subtract(positive, onPorts(space, PORTED, numbersOf(notPorts), side))
  }

  /** The headers that it lets through, or fewer. */
  #atLeast({ ports = [], notPorts = [] }: EntityFacts, side: Side): ConnectionSet {
    const { space } = this.#engine
    if (notPorts.some(isName)) return NOTHING
    const positive = ports.length === 0 ? EVERYTHING : onPorts(space, PORTED, numbersOf(ports), side)
    return space.subtract(positive, onPorts(space, PORTED, numbersOf(notPorts), side))
  }
}

/** Whether a rule is one for packets of a family, as far as its networks tell. */
export function isOfFamily(rule: Rule, family: Family): boolean {
  return SIDES.every((side) =>
    [rule[side].nets, rule[side].notNets].every((nets) => !nets || nets.length === 0 || nets.some((net) => net.family === family)),
  )
}

// --- internal ---

interface Before {
  readonly list: readonly Policy[]
  readonly count: number
}

/** So many pairs of rules are compared in all. */
const MAX_CHECKS = 200_000
const FAMILIES = [4, 6] as const
const SIDES = ['source', 'destination'] as const

function isName(port: Port): boolean {
  return typeof port === 'string' && !port.includes(':')
}

/** Names of ports stand for the same in both where the same endpoints can declare them. */
function samePorts(a: EntityFacts, b: EntityFacts): boolean {
  const textOf = ({ ports = [], notPorts = [], selector }: EntityFacts) =>
    JSON.stringify([ports, notPorts, [...ports, ...notPorts].some(isName) && selector ? canonicalSelector(selector) : ''])
  return textOf(a) === textOf(b)
}

/** Whether every address of a family that one end of the rule lets through is let through by the earlier one. */
function asksNoMore(earlier: EntityFacts, rule: EntityFacts, family: Family): boolean {
  const { selector, notSelector, nets = [], notNets = [] } = earlier
  if (selector && !(rule.selector && implies(rule.selector, selector) === true)) return false
  if (notSelector && !(rule.notSelector && implies(notSelector, rule.notSelector) === true)) return false
  const own = ofFamily(rule.nets, family)
  if (nets.length > 0 && !(own.length > 0 && own.every((net) => nets.some((outer) => outer.family === family && containsNet(outer, net)))))
    return false
  const refused = ofFamily(notNets, family)
  if (notNets.length > 0 && refused.length === 0) return false
  return refused.every(
    (net) =>
      ofFamily(rule.notNets, family).some((outer) => containsNet(outer, net)) || (own.length > 0 && own.every((allowed) => !overlaps(allowed, net))),
  )
}

function ofFamily(nets: readonly Net[] | undefined, family: Family): readonly Net[] {
  return (nets ?? []).filter((net) => net.family === family)
}
