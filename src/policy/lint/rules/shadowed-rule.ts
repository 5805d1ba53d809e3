import { rulePath } from '../../words.ts'
import { describeDeciders, ruleName } from '../deciders.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'

export const shadowedRule: LintRule = {
  code: 'shadowed-rule',
  severity: 'warning',
  summary: 'a rule that no packet reaches: earlier rules take all that it matches',
  explanation: {
    why: `A rule that is never reached does nothing, whatever its author meant it to do. Often a wider rule stands before it.
It is proven for every packet, not tried with some: either for whatever endpoints there will be, or for the endpoints, network sets and addresses that there are;
the finding says which. In the second case a new endpoint with other labels may come to reach the rule.`,
    bad: `ingress:
- action: Deny
  protocol: TCP
- action: Allow
  protocol: TCP
  destination:
    ports: [443]`,
    good: `ingress:
- action: Allow
  protocol: TCP
  destination:
    ports: [443]
- action: Deny
  protocol: TCP`,
    fix: 'Put the rule before those that take its packets, or remove it: removing it changes nothing.',
  },
  *find(study) {
    for (const { step, takers, always } of study.shadows.rules) {
      yield finding(this, step.owner, rulePath(step.rule), {
        message: `${ruleName(step)} of ${nameOf(step.owner)} is never reached: earlier rules take all that it matches`,
        help: [
          'move it before these, or remove it:',
          ...describeDeciders(takers),
          always
            ? 'it is so whatever endpoints there are'
            : 'it is so for every packet between the endpoints and addresses there are; others may reach it',
        ].join('\n'),
      })
    }
  },
}
