import { API_VERSION } from '../../../model/kind.ts'
import { NOTHING } from '../../connections/space.ts'
import type { Direction } from '../../facts.ts'
import { BUILT_IN } from '../../world/origin.ts'
import type { Policy, Tier } from '../../world/world.ts'
import { headersAtSite, PEER } from '../headers.ts'
import { Outlines } from '../outline.ts'
import { both } from '../regions.ts'
import { finding, type LintRule, nameOf, type Owner, placeOf } from '../rule.ts'
import type { Study } from '../study.ts'
import { type Site, type Step, stepsOf } from '../trails.ts'

export const equalOrder: LintRule = {
  code: 'equal-order',
  severity: 'warning',
  summary: 'policies or tiers of the same order that decide the same packets differently, so that their names decide',
  explanation: {
    why: `Policies of a tier that have the same order, or none, act in the order of their names; so do tiers. Whoever renames one changes what is allowed.
It is told only where it matters: at an endpoint where both act, a packet can match a rule of each, and the rules decide differently.
A tier without an order has that of tier "default", 1000000.`,
    bad: `{name: allow-web, order: 10, ingress: [{action: Allow, protocol: TCP}]}
{name: deny-all,  order: 10, ingress: [{action: Deny}]}`,
    good: `{name: allow-web, order: 10, ingress: [{action: Allow, protocol: TCP}]}
{name: deny-all,  order: 20, ingress: [{action: Deny}]}`,
    fix: 'Give each its own order.',
  },
  *find(study) {
    const search = new Search(study)
    for (const site of study.sites) search.visit(site)
    for (const [policy, { other, step }] of search.policies) {
      const order = Number.isFinite(policy.order) ? `both have order ${policy.order}` : 'neither has an order'
      yield finding(this, policy, ['spec', 'order'], {
        message: `only its name puts ${nameOf(policy)} behind ${nameOf(other)}, which decides some of the same packets differently: ${order}`,
        help: `give each its own order; they differ from spec.${step.rule.direction}[${step.rule.index}]${placeText(other)}`,
      })
    }
    for (const [tier, other] of search.tiers) {
      const [own, against, side] = tier.origin === BUILT_IN ? [other, tier, 'before'] : [tier, other, 'behind']
      const resource = { kind: 'Tier', apiVersion: API_VERSION, metadata: { name: own.name } }
      yield finding(this, { resource, origin: own.origin }, ['spec', 'order'], {
        message: `only by its name does Tier(${own.name}) come ${side} Tier(${against.name}): both have order ${own.order}, and some endpoints have policies in both`,
        help: 'give the tier an order of its own; one without has that of tier "default"',
      })
    }
  },
}

// --- internal ---

/** So many pairs of rules are compared in all. */
const MAX_PAIRS = 500_000

class Search {
  readonly policies = new Map<Policy, { readonly other: Policy; readonly step: Step }>()
  readonly tiers = new Map<Tier, Tier>()
  readonly #study: Study
  readonly #outlines: Outlines
  /** Policies that reversed-order is told of. */
  readonly #told: ReadonlySet<Policy>
  #left = MAX_PAIRS

  constructor(study: Study) {
    this.#study = study
    this.#outlines = new Outlines(study.engine.space)
    this.#told = new Set(study.shadows.reversed.map(({ policy }) => policy))
  }

  visit(site: Site): void {
    const { layers, direction } = site.trail
    let before: Tier | undefined
    for (const { tier, policies } of layers) {
      if (!tier) break
      if (before && before.order === tier.order && !before.missing && !tier.missing) this.tiers.set(tier, before)
      before = tier
      for (const [index, policy] of policies.entries()) {
        for (let at = index - 1; at >= 0 && policies[at]?.order === policy.order; at--) {
          const other = policies[at]
          if (!other || this.policies.has(policy) || this.#told.has(policy)) break
          const step = this.#conflict(site, policy, other, direction)
          if (step) this.policies.set(policy, { other, step })
        }
      }
    }
  }

  // --- internal ---

  /** A rule of the later policy that some packet matches which matches a rule of the earlier one with another action. */
  #conflict(site: Site, policy: Policy, other: Policy, direction: Direction): Step | undefined {
    for (const step of stepsOf(policy, direction)) {
      if (step.rule.action === 'Log') continue
      for (const { rule } of stepsOf(other, direction)) {
        if (rule.action === 'Log' || rule.action === step.rule.action) continue
        if (--this.#left < 0) return undefined
        if (this.#overlap(site, step, rule)) return step
      }
    }
    return undefined
  }

  #overlap(site: Site, { rule }: Step, other: Step['rule']): boolean {
    const { matches, space } = this.#study.engine
    const [mine, its] = [headersAtSite(matches, site, rule), headersAtSite(matches, site, other)]
    if (!this.#outlines.mayMeet(mine, its)) return false
    const headers = space.intersect(mine, its)
    if (headers === NOTHING) return false
    const side = PEER[rule.direction]
    const family = matches.ofFamily(site.family)
    return matches.end(rule[side], side).some((one) => {
      const open = space.intersect(headers, one.headers)
      return matches.end(other[side], side).some((two) => {
        const common = both(one.places, two.places)
        return common !== undefined && both(common, family) !== undefined && space.intersect(open, two.headers) !== NOTHING
      })
    })
  }
}

function placeText(other: Owner): string {
  const place = placeOf(other, ['metadata', 'name'])
  return place === '' ? '' : `; the other one is at ${place}`
}
