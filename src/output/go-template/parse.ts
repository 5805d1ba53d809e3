import type { BranchNode, Command, Node, Operand, Pipe, Template } from './ast.ts'
import { didYouMean } from '../../model/suggest.ts'
import { MAX_DEPTH, TemplateFault } from './fault.ts'
import { type Token, tokens } from './tokens.ts'

/**
 * Parses a template of Go's text/template. Names of functions and variables are checked here, as Go does.
 * @throws TemplateFault
 */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  return new Parser(source, functions).template()
}

// --- internal ---

const KEYWORDS: ReadonlySet<string> = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])

/** What ended a list of nodes. */
type Ending = { readonly type: 'end' | 'else'; readonly token: Token }

class Parser {
  readonly #source: string
  readonly #tokens: Generator<Token>
  readonly #functions: ReadonlySet<string>
  readonly #defined = new Map<string, readonly Node[]>()
  #peeked: Token | undefined
  #variables: string[] = ['$']
  #ranges = 0
  #depth = 0

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#source = source
    this.#tokens = tokens(source)
    this.#functions = functions
  }

  template(): Template {
    const main: Node[] = []
    for (let token = this.#next(); token.type !== 'end of text'; token = this.#next()) {
      if (token.type === 'text') {
        main.push({ type: 'text', text: token.text })
      } else if (isWord(this.#peek(), 'define')) this.#definition()
      else {
        const node = this.#action(token)
        if ('ending' in node) throw new TemplateFault(`there is nothing here that {{${node.ending.type}}} could belong to`, token.at)
        main.push(node)
      }
    }
    return { main, defined: this.#defined }
  }

  #definition(): void {
    const { at } = this.#next()
    const name = this.#name('define')
    this.#right('define')
    this.#define(
      name,
      this.#own(() => this.#body(at, 'define', false).nodes),
      at,
    )
  }

  /** A definition without content does not replace one that has some. */
  #define(name: string, nodes: readonly Node[], at: number): void {
    const before = this.#defined.get(name)
    if (before && !isEmpty(before)) {
      if (!isEmpty(nodes)) throw new TemplateFault(`the template ${JSON.stringify(name)} is defined twice`, at)
      return
    }
    this.#defined.set(name, nodes)
  }

  /** Parses with variables and ranges of its own, as the body of a template has them. */
  #own<T>(parse: () => T): T {
    const variables = this.#variables
    const ranges = this.#ranges
    this.#variables = ['$']
    this.#ranges = 0
    const result = parse()
    this.#variables = variables
    this.#ranges = ranges
    return result
  }

  /** The nodes up to the `{{end}}` or `{{else}}` of the action at `start`. */
  #body(start: number, name: string, mayElse: boolean): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = []
    for (;;) {
      const token = this.#next()
      if (token.type === 'end of text')
        throw new TemplateFault(`unexpected end of the template: this {{${name}}} is not closed`, start, 'it ends with {{end}}')
      if (token.type === 'text') {
        nodes.push({ type: 'text', text: token.text })
        continue
      }
      const node = this.#action(token)
      if (!('ending' in node)) nodes.push(node)
      else if (node.ending.type === 'else' && !mayElse)
        throw new TemplateFault(`there is nothing here that {{else}} could belong to`, node.ending.token.at)
      else return { nodes, ending: node.ending }
    }
  }

  /** What stands between `{{` and `}}`. */
  #action(left: Token): Node | { ending: Ending } {
    const token = this.#peek()
    if (token.type !== 'word' || !KEYWORDS.has(token.text)) {
      const pipe = this.#pipe('command', '}}')
      return { type: 'action', pipe, at: pipe.at }
    }
    this.#next()
    switch (token.text) {
      case 'end':
        this.#right('end')
        return { ending: { type: 'end', token } }
      case 'else':
        if (!isWord(this.#peek(), 'if') && !isWord(this.#peek(), 'with')) this.#right('else')
        return { ending: { type: 'else', token } }
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(token.text, left.at)
      case 'template':
        return this.#invocation(token)
      case 'block':
        return this.#block(token)
      case 'break':
      case 'continue':
        this.#right(token.text)
        if (this.#ranges === 0) throw new TemplateFault(`{{${token.text}}} stands in no {{range}}`, token.at)
        return { type: token.text }
      default:
        throw new TemplateFault(
          `unexpected {{${token.text}}}`,
          token.at,
          token.text === 'define' ? 'templates are defined outside of every other action' : undefined,
        )
    }
  }

  #branch(type: BranchNode['type'], at: number): BranchNode {
    return this.#deeper(at, () => {
      const known = this.#variables.length
      const pipe = this.#pipe(type, '}}')
      if (type === 'range') this.#ranges++
      const { nodes: body, ending } = this.#body(at, type, true)
      if (type === 'range') this.#ranges--
      let otherwise: Node[] | undefined
      if (ending.type === 'else') {
        const word = this.#peek()
        if (word.type === 'word' && (word.text === 'if' || word.text === 'with')) {
          if (word.text !== type) throw new TemplateFault(`{{else ${word.text}}} cannot stand in {{${type}}}`, word.at)
          this.#next()
          otherwise = [this.#branch(word.text, word.at)]
        } else {
          const rest = this.#body(at, type, true)
          if (rest.ending.type === 'else') throw new TemplateFault('there is an {{else}} already', rest.ending.token.at)
          otherwise = rest.nodes
        }
      }
      this.#variables.length = known
      return { type, pipe, body, otherwise, at }
    })
  }

  #invocation(keyword: Token): Node {
    const name = this.#name('template')
    const pipe = this.#peek().type === 'right' ? undefined : this.#pipe('template', '}}')
    if (pipe === undefined) this.#next()
    return { type: 'template', name, pipe, at: keyword.at }
  }

  #block(keyword: Token): Node {
    const name = this.#name('block')
    const pipe = this.#pipe('block', '}}')
    const nodes = this.#deeper(keyword.at, () => this.#own(() => this.#body(keyword.at, 'block', false).nodes))
    this.#define(name, nodes, keyword.at)
    return { type: 'template', name, pipe, at: keyword.at }
  }

  #name(action: string): string {
    const token = this.#next()
    if (token.type === 'constant' && typeof token.value === 'string') return token.value
    throw unexpected(token, `the name of a template in quotes after ${action}`)
  }

  /** A pipeline and the `}}` or `)` behind it. */
  #pipe(context: string, end: '}}' | ')'): Pipe {
    const at = this.#peek().at
    const variables: string[] = []
    const assigns = this.#declarations(context, variables)
    const commands: Command[] = []
    for (;;) {
      const token = this.#peek()
      if (isEnd(token, end)) break
      if (token.type === 'right' || token.type === 'end of text') throw unexpected(token, ')')
      if (token.type === 'sign' && token.text !== '(') throw unexpected(token, `a value in ${context}`)
      commands.push(this.#command(commands.length + 1))
      // A bar with nothing behind it does no harm in Go.
      if (this.#peek().type === 'sign' && this.#peek().text === '|') this.#next()
    }
    const close = this.#next()
    if (commands.length === 0) throw new TemplateFault(`a value is missing${context === 'command' ? '' : ` in ${context}`}`, close.at)
    this.#variables.push(...variables)
    return { at, variables, assigns, commands }
  }

  /** `$x :=`, `$x =` and, in a range, `$i, $x :=`. They are known behind the pipeline. */
  #declarations(context: string, variables: string[]): boolean {
    for (;;) {
      const token = this.#peek()
      if (token.type !== 'variable') {
        if (variables.length > 0) throw new TemplateFault('range can only declare variables', token.at)
        return false
      }
      const sign = signAfter(this.#source, token)
      if (sign === undefined) {
        if (variables.length === 0) return false
        throw new TemplateFault(`:= is missing after ${token.text}`, token.at)
      }
      this.#next()
      this.#next()
      if (sign === '=' && !this.#variables.includes(token.text)) throw this.#undefinedVariable(token)
      variables.push(token.text)
      if (sign === ',') {
        if (context === 'range' && variables.length < 2) continue
        throw new TemplateFault(`too many variables are declared in ${context}`, token.at)
      }
      return sign === '='
    }
  }

  #command(number: number): Command {
    const words: Operand[] = []
    const at = this.#peek().at
    do words.push(this.#operand())
    while (this.#peek().spaced && !this.#endsCommand())
    const token = this.#peek()
    if (!this.#endsCommand()) throw unexpected(token, 'a space')
    const first = words[0]
    if (number > 1 && first && (first.type === 'constant' || first.type === 'dot' || first.type === 'nil')) {
      throw new TemplateFault(`${first.source} cannot take the value before it: only a function can stand after |`, first.at)
    }
    return { at, words }
  }

  #endsCommand(): boolean {
    const token = this.#peek()
    return token.type === 'right' || token.type === 'end of text' || (token.type === 'sign' && (token.text === ')' || token.text === '|'))
  }

  /** A term and the fields that are asked of it. */
  #operand(): Operand {
    const token = this.#next()
    const fields: string[] = token.type === 'field' ? [token.text] : []
    const make = (): Operand => {
      switch (token.type) {
        case 'dot':
          return { type: 'dot', at: token.at, source: '.' }
        case 'field':
          return { type: 'field', fields, at: token.at, source: '' }
        case 'variable':
          if (!this.#variables.includes(token.text)) throw this.#undefinedVariable(token)
          return { type: 'variable', name: token.text, fields, at: token.at, source: '' }
        case 'constant':
          return { type: 'constant', value: token.value, at: token.at, source: token.text }
        case 'word':
          return this.#word(token)
        default:
          if (token.type === 'sign' && token.text === '(') {
            const pipe = this.#deeper(token.at, () => this.#pipe('parentheses', ')'))
            return { type: 'pipe', pipe, fields, at: token.at, source: '(...)' }
          }
          throw unexpected(token, 'a value')
      }
    }
    const operand = make()
    while (this.#peek().type === 'field' && !this.#peek().spaced) {
      const field = this.#next()
      if (operand.type !== 'field' && operand.type !== 'variable' && operand.type !== 'pipe') {
        throw new TemplateFault(`${operand.source} has no fields`, field.at)
      }
      fields.push(field.text)
    }
    const source = `${operand.type === 'variable' ? operand.name : operand.source}${fields.map((field) => `.${field}`).join('')}`
    return { ...operand, source }
  }

  #word(token: Token): Operand {
    const { text, at } = token
    if (text === 'true' || text === 'false') return { type: 'constant', value: text === 'true', at, source: text }
    if (text === 'nil') return { type: 'nil', at, source: text }
    if (this.#functions.has(text)) return { type: 'function', name: text, at, source: text }
    if (KEYWORDS.has(text)) throw new TemplateFault(`unexpected ${text}`, at)
    const meant = didYouMean(text, this.#functions)
    throw new TemplateFault(
      `there is no function ${JSON.stringify(text)}`,
      at,
      meant === undefined ? `a field is written with a point, as in .${text}; a text in quotes` : `did you mean ${meant}?`,
    )
  }

  #undefinedVariable(token: Token): TemplateFault {
    return new TemplateFault(`the variable ${token.text} is not defined`, token.at, `define it with {{${token.text} := ...}}`)
  }

  #right(action: string): void {
    const token = this.#next()
    if (token.type !== 'right') throw unexpected(token, `}} after ${action}`)
  }

  #deeper<T>(at: number, parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new TemplateFault(`more than ${MAX_DEPTH} actions and parentheses are open here`, at)
    const result = parse()
    this.#depth--
    return result
  }

  #peek(): Token {
    this.#peeked ??= this.#tokens.next().value as Token
    return this.#peeked
  }

  #next(): Token {
    const token = this.#peek()
    if (token.type !== 'end of text') this.#peeked = undefined
    return token
  }
}

function isWord(token: Token, text: string): boolean {
  return token.type === 'word' && token.text === text
}

function isEnd(token: Token, end: '}}' | ')'): boolean {
  return end === '}}' ? token.type === 'right' : token.type === 'sign' && token.text === ')'
}

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.type === 'text' && node.text.trim() === '')
}

/** The `:=`, `=` or `,` behind a variable. */
function signAfter(source: string, token: Token): ':=' | '=' | ',' | undefined {
  return /^[ \t\r\n]*(:=|=|,)/.exec(source.slice(token.at + token.text.length, token.at + token.text.length + 1000))?.[1] as
    | ':='
    | '='
    | ','
    | undefined
}

function unexpected(token: Token, wanted: string): TemplateFault {
  const found =
    token.type === 'right' ? '}}' : token.type === 'field' ? `.${token.text}` : token.type === 'end of text' ? 'the end of the template' : token.text
  return new TemplateFault(`expected ${wanted}, found ${found}`, token.at)
}
