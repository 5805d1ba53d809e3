import { labelsOf, type Selector } from '../selector/ast.ts'
import { parseSelector } from '../selector/parse.ts'

/** The label of v1 for the namespace of Kubernetes that a workload is in, and that of v3. */
export const V1_NAMESPACE_LABEL = 'calico/k8s_ns'
export const V3_NAMESPACE_LABEL = 'projectcalico.org/namespace'

/** A v1 selector for v3. Calico exchanges the label by plain text, in quoted values and longer names too (`reference/model.md 6.0`). */
export function selectorToV3(selector: string): string {
  return selector.replaceAll(V1_NAMESPACE_LABEL, V3_NAMESPACE_LABEL)
}

export function selectorToV1(selector: string): string {
  return selector.replaceAll(V3_NAMESPACE_LABEL, V1_NAMESPACE_LABEL)
}

/** What of a selector Calico 2.6 does not understand, or undefined (`reference/model.md 7.1`). */
export function newInSelector(text: string): string | undefined {
  const { ast } = parseSelector(text)
  if (!ast) return undefined
  const operator = newOperator(ast)
  if (operator !== undefined) return `"${operator}"`
  const label = [...labelsOf(ast)].find((label) => /^(in|not|notin|has|all)$/.test(label))
  return label === undefined ? undefined : `a label called "${label}"`
}

// --- internal ---

function newOperator(ast: Selector): string | undefined {
  switch (ast.type) {
    case 'global':
      return 'global()'
    case 'compare':
      return ast.operator === '==' || ast.operator === '!=' ? undefined : ast.operator
    case 'not':
      return newOperator(ast.operand)
    case 'and':
    case 'or':
      return ast.operands.map(newOperator).find((operator) => operator !== undefined)
    default:
      return undefined
  }
}
