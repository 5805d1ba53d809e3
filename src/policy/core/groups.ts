import { nextBit } from './bits.ts'
import { failsafeRules, failsafeText } from '../failsafe.ts'
import type { Direction, EndpointFacts, Facts, PolicyFacts, RuleFacts, RuleLists } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import { Matches } from './matches.ts'
import type { EndpointClass } from './places.ts'
import { PairPool, TextPool } from './pool.ts'

/** Rules that are tried in order, and what happens to what none of them decides. */
export interface Stage {
  /** The list of each policy, or of the profile. */
  readonly rules: readonly (readonly RuleFacts[])[]
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
  readonly #aboutItself: Readonly<Record<Direction, Map<readonly RuleFacts[], readonly RuleFacts[]>>> = { ingress: new Map(), egress: new Map() }

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

  /** Those of the rules of a policy or profile that ask something of the endpoint itself. */
  aboutItself(rules: readonly RuleFacts[], direction: Direction): readonly RuleFacts[] {
    const known = this.#aboutItself[direction].get(rules)
    if (known) return known
    const own = direction === 'ingress' ? 'destination' : 'source'
    const found = rules.filter((rule) => rule.action !== 'Log' && Matches.asks(rule[own]))
    this.#aboutItself[direction].set(rules, found)
    return found
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
  const acting = new ActingPolicies(facts, labels)
  const profileText = profileTexts(facts, registry)
  const [natures, pairs] = [new TextPool(), new PairPool()]
  const made: Record<Direction, Group>[] = []
  const groups: Record<Direction, Group[]> = { ingress: [], egress: [] }
  for (let i = 0; i < classes.length; i++) {
    const { labelClass, example } = classes[i] as EndpointClass
    const kind = example.kind === 'workload' ? 'w' : example.allInterfaces ? 'a' : 'h'
    const nature = `${kind}${failsafeText(example)}${profileText(example.profiles)}`
    const pair = pairs.intern(acting.of(labelClass), natures.intern(nature))
    if (pair === made.length) {
      const policies = acting.list(labelClass)
      const group = (direction: Direction) => groupOf(facts, registry, policies, direction, nature, example)
      made.push({ ingress: group('ingress'), egress: group('egress') })
    }
    const { ingress, egress } = made[pair] as Record<Direction, Group>
    groups.ingress.push(ingress)
    groups.egress.push(egress)
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

/** The group of those of some policies that act in a direction. */
function groupOf(
  facts: Facts,
  registry: GroupRegistry,
  policies: readonly Acting[],
  direction: Direction,
  nature: string,
  example: EndpointFacts,
): Group {
  const { kind, allInterfaces = false } = example
  const acting: Acting[] = []
  let key = `${direction}${nature};`
  let tier = -1
  for (let i = 0; i < policies.length; i++) {
    const one = policies[i] as Acting
    if (!acts(one.policy, direction, kind === 'workload', allInterfaces)) continue
    acting.push(one)
    // The tier matters for where one ends and another begins.
    if (one.tier !== tier) key += `;${one.tier}${facts.tiers[one.tier]?.defaultAction}:`
    key += `${registry.policy(one.policy)},`
    tier = one.tier
  }
  return registry.group(key, () => makeGroup(facts, registry, example, direction, acting))
}

function makeGroup(facts: Facts, registry: GroupRegistry, example: EndpointFacts, direction: Direction, policies: readonly Acting[]): Group {
  const ownFailsafe = example.failsafe !== undefined
  const first: Stage[] = ownFailsafe ? [{ rules: [failsafeRules(example, direction)], end: 'Pass' }] : []
  const stages = [...first, ...stagesOf(facts, policies, example.profiles, direction)]
  const aboutItself: RuleFacts[] = []
  for (const { rules } of stages) for (const list of rules) for (const rule of registry.aboutItself(list, direction)) aboutItself.push(rule)
  return { kind: example.kind, direction, ownFailsafe, stages, aboutItself }
}

/** IPv6 addresses are bigints, which JSON does not know. */
function textOf(rules: unknown): string {
  return JSON.stringify(rules, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

interface Acting {
  readonly tier: number
  readonly policy: PolicyFacts
}

/** The policies whose selectors pick each label class, in order. Each list is one way through a tree, so that equal ones have the same number. */
class ActingPolicies {
  /** For each label class, where its list ends. */
  readonly #ends: Int32Array
  /** Of each node but the root, the policy that it adds, and to which. */
  readonly #added: Acting[] = []
  readonly #before: number[] = []

  constructor(facts: Facts, labels: LabelClasses) {
    this.#ends = new Int32Array(labels.size)
    const nodes = new PairPool()
    let number = 0
    for (const [tier, { policies }] of facts.tiers.entries()) {
      for (const policy of policies) {
        const acting: Acting = { tier, policy }
        const picked = labels.matching(policy.selector)
        for (let at = nextBit(picked, 0); at !== -1; at = nextBit(picked, at + 1)) {
          const before = this.#ends[at] as number
          const node = nodes.intern(before, number)
          if (node === this.#added.length) {
            this.#added.push(acting)
            this.#before.push(before)
          }
          this.#ends[at] = node + 1
        }
        number++
      }
    }
  }

  /** A number for the list of a label class, the same for the same list. */
  of(labelClass: number): number {
    return this.#ends[labelClass] ?? 0
  }

  list(labelClass: number): readonly Acting[] {
    const list: Acting[] = []
    for (let end = this.of(labelClass); end > 0; end = this.#before[end - 1] as number) list.push(this.#added[end - 1] as Acting)
    return list.reverse()
  }
}

/** Whether a policy acts in a direction on a kind of endpoint. */
function acts(policy: PolicyFacts, direction: Direction, workload: boolean, allInterfaces: boolean): boolean {
  if ((policy.stage !== undefined && workload) || (policy.stage === 'untracked' && allInterfaces)) return false
  return policy[direction] !== undefined
}

function stagesOf(facts: Facts, acting: readonly Acting[], profiles: readonly string[], direction: Direction): Stage[] {
  const stages: Stage[] = []
  for (const when of ['untracked', 'preDNAT', undefined] as const) {
    let before = -1
    let rules: (readonly RuleFacts[])[] = []
    for (let i = 0; i < acting.length; i++) {
      const { tier: at, policy } = acting[i] as Acting
      if (policy.stage !== when) continue
      if (at !== before) {
        rules = []
        // What untracked and preDNAT policies leave undecided goes on to the others.
        stages.push({ rules, end: when === undefined ? (facts.tiers[at]?.defaultAction ?? 'Deny') : 'Pass' })
      }
      before = at
      rules.push(policy[direction] ?? [])
    }
  }
  for (const name of profiles) {
    const profile = facts.profiles.get(name)
    stages.push(profile ? { rules: [profile[direction]], end: 'Pass' } : { rules: [], end: 'Deny' })
    if (!profile) break
  }
  return stages
}
