import { formatPath } from '../../model/problem.ts'
import { formatCells } from '../../output/cells.ts'
import { ownersOfRules } from '../../policy/tests/by.ts'
import { ownerTitle, rulePath, ruleText } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { placeOf, sourceOf } from '../answer.ts'
import type { Reached } from './run.ts'
import { ruleTitle } from './words.ts'

/** How much of the rules tests reach. A rule that stands in several worlds is one, and reached when it is in one of them. */
export interface Coverage {
  readonly rules: number
  readonly unreached: readonly CoveredRule[]
}

export interface CoveredRule {
  readonly owner: Policy | Profile
  readonly rule: Rule
}

export function coverageOf({ worlds, rules: reached }: Reached): Coverage {
  const known = new Map<string, CoveredRule & { reached: boolean }>()
  for (const world of worlds) {
    for (const { owner, rule } of ownersOfRules(world).values()) {
      // What is always there nobody wrote.
      if (owner.origin.file === undefined && owner.origin.key === undefined) continue
      const key = `${owner.origin.file ?? owner.origin.key} ${ownerTitle(owner)} ${formatPath(rulePath(rule))}`
      const isReached = reached.has(rule) || (known.get(key)?.reached ?? false)
      known.set(key, { owner, rule, reached: isReached })
    }
  }
  const all = [...known.values()]
  return { rules: all.length, unreached: all.filter((one) => !one.reached).map(({ owner, rule }) => ({ owner, rule })) }
}

/** Ends with a line feed. */
export function coverageText({ rules, unreached }: Coverage): string {
  const head = `${rules - unreached.length} of ${rules} rules decide about a packet of some entry\n`
  if (unreached.length === 0) return head
  const rows = unreached.map(({ owner, rule }) => [ruleTitle(owner, rule), ruleText(owner, rule), placeOf(owner.origin, rulePath(rule)) ?? ''])
  return `${head}\n${formatCells(['NEVER REACHED', 'RULE', 'FROM'], rows)}`
}

export function coverageJson({ rules, unreached }: Coverage): unknown {
  return {
    rules,
    reached: rules - unreached.length,
    unreached: unreached.map(({ owner, rule }) => ({
      kind: owner.kind,
      ...('namespace' in owner && owner.namespace !== undefined ? { namespace: owner.namespace } : {}),
      name: owner.name,
      direction: rule.direction,
      index: rule.index,
      rule: ruleText(owner, rule),
      source: sourceOf(owner.origin, rulePath(rule)),
    })),
  }
}
