import { hasAny } from '../../core/bits.ts'
import { matches } from '../../../model/selector/evaluate.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import { canMatch } from '../satisfiable.ts'

export const neverSelected: LintRule = {
  code: 'never-selected',
  severity: 'warning',
  summary: 'a policy that acts on no endpoint',
  explanation: {
    why: `The policy does nothing now. Its selector may hold a mistake, or be meant for endpoints that are no longer, or not yet, there.
What is told is so for the endpoints there are. Where there are none at all, this is not looked for.`,
    bad: `kind: GlobalNetworkPolicy
spec:
  selector: app == 'wbe'      # endpoints have app == 'web'`,
    good: `kind: GlobalNetworkPolicy
spec:
  selector: app == 'web'`,
    fix: 'Correct the selector, or remove the policy; "calicoctl applies" shows what acts on an endpoint and with which labels.',
  },
  *find(study) {
    if (!study.hasEndpoints) return
    const acting = new Set(study.trails.flatMap(({ layers }) => layers.flatMap(({ policies }) => policies)))
    for (const { policies } of study.world.tiers) {
      for (const policy of policies) {
        if (acting.has(policy) || canMatch(policy.selector) === false) continue
        const picked =
          hasAny(study.engine.labels.matching(policy.selector)) && study.world.endpoints.some(({ labels }) => matches(policy.selector, labels))
        const staged = policy.stage === 'untracked' ? 'doNotTrack' : 'preDNAT'
        const why = picked && policy.stage ? `: policies with ${staged} do not act on those that it picks, only on interfaces of hosts` : ''
        yield finding(this, policy, ['spec', 'selector'], {
          message: `${nameOf(policy)} acts on no endpoint${why}`,
          help: `correct the selector, or remove the policy; it is so for the ${study.world.endpoints.length} endpoints there are`,
        })
      }
    }
  },
}
