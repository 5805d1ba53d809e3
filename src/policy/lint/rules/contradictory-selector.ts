import type { Path } from '../../../model/problem.ts'
import type { Selector } from '../../../model/selector/ast.ts'
import { finding, type LintRule, nameOf, type Owner } from '../rule.ts'
import { canMatch } from '../satisfiable.ts'
import { ownersOf } from '../texts.ts'

export const contradictorySelector: LintRule = {
  code: 'contradictory-selector',
  severity: 'error',
  summary: 'a selector that no labels can ever match',
  explanation: {
    why: `The parts of the selector exclude each other, so that nothing is ever picked, whatever labels endpoints will have. Mostly "&&" stands where "||" is meant.
What a namespace, a namespaceSelector or service accounts ask for is taken into account. A selector with too many alternatives to be decided is not told.`,
    bad: `selector: app == 'web' && app == 'db'`,
    good: `selector: app in {'web', 'db'}`,
    fix: 'Write "||" or "in {...}" for alternatives.',
  },
  *find(study) {
    const known = new Map<Selector, boolean>()
    const isImpossible = (ast: Selector) => {
      let found = known.get(ast)
      if (found === undefined) known.set(ast, (found = canMatch(ast) === false))
      return found
    }
    const told = new Set<string>()
    const tell = (owner: Owner, path: Path, what: string) => {
      told.add(`${nameOf(owner)} ${path.slice(0, 4).join()}`)
      const effect = path.at(-1) === 'notSelector' ? 'so that it excludes nothing' : 'so that it picks nothing'
      return finding(this, owner, path, {
        message: `${what} can never match any labels, ${effect}`,
        help: 'the parts exclude each other: write "||" or "in {...}" for alternatives',
      })
    }
    for (const { owner, path, text, ast } of study.selectorTexts) {
      if (isImpossible(ast)) yield tell(owner, path, `the selector "${text}"`)
    }
    for (const owner of ownersOf(study.world)) {
      if ('selector' in owner && !told.has(`${nameOf(owner)} spec,selector`) && isImpossible(owner.selector))
        yield tell(owner, ['spec', 'selector'], `what ${nameOf(owner)} asks of labels and namespaces together`)
      for (const rule of [...(owner.ingress ?? []), ...(owner.egress ?? [])]) {
        for (const end of ['source', 'destination'] as const) {
          const path = ['spec', rule.direction, rule.index, end]
          const { selector } = rule[end]
          if (selector && !told.has(`${nameOf(owner)} ${path.join()}`) && isImpossible(selector))
            yield tell(owner, path, `what the ${end} asks of labels together`)
        }
      }
    }
  },
}
