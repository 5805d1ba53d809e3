import { hasAny } from '../../core/bits.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import { canMatch } from '../satisfiable.ts'
import { ownersOf } from '../texts.ts'

export const emptySelector: LintRule = {
  code: 'empty-selector',
  severity: 'info',
  summary: 'a rule whose selector picks no endpoint and no network set',
  explanation: {
    why: `The rule matches nothing now. That is as it should be for endpoints that are yet to come, and a mistake otherwise. Where there are no endpoints at all, this is not looked for.`,
    bad: `- action: Allow
  source:
    selector: role == 'frontned'`,
    good: `- action: Allow
  source:
    selector: role == 'frontend'`,
    fix: 'Correct the selector, or remove the rule.',
  },
  *find(study) {
    if (!study.hasEndpoints) return
    for (const owner of ownersOf(study.world)) {
      for (const rule of [...(owner.ingress ?? []), ...(owner.egress ?? [])]) {
        for (const end of ['source', 'destination'] as const) {
          const { selector } = rule[end]
          if (!selector || hasAny(study.engine.labels.matching(selector)) || canMatch(selector) === false) continue
          yield finding(this, owner, ['spec', rule.direction, rule.index, end, 'selector'], {
            message: `the ${end} of spec.${rule.direction}[${rule.index}] of ${nameOf(owner)} picks no endpoint and no network set`,
            help: 'correct it if it is not meant for what is yet to come',
          })
        }
      }
    }
  },
}
