import { TemplateFault } from './fault.ts'
import { GoFloat, type Value } from './value.ts'

export interface Literal {
  /** As written. */
  readonly text: string
  readonly value: Value
}

/** A string of Go that starts at an index: in double quotes with escapes, or in backquotes as it stands. */
export function readString(source: string, at: number): Literal {
  const quote = source[at] ?? ''
  const end = quote === '`' ? source.indexOf('`', at + 1) : closingQuote(source, at)
  if (end === -1) throw new TemplateFault('this string is not closed', at)
  const text = source.slice(at, end + 1)
  const inside = source.slice(at + 1, end)
  return { text, value: quote === '`' ? inside : unescape(inside, '"', at) }
}

/** A character constant of Go, which is the number of the character. */
export function readChar(source: string, at: number): Literal {
  const end = closingQuote(source, at)
  if (end === -1) throw new TemplateFault('this character constant is not closed', at)
  const text = source.slice(at, end + 1)
  const chars = Array.from(unescape(source.slice(at + 1, end), "'", at))
  if (chars.length !== 1) {
    throw new TemplateFault(`${text} is not one character`, at, `strings take double quotes: ${JSON.stringify(chars.join(''))}`)
  }
  return { text, value: chars[0]?.codePointAt(0) }
}

/** A number of Go: decimal, `0x`, `0o`, `0b`, `_` between digits, with a fraction or exponent. */
export function readNumber(source: string, at: number): Literal {
  LETTERS.lastIndex = at
  const text = LETTERS.exec(source)?.[0] ?? ''
  const parts = NUMBER.exec(text)
  if (!parts) throw new TemplateFault(`bad number ${JSON.stringify(text)}`, at)
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  const sign = text.startsWith('-') ? -1 : 1
  if (/^0[xX]/.test(digits) || !/[.eE]/.test(digits)) {
    const whole = sign === 1 ? BigInt(digits.replace(/^0(?=\d)/, '0o')) : -BigInt(digits.replace(/^0(?=\d)/, '0o'))
    if (whole >= 2n ** 63n || whole < -(2n ** 63n)) throw new TemplateFault(`the number ${text} is too large`, at)
    return { text, value: Number.isSafeInteger(Number(whole)) ? Number(whole) : whole }
  }
  const value = sign * Number(digits)
  if (!Number.isFinite(value)) throw new TemplateFault(`the number ${text} is too large`, at)
  return { text, value: new GoFloat(value) }
}

/** Undoes the escapes of a Go string. `quotes` are those that may be escaped; `offset` is where faults are to be told. */
export function unescape(text: string, quotes: string, offset: number): string {
  if (!text.includes('\\')) return text
  let bytes: number[] = []
  let result = ''
  const flush = () => {
    if (bytes.length > 0) result += Buffer.from(bytes).toString('utf8')
    bytes = []
  }
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '\\') {
      flush()
      result += text[at++]
      continue
    }
    ESCAPE.lastIndex = at
    const [whole, simple, hex, octal, short, long] = ESCAPE.exec(text) ?? []
    const code = short ?? long
    if (whole === undefined) throw new TemplateFault(`unknown escape ${text.slice(at, at + 2)}`, offset, 'use `...` for text without escapes')
    at += whole.length
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16))
    else if (octal !== undefined) bytes.push(checkedByte(octal, offset))
    else {
      flush()
      if (code !== undefined) result += checkedChar(code, whole, offset)
      else if (simple !== undefined && (simple === "'" || simple === '"') && !quotes.includes(simple))
        throw new TemplateFault(`unknown escape ${whole}`, offset)
      else result += SIMPLE[simple ?? ''] ?? ''
    }
  }
  flush()
  return result
}

// --- internal ---

const LETTERS = /[+-]?(?:0[xXoObB][\p{L}\p{Nd}_.]*|[\p{L}\p{Nd}_.]*?[eE][+-][\p{L}\p{Nd}_.]*|[\p{L}\p{Nd}_.]*)/uy
const NUMBER =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?)$/
const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

function closingQuote(source: string, at: number): number {
  const quote = source[at]
  for (let i = at + 1; i < source.length; i++) {
    const char = source[i]
    if (char === '\\') i++
    else if (char === '\n') return -1
    else if (char === quote) return i
  }
  return -1
}

function checkedByte(octal: string, offset: number): number {
  const value = Number.parseInt(octal, 8)
  if (value > 255) throw new TemplateFault(`the escape \\${octal} is no byte`, offset)
  return value
}

function checkedChar(hex: string, whole: string, offset: number): string {
  const code = Number.parseInt(hex, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new TemplateFault(`the escape ${whole} is no character`, offset)
  return String.fromCodePoint(code)
}
