import { formatPath } from '../../model/problem.ts'
import { rulePath, ruleText } from '../words.ts'
import type { Decider } from './proofs.ts'
import { nameOf, placeOf } from './rule.ts'
import { isStep } from './shadows.ts'
import type { Step } from './trails.ts'

/** What decides, a line each: `spec.ingress[0] of GlobalNetworkPolicy(web), web.yaml:7:5: deny tcp`. At most a few. */
export function describeDeciders(deciders: Iterable<Decider>): string[] {
  const rules: string[] = []
  const ends = new Set<string>()
  for (const decider of deciders) {
    if (isStep(decider)) rules.push(describeStep(decider))
    else if (decider === 'end') ends.add('what happens where no rule matches')
    else
      ends.add(
        decider.tier
          ? `the end of tier "${decider.tier.name}", which ${decider.end === 'Deny' ? 'denies' : 'passes on'}`
          : 'a profile that is not there, which denies',
      )
  }
  const all = [...rules, ...ends]
  const more = all.length - LISTED
  return more > 0 ? [...all.slice(0, LISTED), `and ${more} more`] : all
}

/** Name of a rule within messages: `spec.ingress[1]`. */
export function ruleName({ rule }: Step): string {
  return formatPath(rulePath(rule))
}

// --- internal ---

const LISTED = 4

function describeStep(step: Step): string {
  const place = placeOf(step.owner, rulePath(step.rule))
  return `${ruleName(step)} of ${nameOf(step.owner)}${place === '' ? '' : `, ${place}`}: ${ruleText(step.owner, step.rule)}`
}
