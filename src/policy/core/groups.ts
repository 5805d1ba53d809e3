import { eachBit } from './bits.ts'
import { failsafeRules, failsafeText } from '../failsafe.ts'
import type { Direction, EndpointFacts, Facts, PolicyFacts, RuleFacts, RuleLists } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import { Matches } from './matches.ts'
import type { EndpointClass } from './places.ts'
import { TextPool } from './pool.ts'

/** Rules that are tried in order, and what happens to what none of them decides. */
export interface Stage {
  readonly rules: readonly RuleFacts[]
  /** Deny: what is left ends here, but for what a rule passed on. Pass: all that is left goes on. */
  readonly end: 'Deny' | 'Pass'
}

/** All that acts on an endpoint in one direction, in order. */
export interface Group {
  readonly kind: 'workload' | 'host'
  readonly direction: Direction
  /** Its failsafe ports are not the default ones, but rules of the first stage. */
  readonly ownFailsafe: boolean
  readonly stages: readonly Stage[]
  /** Rules that some places of the endpoints fulfil and others do not, by what they ask of the endpoint's own end. */
  readonly aboutItself: readonly RuleFacts[]
}

/** Groups of a world and of those that it became, by what acts in them: a group of unchanged policies and profiles is the same object again. */
export class GroupRegistry {
  readonly #policies = new Map<PolicyFacts, number>()
  readonly #contents = new TextPool()
  readonly #profiles = new Map<RuleLists, number>()
  readonly #groups = new Map<string, Group>()

  /** How many groups there have been. */
  get size(): number {
    return this.#groups.size
  }

  has(policy: PolicyFacts): boolean {
    return this.#policies.has(policy)
  }

  policy(policy: PolicyFacts): number {
    let number = this.#policies.get(policy)
    if (number === undefined) this.#policies.set(policy, (number = this.#policies.size))
    return number
  }

  /** The same number for profiles with the same rules: those of most namespaces have. */
  profile(profile: RuleLists): number {
    let number = this.#profiles.get(profile)
    if (number === undefined) this.#profiles.set(profile, (number = this.#contents.intern(textOf([profile.ingress, profile.egress]))))
    return number
  }

  group(key: string, make: () => Group): Group {
    let group = this.#groups.get(key)
    if (!group) this.#groups.set(key, (group = make()))
    return group
  }
}

/** Which rules act on each endpoint class (`reference/felix.md 1.3, 1.4`); classes with the same share a group. */
export function groupsOf(
  facts: Facts,
  classes: readonly EndpointClass[],
  labels: LabelClasses,
  registry: GroupRegistry,
): Readonly<Record<Direction, readonly Group[]>> {
  const acting = actingPolicies(facts, classes.length, classes, labels, registry)
  const tierText = facts.tiers.map(({ defaultAction }, tier) => `${tier}${defaultAction}`)
  const profileText = profileTexts(facts, registry)
  const groups: Record<Direction, Group[]> = { ingress: [], egress: [] }
  for (const [index, { example }] of classes.entries()) {
    const kind = example.kind === 'workload' ? 'w' : example.allInterfaces ? 'a' : 'h'
    const profiles = profileText(example.profiles)
    for (const direction of ['ingress', 'egress'] as const) {
      const policies: Acting[] = []
      let key = `${direction}${kind}${failsafeText(example)}${profiles};`
      let tier = -1
      for (const one of acting[index] ?? []) {
        if (!acts(one.policy, direction, example.kind === 'workload', example.allInterfaces === true)) continue
        policies.push(one)
        // The tier matters for where one ends and another begins.
        key += one.tier === tier ? `,${one.number}` : `;${tierText[one.tier]}:${one.number}`
        tier = one.tier
      }
      groups[direction].push(registry.group(key, () => makeGroup(facts, example, direction, policies)))
    }
  }
  return groups
}

// --- internal ---

/** A text for a list of profiles, the same for lists whose rules are the same. */
function profileTexts({ profiles }: Facts, registry: GroupRegistry): (names: readonly string[]) => string {
  const lists = new Map<string, string>()
  return (names) => {
    const written = names.join('\n')
    let text = lists.get(written)
    if (text === undefined) {
      const numbers = names.map((name) => {
        const profile = profiles.get(name)
        return profile ? registry.profile(profile) : '-'
      })
      lists.set(written, (text = numbers.join()))
    }
    return text
  }
}

function makeGroup(facts: Facts, example: EndpointFacts, direction: Direction, policies: readonly Acting[]): Group {
  const ownFailsafe = example.failsafe !== undefined
  const first: Stage[] = ownFailsafe ? [{ rules: failsafeRules(example, direction), end: 'Pass' }] : []
  const stages = [...first, ...stagesOf(facts, policies, example.profiles, direction)]
  const own = direction === 'ingress' ? 'destination' : 'source'
  const aboutItself = stages.flatMap(({ rules }) => rules.filter((rule) => rule.action !== 'Log' && Matches.asks(rule[own])))
  return { kind: example.kind, direction, ownFailsafe, stages, aboutItself }
}

/** IPv6 addresses are bigints, which JSON does not know. */
function textOf(rules: unknown): string {
  return JSON.stringify(rules, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

interface Acting {
  readonly number: number
  readonly tier: number
  readonly policy: PolicyFacts
}

/** The policies whose selectors pick each endpoint class, in order. */
function actingPolicies(facts: Facts, size: number, classes: readonly EndpointClass[], labels: LabelClasses, registry: GroupRegistry): Acting[][] {
  const byLabelClass: number[][] = Array.from({ length: labels.size }, () => [])
  for (const [index, { labelClass }] of classes.entries()) byLabelClass[labelClass]?.push(index)
  const acting: Acting[][] = Array.from({ length: size }, () => [])
  for (const [tier, { policies }] of facts.tiers.entries()) {
    for (const policy of policies) {
      const entry: Acting = { number: registry.policy(policy), tier, policy }
      eachBit(labels.matching(policy.selector), (labelClass) => {
        for (const endpointClass of byLabelClass[labelClass] ?? []) acting[endpointClass]?.push(entry)
      })
    }
  }
  return acting
}

/** Whether a policy acts in a direction on a kind of endpoint. */
function acts(policy: PolicyFacts, direction: Direction, workload: boolean, allInterfaces: boolean): boolean {
  if ((policy.stage !== undefined && workload) || (policy.stage === 'untracked' && allInterfaces)) return false
  return policy[direction] !== undefined
}

function stagesOf(facts: Facts, acting: readonly Acting[], profiles: readonly string[], direction: Direction): Stage[] {
  const stages: Stage[] = []
  for (const when of ['untracked', 'preDNAT', undefined] as const) {
    let [before, rules]: [number, RuleFacts[]] = [-1, []]
    for (const { tier: at, policy } of acting) {
      const tier = facts.tiers[at]
      if (!tier || policy.stage !== when) continue
      if (at !== before) {
        rules = []
        // What untracked and preDNAT policies leave undecided goes on to the others.
        stages.push({ rules, end: when === undefined ? tier.defaultAction : 'Pass' })
      }
      before = at
      rules.push(...(policy[direction] ?? []))
    }
  }
  for (const name of profiles) {
    const profile = facts.profiles.get(name)
    stages.push(profile ? { rules: profile[direction], end: 'Pass' } : { rules: [], end: 'Deny' })
    if (!profile) break
  }
  return stages
}
