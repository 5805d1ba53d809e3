/**
 * Text of a float64 as Go's strconv makes it, for the verbs e, f and g. A precision of undefined asks for the fewest digits that name the number.
 * Rounds exactly, halves to even.
 */
export function formatFloat(value: number, verb: 'e' | 'f' | 'g', precision: number | undefined): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const number = Math.abs(value)
  const exact = decimalOf(number, precision === undefined)
  const rounded = precision === undefined ? exact : round(exact, verb, precision)
  if (verb === 'f') return sign + plain(rounded, precision ?? Math.max(rounded.digits.length - rounded.point, 0))
  if (verb === 'e') return sign + scientific(rounded, precision ?? rounded.digits.length - 1)
  const exponent = rounded.point - 1
  const wanted = precision === undefined ? 6 : precision === 0 ? 1 : precision
  const limit = precision !== undefined && wanted > rounded.digits.length && rounded.digits.length >= rounded.point ? rounded.digits.length : wanted
  const isZero = rounded.digits === '0'
  if (!isZero && (exponent < -4 || exponent >= limit)) return sign + scientific(rounded, rounded.digits.length - 1)
  return sign + plain(rounded, Math.max(rounded.digits.length - rounded.point, 0))
}

// --- internal ---

/** 0.`digits` times ten to the power of `point`; no zeros at either end. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

function decimalOf(number: number, shortest: boolean): Decimal {
  if (number === 0) return { digits: '0', point: 1 }
  if (shortest) {
    const [digits = '', exponent = '0'] = number.toExponential().split('e')
    return trimmed(digits.replace('.', ''), Number(exponent) + 1)
  }
  let twos = 0
  let whole = number
  while (!Number.isInteger(whole)) {
    whole *= 2
    twos++
  }
  const digits = (BigInt(whole) * 5n ** BigInt(twos)).toString()
  return trimmed(digits, digits.length - twos)
}

function trimmed(digits: string, point: number): Decimal {
  const text = digits.replace(/0+$/, '')
  return text === '' ? { digits: '0', point: 1 } : { digits: text, point }
}

function round(number: Decimal, verb: 'e' | 'f' | 'g', precision: number): Decimal {
  if (number.digits === '0') return number
  const keep = verb === 'f' ? number.point + precision : verb === 'e' ? precision + 1 : Math.max(precision, 1)
  if (keep >= number.digits.length) return number
  if (keep < 0) return { digits: '0', point: 1 }
  const kept = number.digits.slice(0, keep)
  const rest = number.digits.slice(keep)
  const odd = keep > 0 && Number(kept.at(-1)) % 2 === 1
  const up = rest.charAt(0) > '5' || (rest.charAt(0) === '5' && (rest.length > 1 || odd))
  if (!up) return trimmed(kept, number.point)
  const raised = (BigInt(kept === '' ? 0 : kept) + 1n).toString()
  return trimmed(raised, number.point + (raised.length - kept.length))
}

function plain({ digits, point }: Decimal, decimals: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  if (decimals === 0) return whole
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  return `${whole}.${(digits === '0' ? '' : fraction).padEnd(decimals, '0').slice(0, decimals)}`
}

function scientific({ digits, point }: Decimal, decimals: number): string {
  const exponent = digits === '0' ? 0 : point - 1
  const mantissa = decimals === 0 ? digits.slice(0, 1) : `${digits.slice(0, 1)}.${digits.slice(1).padEnd(decimals, '0')}`
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}
