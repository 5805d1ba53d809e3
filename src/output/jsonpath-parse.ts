import { TemplateFault } from './go-template/fault.ts'
import { unescape } from './go-template/literal.ts'

/** What a template is made of. Text and literals are printed as they stand. */
export type JsonPathPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly path: JsonPath }
  | { readonly type: 'range'; readonly path: JsonPath; readonly body: readonly JsonPathPart[] }

export interface JsonPath {
  /** `$` starts at the whole data, everything else at the current object. */
  readonly from: 'root' | 'current'
  readonly steps: readonly Step[]
  readonly at: number
}

export type Step = { readonly at: number } & (
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'every' | 'descend' }
  | { readonly type: 'pick'; readonly picks: readonly Pick[] }
  | { readonly type: 'filter'; readonly left: Operand; readonly operator: Operator | undefined; readonly right: Operand | undefined }
)

/** What one part of `[a,b]` picks. */
export type Pick =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'every' }
  | { readonly type: 'slice'; readonly start: number | undefined; readonly end: number | undefined; readonly step: number }

export type Operator = '==' | '!=' | '<=' | '>=' | '<' | '>'
export type Operand = { readonly path: JsonPath } | { readonly value: Literal }
type Literal = string | number | boolean

/**
 * Parses a template in kubectl's JSONPath. A template without any braces is one path.
 * @throws TemplateFault
 */
export function parseJsonPath(source: string): readonly JsonPathPart[] {
  const bare = !source.includes('{') && /^\s*[.$@[]/.test(source)
  return new Parser(source).template(bare)
}

// --- internal ---

const MAX_DEPTH = 200
const SPACE = /[ \t\r\n]*/y
const NAME = /(?:\\.|[^\\\s.,[\](){}=!<>|&"'?*$@])+/suy
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y
const WORD = /[A-Za-z_]\w*/y
const OPERATOR = /==|!=|<=|>=|<|>/y
const SLICE = /([+-]?\d+)?[ \t]*:[ \t]*([+-]?\d+)?[ \t]*(?::[ \t]*([+-]?\d+)?)?/y
const INDEX = /[+-]?\d+/y

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  template(bare: boolean): readonly JsonPathPart[] {
    if (!bare) return this.#parts(undefined)
    this.#space()
    const path = this.#path()
    if (this.#at < this.#source.length) throw this.#unexpected('the end of the path')
    return [{ type: 'path', path }]
  }

  /** The parts up to the end of the template, or up to the `{end}` of the range at `start`. As in kubectl the last `{end}`s may be left out. */
  #parts(start: number | undefined): JsonPathPart[] {
    const parts: JsonPathPart[] = []
    while (this.#at < this.#source.length) {
      const open = this.#source.indexOf('{', this.#at)
      const text = this.#source.slice(this.#at, open === -1 ? undefined : open)
      if (text !== '') parts.push({ type: 'text', text })
      if (open === -1) {
        this.#at = this.#source.length
        break
      }
      this.#at = open + 1
      this.#space()
      const word = this.#peekWord()
      if (word === 'end') {
        this.#at += word.length
        this.#close(open)
        if (start === undefined) throw new TemplateFault('there is no range that {end} could belong to', open)
        return parts
      }
      parts.push(word === 'range' ? this.#range(open) : this.#action(open))
    }
    return parts
  }

  #range(open: number): JsonPathPart {
    if (++this.#depth > MAX_DEPTH) throw new TemplateFault(`ranges stand more than ${MAX_DEPTH} deep in one another`, open)
    this.#at += 'range'.length
    this.#space()
    const path = this.#path()
    this.#close(open)
    const body = this.#parts(open)
    this.#depth--
    return { type: 'range', path, body }
  }

  #action(open: number): JsonPathPart {
    const literal = this.#literal()
    const part: JsonPathPart = literal === undefined ? { type: 'path', path: this.#path() } : { type: 'text', text: String(literal) }
    this.#close(open)
    return part
  }

  #close(open: number): void {
    this.#space()
    if (this.#at >= this.#source.length) throw new TemplateFault('the { here is not closed', open)
    if (!this.#take('}')) throw this.#unexpected('"}"')
  }

  /** Steps one after the other; spaces between them do not count, as in kubectl. Nothing at all is the current object. */
  #path(): JsonPath {
    const at = this.#at
    const from = this.#take('$') ? 'root' : 'current'
    if (from === 'current') this.#take('@')
    const steps: Step[] = []
    for (;;) {
      this.#space()
      const at = this.#at
      if (this.#take('..')) {
        steps.push({ type: 'descend', at })
        const next = this.#step(at)
        if (next) steps.push(next)
      } else if (this.#take('.')) {
        const next = this.#step(at)
        if (next) steps.push(next)
      } else if (this.#source[at] === '[') steps.push(this.#brackets())
      else break
    }
    return { from, steps, at }
  }

  /** What follows a point: a name, `*`, or nothing, which is the object itself. */
  #step(at: number): Step | undefined {
    if (this.#take('*')) return { type: 'every', at }
    const name = this.#match(NAME)
    if (name !== undefined) return { type: 'field', name: name.replace(/\\(.)/gsu, '$1'), at }
    return undefined
  }

  #brackets(): Step {
    const at = this.#at
    this.#take('[')
    this.#space()
    if (this.#take('?')) return this.#filter(at)
    const picks: Pick[] = []
    do {
      this.#space()
      picks.push(this.#pick())
      this.#space()
    } while (this.#take(','))
    this.#closeBracket(at)
    return { type: 'pick', picks, at }
  }

  #closeBracket(open: number): void {
    if (this.#at >= this.#source.length) throw new TemplateFault('the [ here is not closed', open)
    if (!this.#take(']')) throw this.#unexpected('"]" or ","')
  }

  #pick(): Pick {
    const at = this.#at
    if (this.#take('*')) return { type: 'every' }
    const key = this.#string()
    if (key !== undefined) return { type: 'key', key }
    SLICE.lastIndex = at
    const slice = SLICE.exec(this.#source)
    if (slice) {
      this.#at += slice[0].length
      const [start, end, step] = slice.slice(1).map((text) => (text === undefined ? undefined : Number(text)))
      if (step !== undefined && step <= 0) throw new TemplateFault(`a step must be above 0, not ${step}`, at)
      return { type: 'slice', start, end, step: step ?? 1 }
    }
    const index = this.#match(INDEX)
    if (index !== undefined) return { type: 'index', index: Number(index) }
    const name = this.#match(NAME)
    if (name === undefined) throw this.#unexpected('an index, a quoted name, "*" or "?("')
    throw new TemplateFault(`${name} in brackets is neither a number nor quoted`, at, `write ['${name}']`)
  }

  /** `?(@.a=="b")`, or `?(@.a)` for what has an a. */
  #filter(open: number): Step {
    if (++this.#depth > MAX_DEPTH) throw new TemplateFault(`filters stand more than ${MAX_DEPTH} deep in one another`, open)
    const parenthesis = this.#at
    this.#space()
    if (!this.#take('(')) throw this.#unexpected('"(" after "?"')
    const left = this.#operand()
    this.#space()
    const operator = this.#match(OPERATOR) as Operator | undefined
    const right = operator === undefined ? undefined : this.#operand()
    this.#space()
    if (this.#at >= this.#source.length) throw new TemplateFault('the ( here is not closed', parenthesis)
    if (!this.#take(')')) throw this.#unexpected(operator === undefined ? 'an operator or ")"' : '")"')
    this.#space()
    this.#closeBracket(open)
    this.#depth--
    return { type: 'filter', left, operator, right, at: open }
  }

  #operand(): Operand {
    this.#space()
    const value = this.#literal()
    if (value !== undefined) return { value }
    if (!'@$.['.includes(this.#source[this.#at] ?? ' ')) throw this.#unexpected('a path such as @.name, or a value')
    return { path: this.#path() }
  }

  #literal(): Literal | undefined {
    const text = this.#string()
    if (text !== undefined) return text
    const number = this.#match(NUMBER)
    if (number !== undefined) return Number(number)
    const word = this.#peekWord()
    if (word === 'true' || word === 'false') {
      this.#at += word.length
      return word === 'true'
    }
    if (word !== undefined) throw new TemplateFault(`${word} is no path and no value`, this.#at, `fields are written .${word}, texts "${word}"`)
    return undefined
  }

  #string(): string | undefined {
    const quote = this.#source[this.#at]
    if (quote !== '"' && quote !== "'") return undefined
    const start = this.#at
    for (let at = start + 1; at < this.#source.length; at++) {
      const char = this.#source[at]
      if (char === '\\') at++
      else if (char === quote) {
        this.#at = at + 1
        return unescape(this.#source.slice(start + 1, at), '"\'', start)
      }
    }
    throw new TemplateFault('this string is not closed', start)
  }

  #unexpected(wanted: string): TemplateFault {
    const found = this.#source.slice(this.#at, this.#at + 20)
    if (found === '') return new TemplateFault(`expected ${wanted}, but the template ends`, this.#at)
    const code = found.codePointAt(0) ?? 0
    const help = found.startsWith('&&') || found.startsWith('||') ? 'a filter has one condition; a filter behind a filter asks for both' : undefined
    return new TemplateFault(`expected ${wanted}, found ${JSON.stringify(String.fromCodePoint(code))}`, this.#at, help)
  }

  #peekWord(): string | undefined {
    WORD.lastIndex = this.#at
    return WORD.exec(this.#source)?.[0]
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #space(): void {
    this.#match(SPACE)
  }
}
