import { compareBytes } from '../../model/json.ts'
import { formatFloat } from './float.ts'
import { isPrintable, quote, quoteChar } from './quote.ts'
import { goTypeName, isList, isMap, numberIn, typeOf, type Value } from './value.ts'

/** One `%...` of a format, as Go's fmt reads it. */
export interface Directive {
  readonly verb: string
  readonly width?: number | undefined
  readonly precision?: number | undefined
  readonly plus?: boolean
  readonly minus?: boolean
  readonly sharp?: boolean
  readonly space?: boolean
  readonly zero?: boolean
}

/** A value as `%v` shows it, which is how a template prints it: `[a b]`, `map[k:v]`, `<nil>`. */
export function printValue(value: Value): string {
  return typeof value === 'string' ? value : formatValue(value, PLAIN)
}

/** Values one after the other as Go's `fmt.Sprint` shows them: a space between two of which neither is a string. */
export function printValues(values: readonly Value[]): string {
  let text = ''
  values.forEach((value, i) => {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') text += ' '
    text += printValue(value)
  })
  return text
}

/** A value as a directive shows it. What the verb cannot show becomes `%!d(string=text)`, as in Go. */
export function formatValue(value: Value, directive: Directive): string {
  const { verb } = directive
  if (value === undefined || value === null) return verb === 'v' || verb === 'T' ? pad('<nil>', directive) : `%!${verb}(<nil>)`
  if (verb === 'T') return formatText(goTypeName(value), { ...directive, verb: 's' })
  // With `v` a plus asks for names of fields, which nothing here has.
  return formatInner(value, verb === 'v' ? { ...directive, plus: false } : directive)
}

// --- internal ---

const PLAIN: Directive = { verb: 'v' }

function formatInner(value: Value, directive: Directive): string {
  if (value === undefined || value === null) return '<nil>'
  if (isList(value)) {
    const items = value.map((item) => formatInner(item, directive))
    return goSyntax(directive) ? `[]interface {}{${items.join(', ')}}` : `[${items.join(' ')}]`
  }
  if (isMap(value)) {
    const entries = Object.keys(value)
      .sort(compareBytes)
      .map((key) => `${formatInner(key, directive)}:${formatInner(value[key], directive)}`)
    return goSyntax(directive) ? `map[string]interface {}{${entries.join(', ')}}` : `map[${entries.join(' ')}]`
  }
  switch (typeOf(value)) {
    case 'bool':
      return directive.verb === 't' || directive.verb === 'v' ? pad(value === true ? 'true' : 'false', directive) : badVerb(value, directive)
    case 'string':
      return formatText(value as string, directive)
    case 'int':
      return formatWhole(value as number | bigint, directive)
    default:
      return formatFraction(Number(numberIn(value)), value, directive)
  }
}

function goSyntax({ verb, sharp }: Directive): boolean {
  return verb === 'v' && sharp === true
}

function badVerb(value: Value, directive: Directive): string {
  return `%!${directive.verb}(${goTypeName(value)}=${formatInner(value, { ...directive, verb: 'v', sharp: false })})`
}

/** Widths count characters. Go fills with zeros on the left whatever it is that it fills. */
function pad(text: string, { width, minus, zero }: Directive): string {
  if (width === undefined) return text
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text
}

function formatText(text: string, directive: Directive): string {
  const { verb, precision, plus, sharp } = directive
  if (verb === 'x' || verb === 'X') return pad(hexOfText(text, directive), directive)
  const cut = precision === undefined ? text : Array.from(text).slice(0, precision).join('')
  if (verb === 's' || (verb === 'v' && !sharp)) return pad(cut, directive)
  if (verb !== 'q' && verb !== 'v') return badVerb(text, directive)
  // biome-ignore lint: the tab is the one control character that backquotes hold
  if (sharp && verb === 'q' && /^[^`\p{Cc}\ufeff]*$/u.test(cut.replaceAll('\t', ''))) return pad(`\`${cut}\``, directive)
  return pad(quote(cut, plus && verb === 'q'), directive)
}

function hexOfText(text: string, { verb, precision, sharp, space }: Directive): string {
  const bytes = Buffer.from(text).subarray(0, precision)
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  const joined = space
    ? digits.map((pair) => (sharp ? `0x${pair}` : pair)).join(' ')
    : sharp && digits.length > 0
      ? `0x${digits.join('')}`
      : digits.join('')
  return verb === 'X' ? joined.toUpperCase() : joined
}

const BASES: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }
const PREFIXES: Readonly<Record<string, string>> = { b: '0b', o: '0', O: '0o', x: '0x', X: '0X' }

function formatWhole(value: number | bigint, directive: Directive): string {
  const { verb } = directive
  const base = BASES[verb]
  if (base !== undefined) return wholeInBase(value, base, directive)
  if (verb === 'c') return pad(charOf(value), directive)
  if (verb === 'q') return pad(quoteChar(Number(value), directive.plus), directive)
  if (verb === 'U') {
    const code = `U+${BigInt(value)
      .toString(16)
      .toUpperCase()
      .padStart(Math.max(4, directive.precision ?? 4), '0')}`
    const char = charOf(value)
    return pad(directive.sharp && isPrintable(char) ? `${code} '${char}'` : code, { ...directive, zero: false })
  }
  return badVerb(value, directive)
}

function charOf(value: number | bigint): string {
  const code = Number(value)
  return code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '\ufffd'
}

function wholeInBase(value: number | bigint, base: number, directive: Directive): string {
  const { verb, width, precision, plus, minus, sharp, space, zero } = directive
  const whole = BigInt(value)
  const negative = whole < 0n
  const sign = negative ? '-' : plus ? '+' : space ? ' ' : ''
  let digits = (negative ? -whole : whole).toString(base)
  if (verb === 'X') digits = digits.toUpperCase()
  if (precision === 0 && whole === 0n) return pad('', { ...directive, zero: false })
  if (precision !== undefined) digits = digits.padStart(precision, '0')
  else if (zero && !minus && width !== undefined) digits = digits.padStart(width - sign.length, '0')
  const prefix = verb === 'O' || (sharp && verb !== 'd' && verb !== 'v' && !(verb === 'o' && digits.startsWith('0'))) ? (PREFIXES[verb] ?? '') : ''
  return pad(sign + prefix + digits, { ...directive, zero: false })
}

function formatFraction(number: number, value: Value, directive: Directive): string {
  const { verb, precision, plus, minus, space, zero, width } = directive
  const kind = FLOAT_VERBS[verb]
  if (kind === undefined) return badVerb(value, directive)
  const digits = formatFloat(number, kind, precision ?? (kind === 'g' ? undefined : 6))
  const sign = digits.startsWith('-') ? '-' : plus ? '+' : space ? ' ' : ''
  const bare = digits.replace(/^-/, '')
  const text = verb === 'E' || verb === 'G' ? bare.toUpperCase() : bare
  const filled = zero && !minus && width !== undefined ? text.padStart(width - sign.length, '0') : text
  return pad(sign + filled, { ...directive, zero: false })
}

const FLOAT_VERBS: Readonly<Record<string, 'e' | 'f' | 'g'>> = { v: 'g', g: 'g', G: 'g', f: 'f', F: 'f', e: 'e', E: 'e' }
