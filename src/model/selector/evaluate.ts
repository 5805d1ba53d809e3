import type { CompareOperator, Selector } from './ast.ts'

export type Labels = Readonly<Record<string, string>>

/**
 * Whether a selector matches a set of labels (`reference/model.md 7.2`). A label that is absent fails every comparison but `!=` and `not in`.
 * `global()` is true here: a rule's `namespaceSelector` alone gives it a meaning, by rewriting before this is asked (4.7).
 */
export function matches(ast: Selector, labels: Labels): boolean {
  switch (ast.type) {
    case 'all':
    case 'global':
      return true
    case 'has':
      return Object.hasOwn(labels, ast.label)
    case 'compare':
      return compare(ast.operator, valueOf(labels, ast.label), ast.value)
    case 'set': {
      const value = valueOf(labels, ast.label)
      const inside = value !== undefined && ast.values.includes(value)
      return inside === (ast.operator === 'in')
    }
    case 'not':
      return !matches(ast.operand, labels)
    case 'and':
      return ast.operands.every((operand) => matches(operand, labels))
    case 'or':
      return ast.operands.some((operand) => matches(operand, labels))
  }
}

// --- internal ---

/** Labels named like something every object has (`constructor`) are absent unless they are set. */
function valueOf(labels: Labels, label: string): string | undefined {
  return Object.hasOwn(labels, label) ? labels[label] : undefined
}

function compare(operator: CompareOperator, value: string | undefined, wanted: string): boolean {
  if (value === undefined) return operator === '!='
  switch (operator) {
    case '==':
      return value === wanted
    case '!=':
      return value !== wanted
    case 'contains':
      return value.includes(wanted)
    case 'starts with':
      return value.startsWith(wanted)
    case 'ends with':
      return value.endsWith(wanted)
  }
}
