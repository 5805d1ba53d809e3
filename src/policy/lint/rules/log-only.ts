import type { Policy } from '../../world/world.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import { stepsOf, type TrailLayer } from '../trails.ts'

export const logOnly: LintRule = {
  code: 'log-only',
  severity: 'warning',
  summary: 'a policy that only logs, and by that denies everything at the end of its tier',
  explanation: {
    why: `A Log rule decides nothing. But as soon as a policy of a tier acts on an endpoint, the tier's end denies what no rule has decided: a policy meant to watch cuts its endpoints off.
It is told where all policies that act on an endpoint in a tier and direction have Log rules only, and for a policy that acts nowhere yet.`,
    bad: `kind: GlobalNetworkPolicy
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
  - action: Log`,
    good: `kind: GlobalNetworkPolicy
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress:
  - action: Log
  - action: Pass`,
    fix: 'End the policy with a Pass rule, which leaves the packets to later tiers and to the profiles, or with the Allow or Deny that is meant.',
  },
  *find(study) {
    for (const direction of ['ingress', 'egress'] as const) {
      const layers = study.trails.filter((trail) => trail.direction === direction).flatMap((trail) => trail.layers)
      const acting = new Set(layers.flatMap(({ policies }) => policies))
      const silent = new Set(layers.filter(cutsOff).flatMap(({ policies }) => policies))
      for (const tier of study.world.tiers) {
        for (const policy of tier.policies) {
          if (!onlyLogs(policy, direction)) continue
          const nowhere = tier.defaultAction === 'Deny' && policy.stage === undefined && !acting.has(policy)
          if (!silent.has(policy) && !nowhere) continue
          yield finding(this, policy, ['spec', direction], {
            message: `${nameOf(policy)} only logs ${direction} packets, and the end of tier "${tier.name}" denies them all`,
            help: 'add "- action: Pass" at the end, to leave them to later tiers and profiles, or the Allow or Deny that is meant',
          })
        }
      }
    }
  },
}

// --- internal ---

function onlyLogs(policy: Policy, direction: 'ingress' | 'egress'): boolean {
  const steps = stepsOf(policy, direction)
  return steps.length > 0 && steps.every(({ rule }) => rule.action === 'Log')
}

function cutsOff({ end, steps }: TrailLayer): boolean {
  return end === 'Deny' && steps.every(({ rule }) => rule.action === 'Log')
}
