import { rulePath } from '../../words.ts'
import { describeDeciders, ruleName } from '../deciders.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import { isStep } from '../shadows.ts'
import type { Step } from '../trails.ts'

export const redundantRule: LintRule = {
  code: 'redundant-rule',
  severity: 'warning',
  summary: 'a rule without which every packet is decided in the same way',
  explanation: {
    why: `What the rule decides, rules after it or the end of the tier decide in the same way. It costs time to read, and hides what matters.
It is proven for every packet between the endpoints, network sets and addresses that there are: without the rule no answer changes. New endpoints may come to need it.
All rules that one run tells as shadowed or redundant can go together. A rule that only says what the end of its tier does anyway is told as a note.`,
    bad: `ingress:
- action: Allow
  protocol: TCP
  destination:
    ports: [80]
- action: Allow
  protocol: TCP
  destination:
    ports: ["80:90"]`,
    good: `ingress:
- action: Allow
  protocol: TCP
  destination:
    ports: ["80:90"]`,
    fix: 'Remove the rule; if it is the only one of its direction, name the direction in spec.types, so that the policy goes on to act on it.',
  },
  *find(study) {
    for (const [step, instead] of study.proofs.redundant) {
      const onlyEnds = ![...instead].some(isStep)
      yield finding(this, step.owner, rulePath(step.rule), {
        ...(onlyEnds ? { severity: 'info' as const } : {}),
        message: onlyEnds
          ? `${ruleName(step)} of ${nameOf(step.owner)} says what happens anyway`
          : `${ruleName(step)} of ${nameOf(step.owner)} is redundant: without it every packet is decided in the same way`,
        help: [
          `without it this decides${isOnly(step) ? `; if you remove it, keep ${title(step)} in spec.types` : ''}:`,
          ...describeDeciders(instead),
          'it is so for every packet between the endpoints and addresses there are; others may need it',
        ].join('\n'),
      })
    }
  },
}

// --- internal ---

/** The only rule of a policy's direction: without it, and without types, the policy would no longer act there. */
function isOnly({ owner, rule }: Step): boolean {
  return owner.kind !== 'Profile' && owner[rule.direction]?.length === 1
}

function title({ rule }: Step): string {
  return rule.direction === 'ingress' ? 'Ingress' : 'Egress'
}
