import { isAllAlone, isGlobalAlone, type Selector } from '../../model/selector/ast.ts'
import { parseSelector } from '../../model/selector/parse.ts'

export const NAMESPACE_LABEL = 'projectcalico.org/namespace'
export const ACCOUNT_LABEL = 'projectcalico.org/serviceaccount'

/** What a policy or one end of a rule asks of labels, as written. */
export interface SelectorTexts {
  readonly selector?: string | undefined
  readonly notSelector?: string | undefined
  readonly namespaceSelector?: string | undefined
  readonly serviceAccountSelector?: string | undefined
  readonly serviceAccountNames?: readonly string[] | undefined
}

/** A text that is no selector. */
export class SelectorError extends Error {
  readonly text: string

  constructor(text: string, message: string) {
    super(message)
    this.text = text
  }
}

/**
 * Makes one selector over labels out of all that is asked (`reference/felix.md 1.9`, `reference/model.md 4.7`). The same question gives the same object,
 * so that it is answered once.
 */
export class Selectors {
  readonly #parsed = new Map<string, Selector>()
  readonly #made = new Map<string, Selector>()

  /** @throws SelectorError */
  parse(text: string): Selector {
    const known = this.#parsed.get(text)
    if (known) return known
    const { ast, fault } = parseSelector(text)
    if (!ast) throw new SelectorError(text, fault.message)
    this.#parsed.set(text, ast)
    return ast
  }

  /** Which endpoints a policy acts on; one of a namespace acts on its endpoints only. @throws SelectorError */
  ofPolicy(asked: SelectorTexts, namespace: string | undefined): Selector {
    return this.#make('policy', asked, namespace, () => {
      const parts = [this.parse(asked.selector ?? '')]
      if (namespace !== undefined) parts.push(equals(NAMESPACE_LABEL, namespace))
      if (asked.namespaceSelector) parts.push(this.#scoped(asked.namespaceSelector, 'pcns.', NAMESPACE_LABEL))
      if (asked.serviceAccountSelector) parts.push(this.#scoped(asked.serviceAccountSelector, 'pcsa.', ACCOUNT_LABEL))
      return allOf(parts)
    })
  }

  /**
   * What one end of a rule must be: `positive` when its address must belong to an endpoint or network set that the selector picks, otherwise when it must not.
   * Undefined when no label is asked for. @throws SelectorError
   */
  ofRule(asked: SelectorTexts, namespace: string | undefined): { readonly positive: boolean; readonly selector: Selector } | undefined {
    const { selector, notSelector, namespaceSelector, serviceAccountSelector, serviceAccountNames = [] } = asked
    const accounts = serviceAccountNames.length > 0 || Boolean(serviceAccountSelector)
    const scoped = namespace !== undefined && Boolean(selector || notSelector || accounts)
    if (!namespaceSelector && !accounts && !selector && !scoped)
      return notSelector ? { positive: false, selector: this.parse(notSelector) } : undefined
    const made = this.#make('rule', asked, namespace, () => {
      const parts: Selector[] = []
      if (namespaceSelector && isGlobalAlone(namespaceSelector)) parts.push({ type: 'not', operand: { type: 'has', label: NAMESPACE_LABEL } })
      else if (namespaceSelector) parts.push(this.#scoped(namespaceSelector, 'pcns.', NAMESPACE_LABEL))
      else if (scoped && namespace !== undefined) parts.push(equals(NAMESPACE_LABEL, namespace))
      if (serviceAccountNames.length > 0) parts.push({ type: 'set', label: ACCOUNT_LABEL, operator: 'in', values: serviceAccountNames })
      if (serviceAccountSelector) parts.push(this.#scoped(serviceAccountSelector, 'pcsa.', ACCOUNT_LABEL))
      if (selector) parts.push(this.parse(selector))
      if (notSelector) parts.push({ type: 'not', operand: this.parse(notSelector) })
      return allOf(parts)
    })
    return { positive: true, selector: made }
  }

  // --- internal ---

  #make(what: string, asked: SelectorTexts, namespace: string | undefined, make: () => Selector): Selector {
    const { selector, notSelector, namespaceSelector, serviceAccountSelector, serviceAccountNames } = asked
    const key = JSON.stringify([what, namespace, selector, notSelector, namespaceSelector, serviceAccountSelector, serviceAccountNames])
    let made = this.#made.get(key)
    if (!made) this.#made.set(key, (made = make()))
    return made
  }

  /** A selector over the labels of namespaces or service accounts, asked of those that their profiles hand on with a prefix. */
  #scoped(text: string, prefix: string, whole: string): Selector {
    return isAllAlone(text) ? { type: 'has', label: whole } : prefixed(this.parse(text), prefix)
  }
}

// --- internal ---

function prefixed(ast: Selector, prefix: string): Selector {
  if (ast.type === 'not') return { ...ast, operand: prefixed(ast.operand, prefix) }
  if (ast.type === 'and' || ast.type === 'or') return { ...ast, operands: ast.operands.map((operand) => prefixed(operand, prefix)) }
  return 'label' in ast ? { ...ast, label: prefix + ast.label } : ast
}

function equals(label: string, value: string): Selector {
  return { type: 'compare', label, operator: '==', value }
}

function allOf(parts: readonly Selector[]): Selector {
  const operands = parts.filter(({ type }) => type !== 'all')
  return operands.length > 1 ? { type: 'and', operands } : (operands[0] ?? { type: 'all' })
}
