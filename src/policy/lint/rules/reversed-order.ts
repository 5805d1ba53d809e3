import type { Policy } from '../../world/world.ts'
import { describeDeciders } from '../deciders.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'

export const reversedOrder: LintRule = {
  code: 'reversed-order',
  severity: 'warning',
  summary: 'a policy that earlier policies of its tier leave nothing to decide, and that decides otherwise',
  explanation: {
    why: `Policies act in the order of spec.order, lower numbers first. A policy for a special case has to come before the general one; here it comes after it and never acts.
It is proven for every packet between the endpoints and addresses that there are.`,
    bad: `{order: 10, ingress: [{action: Deny}]}                       # deny-all
{order: 20, ingress: [{action: Allow, protocol: TCP}]}       # allow-tcp: never reached`,
    good: `{order: 10, ingress: [{action: Allow, protocol: TCP}]}       # allow-tcp
{order: 20, ingress: [{action: Deny}]}                       # deny-all`,
    fix: 'Give the policy a lower order than those that decide before it.',
  },
  *find(study) {
    for (const { policy, direction, takers } of study.shadows.reversed) {
      const lowest = Math.min(...takers.map(({ owner }) => (owner as Policy).order))
      const below = Number.isFinite(lowest) ? `an order below ${lowest}` : 'an order: policies without one come last'
      yield finding(this, policy, ['spec', 'order'], {
        message: `${nameOf(policy)} never acts on ${direction}: policies before it decide all that it matches, and otherwise`,
        help: [`give it ${below}, if it is to come before these:`, ...describeDeciders(takers)].join('\n'),
      })
    }
  },
}
