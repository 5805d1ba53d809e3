import type { CompareOperator, Selector, SetOperator } from './ast.ts'
import { aboutCondition, aboutOperator, aboutRest, aboutSet, aboutValue, type Hint, lookAt } from './fault.ts'

/** Why a text is no selector. */
export interface SelectorFault {
  /** One sentence that says what stands where, such as `expected a quoted string but found "db" at column 9`. */
  readonly message: string
  readonly help?: string
  /** Where in the text, counted in characters from 1. */
  readonly column: number
  /** The same place as an index into the text, and how much of the text is to blame (0 at its end). */
  readonly offset: number
  readonly length: number
}

export type ParsedSelector = { readonly ast: Selector; readonly fault?: never } | { readonly fault: SelectorFault; readonly ast?: never }

/** How deep parentheses may nest; the peer has no limit but its memory. */
export const MAX_NESTING = 1000

/** How long a label may be in a selector. */
const MAX_LABEL = 512

/**
 * Parses a selector of today's language (`reference/model.md 7.1`). An empty text means `all()`.
 * Accepts what the peer accepts, but for parentheses nested deeper than `MAX_NESTING`.
 */
export function parseSelector(text: string): ParsedSelector {
  try {
    return { ast: new Parser(text).selector() }
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.fault }
    throw error
  }
}

// --- internal ---

class Refusal extends Error {
  readonly fault: SelectorFault

  constructor(fault: SelectorFault) {
    super(fault.message)
    this.fault = fault
  }
}

const WORD_OPERATORS: readonly (readonly [RegExp, CompareOperator | SetOperator])[] = [
  [/in(?![\w./-])/y, 'in'],
  [/not[ \t]*in(?![\w./-])/y, 'not in'],
  [/contains(?![\w./-])/y, 'contains'],
  [/starts[ \t]*with(?![\w./-])/y, 'starts with'],
  [/ends[ \t]*with(?![\w./-])/y, 'ends with'],
]
const LABEL = /[\w./-]+/y
const SPACE = /[ \t]*/y

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  selector(): Selector {
    this.#space()
    if (this.#at === this.#text.length) return { type: 'all' }
    const ast = this.#or()
    if (this.#at < this.#text.length) this.#refuse('"&&", "||" or the end', aboutRest)
    return ast
  }

  #or(): Selector {
    const operands = [this.#and()]
    while (this.#take('||')) operands.push(this.#and())
    return one(operands) ?? { type: 'or', operands }
  }

  #and(): Selector {
    const operands = [this.#operand()]
    while (this.#take('&&')) operands.push(this.#operand())
    return one(operands) ?? { type: 'and', operands }
  }

  #operand(): Selector {
    let negated = false
    while (this.#take('!')) negated = !negated
    const operand = this.#primary()
    return negated ? { type: 'not', operand } : operand
  }

  #primary(): Selector {
    if (this.#text.startsWith('(', this.#at)) return this.#group()
    if (this.#take('has(')) {
      const label = this.#label()
      if (label === undefined) this.#refuse('a label', aboutCondition)
      this.#close('has(')
      return { type: 'has', label }
    }
    if (this.#take('all(')) return (this.#close('all('), { type: 'all' })
    if (this.#take('global(')) return (this.#close('global('), { type: 'global' })
    return this.#comparison()
  }

  #group(): Selector {
    const start = this.#at
    if (++this.#depth > MAX_NESTING) this.#fail(start, 1, (place) => `more than ${MAX_NESTING} parentheses are open ${place}`)
    this.#take('(')
    const ast = this.#or()
    if (!this.#take(')')) {
      if (this.#at === this.#text.length) this.#fail(start, 1, (place) => `the "(" ${place} is not closed`)
      this.#refuse('"&&", "||" or ")"', aboutRest)
    }
    this.#depth--
    return ast
  }

  #close(opening: string): void {
    if (!this.#take(')'))
      this.#refuse(`")" after ${opening}`, () => (opening === 'has(' ? 'has( ) takes one label' : `write ${opening}), with nothing inside`))
  }

  #comparison(): Selector {
    const label = this.#label()
    if (label === undefined) this.#refuse('a label', aboutCondition)
    const operator = this.#operator()
    if (operator === undefined) this.#refuse(`an operator after label "${label}"`, (found) => aboutOperator(found, label))
    if (operator === 'in' || operator === 'not in') return { type: 'set', label, operator, values: this.#set() }
    const value = this.#string()
    if (value === undefined) this.#refuse('a quoted string', (found) => aboutValue(found, operator))
    return { type: 'compare', label, operator, value }
  }

  #operator(): CompareOperator | SetOperator | undefined {
    if (this.#take('==')) return '=='
    if (this.#take('!=')) return '!='
    for (const [pattern, operator] of WORD_OPERATORS) {
      if (this.#match(pattern) !== undefined) return operator
    }
    return undefined
  }

  #set(): string[] {
    const start = this.#at
    if (!this.#take('{')) this.#refuse('"{"', aboutSet)
    const values: string[] = []
    while (!this.#take('}')) {
      if (values.length > 0 && !this.#take(',')) this.#refuseIn(start, '"," or "}"')
      if (values.length > 0 && this.#take('}')) break
      const value = this.#string()
      if (value === undefined) this.#refuseIn(start, values.length === 0 ? 'a quoted string or "}"' : 'a quoted string')
      values.push(value)
    }
    return values
  }

  /** There are no escapes: a string ends at the next quote of its own kind. */
  #string(): string | undefined {
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") return undefined
    const end = this.#text.indexOf(quote, this.#at + 1)
    if (end === -1) this.#fail(this.#at, this.#text.length - this.#at, (place) => `the quote ${quote} ${place} is not closed`)
    const value = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    this.#space()
    return value
  }

  #label(): string | undefined {
    const start = this.#at
    const label = this.#match(LABEL)
    if (label !== undefined && label.length > MAX_LABEL) {
      this.#fail(start, label.length, (place) => `the label "${label.slice(0, 20)}..." ${place} is longer than ${MAX_LABEL} characters`)
    }
    return label
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    this.#space()
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    this.#space()
    return found
  }

  /** Line breaks are not skipped: the peer refuses them. */
  #space(): void {
    SPACE.lastIndex = this.#at
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0
  }

  #refuseIn(start: number, expected: string): never {
    if (this.#at === this.#text.length) this.#fail(start, 1, (place) => `the "{" ${place} is not closed`)
    this.#refuse(expected, (found) => aboutValue(found, 'in'))
  }

  #refuse(expected: string, hint: Hint): never {
    const found = lookAt(this.#text, this.#at)
    const message = found.kind === 'end' ? `expected ${expected} but the selector ends` : `expected ${expected} but found ${found.shown}`
    this.#fail(this.#at, found.text.length, (place) => `${message} ${place}`, hint(found))
  }

  #fail(offset: number, length: number, say: (place: string) => string, help?: string): never {
    const column = Array.from(this.#text.slice(0, offset)).length + 1
    throw new Refusal({ message: say(`at column ${column}`), ...(help === undefined ? {} : { help }), column, offset, length })
  }
}

function one(operands: readonly Selector[]): Selector | undefined {
  return operands.length === 1 ? operands[0] : undefined
}
