import { AmbiguousScalar, FloatScalar, goFloat } from '../model/scalar.ts'

export type PlainValue = string | number | bigint | boolean | null | AmbiguousScalar | FloatScalar

/**
 * The value of a plain (unquoted) scalar. Where the peer's reader (go-yaml 2, YAML 1.1 with its own exceptions) and YAML 1.2's core schema agree, that
 * value: integers beyond the safe range as bigint, floats that Go prints in its own way as `FloatScalar`; dates are text. Where they do not, and for what
 * YAML 1.1 itself takes for a number in base 60, an `AmbiguousScalar`.
 */
export function resolvePlain(text: string): PlainValue {
  switch (text.charCodeAt(0)) {
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x30: // 0 to 9
    case 0x31:
    case 0x32:
    case 0x33:
    case 0x34:
    case 0x35:
    case 0x36:
    case 0x37:
    case 0x38:
    case 0x39:
      return resolveNumber(text)
    default: {
      const word = text.length <= 5 ? WORDS.get(text) : undefined
      return word === undefined ? text : word
    }
  }
}

// --- internal ---

const WORDS = new Map<string, null | boolean | AmbiguousScalar>([
  ['', null],
  ['~', null],
  ...inThreeCases('null').map((word) => [word, null] as const),
  ...inThreeCases('true').map((word) => [word, true] as const),
  ...inThreeCases('false').map((word) => [word, false] as const),
  ...['y', 'Y', ...inThreeCases('yes'), ...inThreeCases('on')].map((word) => [word, new AmbiguousScalar(word, true)] as const),
  ...['n', 'N', ...inThreeCases('no'), ...inThreeCases('off')].map((word) => [word, new AmbiguousScalar(word, false)] as const),
])

const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/
const NUMBER_LIKE = /^[-+.0-9][0-9a-fA-FoOxX_.:+-]*$/
// No number that anybody means is longer; turning a million digits into one would take long.
const LONGEST = 400
const SPECIAL = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
// Times and durations. With more colons it is an address (52:54:00:12:34:56, 1:2:3:4:5:6:7:8), which nobody reads as a number.
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(?:\.[0-9_]*)?$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const GO_INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/
const SIGNED_BINARY = /^0b([-+])([01]+)$/
const CORE_INTEGER = /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+)$/

function resolveNumber(text: string): PlainValue {
  if (PLAIN_INTEGER.test(text)) return Number(text)
  if (SPECIAL.test(text)) return special(text)
  if (!NUMBER_LIKE.test(text)) return text
  if (text.length > LONGEST) return GO_INTEGER.test(text) || FLOAT.test(text) ? new AmbiguousScalar(text, text) : text
  if (BASE_60.test(text)) return new AmbiguousScalar(text, text)
  const peer = peerNumber(text)
  const core = coreNumber(text)
  if (peer === undefined && core === undefined) return text
  // The mixed comparison is exact: an integer that a float cannot hold differs from it.
  // oxlint-disable-next-line eqeqeq
  if (peer === undefined || core === undefined || peer != core) return new AmbiguousScalar(text, peer ?? text)
  return typeof peer === 'bigint' ? plainInteger(peer) : plainFloat(peer)
}

function special(text: string): FloatScalar {
  const lower = text.toLowerCase()
  const value = lower === '.nan' ? Number.NaN : lower.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return new FloatScalar(value, goFloat(value))
}

/** Integers are bigint, floats number; undefined: text. */
function peerNumber(text: string): bigint | number | undefined {
  const plain = text.replaceAll('_', '')
  if (GO_INTEGER.test(plain)) {
    const value = goInteger(plain)
    if (value >= -(2n ** 63n) && value < 2n ** (plain.startsWith('+') ? 63n : 64n)) return value
  }
  if (FLOAT.test(plain)) return finite(Number(plain))
  return SIGNED_BINARY.test(plain) ? goInteger(plain.replace(SIGNED_BINARY, '$10b$2')) : undefined
}

function goInteger(text: string): bigint {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '').toLowerCase()
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return negative ? -value : value
}

function coreNumber(text: string): bigint | number | undefined {
  if (CORE_INTEGER.test(text)) return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace(/^\+/, ''))
  return FLOAT.test(text) ? Number(text) : undefined
}

/** Go refuses what overflows, and then takes it for text. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

function plainInteger(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function plainFloat(value: number): number | FloatScalar {
  const text = goFloat(value)
  if (text === String(value)) return value
  return new FloatScalar(value, Number(text) === value ? text : undefined)
}

function inThreeCases(word: string): string[] {
  return [word, `${word[0]?.toUpperCase()}${word.slice(1)}`, word.toUpperCase()]
}
