import { type Bits, eachBit } from './bits.ts'
import type { Direction, Facts, PolicyFacts, RuleFacts } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import type { EndpointClass } from './places.ts'
import { TextPool } from './pool.ts'

/** Rules that are tried in order, and what happens to what none of them decides. */
export interface Stage {
  readonly rules: readonly RuleFacts[]
  /** The tier whose policies these are the rules of, or the profile. */
  readonly of: { readonly tier: number } | { readonly profile: string }
  /** Deny: what is left ends here, but for what a rule passed on. Pass: all that is left goes on. */
  readonly end: 'Deny' | 'Pass'
}

/** All that acts on an endpoint in one direction, in order. */
export interface Group {
  readonly kind: 'workload' | 'host'
  readonly direction: Direction
  readonly stages: readonly Stage[]
  /** Rules that ask something of the endpoint's own end of the connection. */
  readonly aboutItself: readonly RuleFacts[]
}

/** Which rules act on each endpoint class (`reference/felix.md 1.3, 1.4`); classes with the same share a group. */
export class Groups {
  readonly list: Group[] = []
  /** The group of each endpoint class. */
  readonly of: Readonly<Record<Direction, Int32Array>>

  constructor(facts: Facts, classes: readonly EndpointClass[], labels: LabelClasses, asks: (rule: RuleFacts, direction: Direction) => boolean) {
    const byLabelClass: number[][] = Array.from({ length: labels.size }, () => [])
    for (const [index, { labelClass }] of classes.entries()) byLabelClass[labelClass]?.push(index)
    const acting = actingPolicies(facts, classes.length, byLabelClass, labels)
    const pool = new TextPool()
    this.of = { ingress: new Int32Array(classes.length), egress: new Int32Array(classes.length) }
    for (const [index, { example }] of classes.entries()) {
      const kind = example.kind === 'workload' ? 'w' : example.allInterfaces ? 'a' : 'h'
      const profiles = JSON.stringify(example.profiles)
      for (const direction of ['ingress', 'egress'] as const) {
        const policies = (acting[index] ?? []).filter(
          ({ tier, policy: at }) => acts(facts.tiers[tier]?.policies[at], example.kind === 'workload', example.allInterfaces === true)[direction],
        )
        const id = pool.intern(`${direction}${kind}${profiles}${policies.map(({ number }) => number).join()}`)
        this.of[direction][index] = id
        if (id < this.list.length) continue
        const stages = stagesOf(facts, policies, example.profiles, direction)
        const aboutItself = stages.flatMap(({ rules }) => rules.filter((rule) => asks(rule, direction)))
        this.list.push({ kind: example.kind, direction, stages, aboutItself })
      }
    }
  }
}

// --- internal ---

interface Acting {
  readonly number: number
  readonly tier: number
  readonly policy: number
}

/** The policies whose selectors pick each endpoint class, in order. */
function actingPolicies(facts: Facts, size: number, byLabelClass: readonly (readonly number[])[], labels: LabelClasses): Acting[][] {
  const acting: Acting[][] = Array.from({ length: size }, () => [])
  const picked = new Map<unknown, Bits>()
  let number = 0
  for (const [tier, { policies }] of facts.tiers.entries()) {
    for (const [policy, { selector }] of policies.entries()) {
      const entry: Acting = { number: number++, tier, policy }
      let bits = picked.get(selector)
      if (!bits) picked.set(selector, (bits = labels.matching(selector)))
      eachBit(bits, (labelClass) => {
        for (const endpointClass of byLabelClass[labelClass] ?? []) acting[endpointClass]?.push(entry)
      })
    }
  }
  return acting
}

/** In which directions a policy acts on a kind of endpoint. */
function acts(policy: PolicyFacts | undefined, workload: boolean, allInterfaces: boolean): Readonly<Record<Direction, boolean>> {
  if (!policy || (policy.stage !== undefined && workload) || (policy.stage === 'untracked' && allInterfaces)) return NEITHER
  return { ingress: policy.ingress !== undefined, egress: policy.egress !== undefined }
}

const NEITHER: Readonly<Record<Direction, boolean>> = { ingress: false, egress: false }

function stagesOf(facts: Facts, acting: readonly Acting[], profiles: readonly string[], direction: Direction): Stage[] {
  const stages: Stage[] = []
  for (const when of ['untracked', 'preDNAT', undefined] as const) {
    for (const [index, tier] of facts.tiers.entries()) {
      const policies = acting.filter((one) => one.tier === index).map((one) => tier.policies[one.policy])
      const rules = policies.filter((policy) => policy !== undefined && policy.stage === when).map((policy) => policy?.[direction] ?? [])
      // What untracked and preDNAT policies leave undecided goes on to the others.
      if (rules.length > 0) stages.push({ rules: rules.flat(), of: { tier: index }, end: when === undefined ? tier.defaultAction : 'Pass' })
    }
  }
  for (const name of profiles) {
    const profile = facts.profiles.get(name)
    stages.push({ of: { profile: name }, ...(profile ? { rules: profile[direction], end: 'Pass' } : { rules: [], end: 'Deny' }) })
    if (!profile) break
  }
  return stages
}
