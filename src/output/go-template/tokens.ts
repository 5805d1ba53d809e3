import { TemplateFault } from './fault.ts'
import type { Value } from './value.ts'
import { readChar, readNumber, readString } from './literal.ts'

type TokenType = 'text' | 'left' | 'right' | 'end of text' | 'word' | 'field' | 'variable' | 'dot' | 'constant' | 'sign'

export interface Token {
  readonly type: TokenType
  /** As written; of a field without its point, of text as it is to be printed. */
  readonly text: string
  readonly at: number
  /** Is there space before it? */
  readonly spaced: boolean
  readonly value?: Value
}

/** Cuts a template into text and the words of its actions, as Go's text/template does. Comments are gone and text is trimmed as `{{-` and `-}}` say. */
export function* tokens(source: string): Generator<Token> {
  let at = 0
  let trim = false
  for (;;) {
    const open = source.indexOf('{{', at)
    const marked = open !== -1 && source[open + 2] === '-' && isSpace(source[open + 3])
    let text = source.slice(at, open === -1 ? undefined : open)
    if (trim) text = text.replace(/^[ \t\r\n]+/, '')
    if (marked) text = trimEnd(text)
    if (text !== '') yield { type: 'text', text, at, spaced: false }
    if (open === -1) break
    const inside = open + (marked ? 4 : 2)
    if (source.startsWith('/*', inside)) [at, trim] = skipComment(source, open, inside)
    else [at, trim] = yield* action(source, open, inside)
  }
  yield { type: 'end of text', text: '', at: source.length, spaced: false }
}

// --- internal ---

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n'
}

/** By hand: a pattern that is tied to the end takes quadratic time on long runs of spaces. */
function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isSpace(text[end - 1])) end--
  return text.slice(0, end)
}

/** Where an action that may end here goes on, and whether the text there is to be trimmed; undefined if it does not end here. */
function closing(source: string, at: number): [at: number, trim: boolean] | undefined {
  if (source.startsWith('}}', at)) return [at + 2, false]
  return isSpace(source[at]) && source.startsWith('-}}', at + 1) ? [at + 4, true] : undefined
}

function skipComment(source: string, open: number, inside: number): [at: number, trim: boolean] {
  const end = source.indexOf('*/', inside)
  if (end === -1) throw new TemplateFault('this comment is not closed', open, 'it ends with */}}')
  const after = closing(source, end + 2)
  if (!after) throw new TemplateFault('a comment takes a whole action: }} must follow */', end + 2)
  return after
}

function* action(source: string, open: number, inside: number): Generator<Token, [at: number, trim: boolean]> {
  yield { type: 'left', text: '{{', at: open, spaced: false }
  let at = inside
  let spaced = false
  for (;;) {
    const end = closing(source, at)
    if (end) {
      yield { type: 'right', text: '}}', at, spaced }
      return end
    }
    if (at >= source.length) throw new TemplateFault('this action is not closed', open, 'it ends with }}')
    if (isSpace(source[at])) {
      at++
      spaced = true
      continue
    }
    const token = word(source, at, spaced)
    at += token.text.length + (token.type === 'field' || token.type === 'dot' ? 1 : 0)
    if (NEEDS_END.has(token.type)) checkEnd(source, at)
    yield token
    spaced = false
  }
}

const NAME = /[\p{L}\p{Nd}_]+/uy
const NEEDS_END: ReadonlySet<TokenType> = new Set<TokenType>(['word', 'field', 'variable', 'dot'])

function word(source: string, at: number, spaced: boolean): Token {
  const char = source[at] ?? ''
  const next = source[at + 1] ?? ''
  if (char === '.' && !isDigit(next)) {
    const name = nameAt(source, at + 1)
    return { type: name === '' ? 'dot' : 'field', text: name, at, spaced }
  }
  if (char === '$') return { type: 'variable', text: `$${nameAt(source, at + 1)}`, at, spaced }
  if (char === '"' || char === '`') return constant(readString(source, at), at, spaced)
  if (char === "'") return constant(readChar(source, at), at, spaced)
  if (isDigit(char) || char === '.' || char === '+' || char === '-') return constant(readNumber(source, at), at, spaced)
  const name = nameAt(source, at)
  if (name !== '') return { type: 'word', text: name, at, spaced }
  const sign = source.startsWith(':=', at) ? ':=' : String.fromCodePoint(source.codePointAt(at) ?? 0)
  if (sign === '{' && next === '{') throw new TemplateFault('an action cannot start inside an action', at, 'is a }} missing before it?')
  return { type: 'sign', text: sign, at, spaced }
}

function constant(literal: { text: string; value: Value }, at: number, spaced: boolean): Token {
  return { type: 'constant', text: literal.text, at, spaced, value: literal.value }
}

function checkEnd(source: string, at: number): void {
  const next = source[at]
  if (next === undefined || isSpace(next) || '.,|:()'.includes(next) || source.startsWith('}}', at)) return
  throw new TemplateFault(`unexpected character ${JSON.stringify(next)}`, at, next === '=' ? 'put a space before it, or write :=' : undefined)
}

function nameAt(source: string, at: number): string {
  NAME.lastIndex = at
  return NAME.exec(source)?.[0] ?? ''
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}
