import { goDouble } from '../model/scalar.ts'

/** How a text is written: as it is, in quotes, or as a block of its own (`|`). */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal'

/**
 * The style that go-yaml 2 gives a text: plain where YAML 1.1 reads it back as that text; single quotes where its characters would mean something
 * in YAML; double quotes where it would be read as something else than text, or holds characters that need an escape; a block for several lines.
 */
export function scalarStyle(text: string): ScalarStyle {
  if (SIMPLE.test(text)) return WORDS.has(text) ? 'double' : 'plain'
  if (NEEDS_ESCAPE.test(text)) return 'double'
  if (text.includes('\n')) return / (?:\n|$)/.test(text) ? 'double' : 'literal'
  if (isReadOtherwise(text)) return 'double'
  return HAS_MEANING.test(text) ? 'single' : 'plain'
}

/** In double quotes, without line breaks. */
export function doubleQuoted(text: string): string {
  return `"${text.replace(ESCAPED, escapeOne)}"`
}

export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A number as JSON writes it and go-yaml writes again: whole ones that fit 64 bits as they are, others as floats (`6.543215321e+06`). */
export function yamlNumber(value: number | bigint): string {
  if (typeof value === 'bigint') return fits64(value) ? value.toString() : goDouble(Number(value))
  const text = String(value)
  return /^-?\d+$/.test(text) && (text.length < 18 || fits64(BigInt(text))) ? text : goDouble(value)
}

// --- internal ---

const [DOT, PLUS, MINUS, ZERO, NINE] = [46, 43, 45, 48, 57] as const

/** Most texts: a word that can only be itself or one of `WORDS`. */
const SIMPLE = /^[A-Za-z/_][\w./-]*$/

const WORDS: ReadonlySet<string> = new Set(
  [
    '~ null Null NULL y Y yes Yes YES true True TRUE on On ON n N no No NO false False FALSE off Off OFF',
    '.nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF',
  ]
    .join(' ')
    .split(' ')
    .concat(''),
)

/**
 * What may stand in a line as it is: what go-yaml holds to be printable (neither tabs nor anything beyond U+FFFF), without the line breaks that
 * YAML 1.2 no longer knows and without what reorders or hides text on a terminal (the characters of `escapeForTerminal`).
 */
const PRINTABLE =
  '\\n\\x20-\\x7e\\xa0-\\xac\\xae-\\u061b\\u061d-\\u180d\\u180f-\\u200a\\u200c\\u200d\\u2010-\\u2027\\u202f-\\u205f\\u2070-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufff8\\ufffc\\ufffd'
const NEEDS_ESCAPE = new RegExp(`[^${PRINTABLE}]`)
const ESCAPED = new RegExp(`[^${PRINTABLE}]|[\\n"\\\\]`, 'gu')
const ESCAPES: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

/** An indicator first, `: ` or ` #` within, a space at an end, or the start of a document mark. */
const HAS_MEANING = /^[#,[\]{}&*!|>'"%@` ]|^[-?](?: |$)|:(?: |$)| #| $|^(?:---|\.\.\.)/

const BASE_60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/

/** Does YAML 1.1, as go-yaml 2 reads it, take this plain text for a boolean, null, number, time or base-60 number? */
function isReadOtherwise(text: string): boolean {
  if (WORDS.has(text)) return true
  const first = text.charCodeAt(0)
  if (first !== DOT && first !== PLUS && first !== MINUS && !(first >= ZERO && first <= NINE)) return false
  return isNumber(text.replaceAll('_', '')) || BASE_60.test(text) || isTimestamp(text)
}

function escapeOne(char: string): string {
  const short = ESCAPES[char]
  if (short !== undefined) return short
  // Half a surrogate pair is no character; Go has the replacement character for it.
  if (/\p{Cs}/u.test(char)) return '\ufffd'
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
}

/** Go's integers of any base, YAML's decimal floats; those out of range too, on which readers do not agree. */
function isNumber(text: string): boolean {
  return /^[-+]?(?:(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(text) || /^0b[-+][01]+$/.test(text)
}

/** A date; a date and time with zone; a date, a space and a time without. */
const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt](?=.*(?:Z|[-+]\d\d:\d\d)$)| +(?!.*(?:Z|[-+]\d\d:\d\d)$))(\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d))?)?$/

function isTimestamp(text: string): boolean {
  const parts = TIMESTAMP.exec(text)
  if (!parts) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false
  return hour < 24 && minute < 60 && second < 60 && zoneHour <= 24 && zoneMinute <= 60
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function fits64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n
}
