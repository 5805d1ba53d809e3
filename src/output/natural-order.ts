/**
 * Orders keys as go-yaml does: letters after everything else, numbers by their value, else by code point. `a2` comes before `a10`, `a.b` before `ab`.
 */
export function compareNaturally(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  let at = 0
  while (at < shorter && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === shorter) return a.length - b.length
  const x = a.charCodeAt(at)
  const y = b.charCodeAt(at)
  if (isAsciiLetter(x) && isAsciiLetter(y)) return x - y
  // Not between the halves of one character.
  if (isLowSurrogate(x) && isLowSurrogate(y)) at--
  return compareAt(a, b, at)
}

// --- internal ---

const LETTER = /^\p{L}/u
const DIGITS = /^\p{Nd}+/u

/** `at` is where they differ. */
function compareAt(a: string, b: string, at: number): number {
  const restA = a.slice(at)
  const restB = b.slice(at)
  const letterA = LETTER.test(restA)
  const letterB = LETTER.test(restB)
  const byCode = (a.codePointAt(at) ?? 0) - (b.codePointAt(at) ?? 0)
  if (letterA && letterB) return byCode
  if (letterA || letterB) return letterA ? 1 : -1
  const digitsA = Array.from(DIGITS.exec(restA)?.[0] ?? '')
  const digitsB = Array.from(DIGITS.exec(restB)?.[0] ?? '')
  // Zeros within a number (1003 and 104) count; zeros at its head (003 and 04) do not.
  const inside = (restA.startsWith('0') || restB.startsWith('0')) && /(?!0)\p{Nd}\p{Nd}*$/u.test(a.slice(0, at))
  const byValue = compareNumbers(numberOf(digitsA, inside), numberOf(digitsB, inside))
  if (byValue !== 0) return byValue
  return digitsA.length === digitsB.length ? byCode : digitsA.length - digitsB.length
}

/** In 64 bits with overflow, as there. */
function numberOf(digits: readonly string[], inside: boolean): bigint {
  let number = inside ? 1n : 0n
  for (const digit of digits) number = BigInt.asIntN(64, number * 10n + BigInt((digit.codePointAt(0) ?? 48) - 48))
  return number
}

function compareNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isAsciiLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
