import type { Selector } from '../../model/selector/ast.ts'
import { type Labels, matches } from '../../model/selector/evaluate.ts'

/**
 * Few labels that a selector matches: those it names, and no others. A label that it only asks to be there is empty. Undefined when there are none, or when
 * none are found after some hundred tries, as for a selector that is made to be hard.
 */
export function satisfy(selector: Selector): Labels | undefined {
  let tries = 0
  for (const wishes of alternatives(selector, true)) {
    const labels = labelsFor(wishes)
    if (labels && matches(selector, labels)) return labels
    if (++tries === MOST_TRIES) return undefined
  }
  return undefined
}

// --- internal ---

const MOST_TRIES = 256

/** What one label should be like. */
interface Wish {
  readonly label: string
  readonly how: 'present' | 'absent' | 'equal' | 'contains' | 'starts with' | 'ends with'
  readonly value: string
}

/** The ways in which a selector can match, or not match: lists of wishes that are to hold together. */
function* alternatives(ast: Selector, wanted: boolean): Generator<readonly Wish[]> {
  switch (ast.type) {
    case 'all':
    case 'global':
      if (wanted) yield []
      return
    case 'has':
      yield [{ label: ast.label, how: wanted ? 'present' : 'absent', value: '' }]
      return
    case 'compare': {
      const { label, operator, value } = ast
      const isEqual = operator === '==' || operator === '!='
      const positive = operator === '!=' ? !wanted : wanted
      if (positive) yield [{ label, how: isEqual ? 'equal' : operator, value }]
      else yield* [[{ label, how: 'absent' as const, value: '' }], [{ label, how: 'present' as const, value: '' }]]
      return
    }
    case 'set': {
      const { label, operator, values } = ast
      if ((operator === 'in') === wanted) for (const value of values) yield [{ label, how: 'equal', value }]
      else yield* [[{ label, how: 'absent' as const, value: '' }], [{ label, how: 'present' as const, value: '' }]]
      return
    }
    case 'not':
      yield* alternatives(ast.operand, !wanted)
      return
    case 'and':
    case 'or':
      if ((ast.type === 'and') === wanted) yield* together(ast.operands, 0, wanted)
      else for (const operand of ast.operands) yield* alternatives(operand, wanted)
  }
}

function* together(operands: readonly Selector[], at: number, wanted: boolean): Generator<readonly Wish[]> {
  const operand = operands[at]
  if (!operand) {
    yield []
    return
  }
  for (const first of alternatives(operand, wanted)) for (const rest of together(operands, at + 1, wanted)) yield [...first, ...rest]
}

/** Labels as wished; undefined when wishes for one label cannot all hold. */
function labelsFor(wishes: readonly Wish[]): Labels | undefined {
  const labels: Record<string, string> = {}
  for (const label of new Set(wishes.map((wish) => wish.label))) {
    const own = wishes.filter((wish) => wish.label === label)
    const of = (how: Wish['how']) => own.flatMap((wish) => (wish.how === how ? [wish.value] : []))
    const isThere = own.some(({ how }) => how !== 'absent')
    if (isThere && of('absent').length > 0) return undefined
    if (!isThere) continue
    const longest = (values: readonly string[]) => values.reduce((a, b) => (b.length > a.length ? b : a), '')
    labels[label] = of('equal')[0] ?? `${longest(of('starts with'))}${of('contains').join('')}${longest(of('ends with'))}`
  }
  return labels
}
