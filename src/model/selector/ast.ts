/**
 * A parsed selector (`reference/model.md 7`). Parentheses leave no trace but the nesting of `and` and `or`; `!!` has cancelled out.
 * `and` and `or` have two operands or more. `values` of a set stand as written, repeats included.
 */
export type Selector =
  | { readonly type: 'all' }
  | { readonly type: 'global' }
  | { readonly type: 'has'; readonly label: string }
  | { readonly type: 'compare'; readonly label: string; readonly operator: CompareOperator; readonly value: string }
  | { readonly type: 'set'; readonly label: string; readonly operator: SetOperator; readonly values: readonly string[] }
  | { readonly type: 'not'; readonly operand: Selector }
  | { readonly type: 'and' | 'or'; readonly operands: readonly Selector[] }

export type CompareOperator = '==' | '!=' | 'contains' | 'starts with' | 'ends with'
export type SetOperator = 'in' | 'not in'

/** The labels whose values can decide whether the selector matches, in order of appearance. */
export function labelsOf(ast: Selector): Set<string> {
  const labels = new Set<string>()
  visit(ast, (node) => {
    if ('label' in node) labels.add(node.label)
  })
  return labels
}

/** Whether `global()` stands anywhere in the selector; a quoted `'global()'` does not count. */
export function usesGlobal(ast: Selector): boolean {
  let found = false
  visit(ast, (node) => {
    if (node.type === 'global') found = true
  })
  return found
}

/** Whether the text is `all()` alone, or empty, which means the same; spaces do not count, parentheses around it do. */
export function isAllAlone(text: string): boolean {
  return /^[ \t]*(all\([ \t]*\)[ \t]*)?$/.test(text)
}

/** Whether the text is `global()` alone; spaces do not count, parentheses around it do. */
export function isGlobalAlone(text: string): boolean {
  return /^[ \t]*global\([ \t]*\)[ \t]*$/.test(text)
}

// --- internal ---

function visit(ast: Selector, see: (node: Selector) => void): void {
  see(ast)
  if (ast.type === 'not') visit(ast.operand, see)
  else if (ast.type === 'and' || ast.type === 'or') for (const operand of ast.operands) visit(operand, see)
}
