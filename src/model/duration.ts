import * as v from 'valibot'
import { describe } from './decode.ts'
import { type Check, custom, type Field, type Omit } from './schema.ts'

/**
 * Nanoseconds of a duration in Go's notation (`1h30m`, `.5s`, `10µs`, `-1s`, `0`), or what is wrong with it. As in Go, units may repeat and come
 * in any order, a fraction is cut to whole nanoseconds, and the result must fit 64 bits.
 */
export function parseDuration(text: string): bigint | DurationFault {
  const sign = /^[-+]?/.exec(text)?.[0] ?? ''
  let rest = text.slice(sign.length)
  if (rest === '0') return 0n
  if (rest === '') return { fault: 'is not a duration' }
  let total = 0n
  while (rest !== '') {
    const [whole = '', integer = '', fraction = ''] = NUMBER.exec(rest) ?? []
    if (integer === '' && fraction === '') return { fault: 'is not a duration' }
    rest = rest.slice(whole.length)
    const name = UNIT.exec(rest)?.[0] ?? ''
    if (name === '') return { fault: `has no unit after ${whole}` }
    const unit = UNITS.get(name)
    if (unit === undefined) return { fault: `has the unknown unit "${name}"` }
    rest = rest.slice(name.length)
    total += BigInt(integer) * unit + fractionOf(fraction, unit)
    if (total > LIMIT) return { fault: TOO_LONG }
  }
  if (sign === '-') return -total
  return total === LIMIT ? { fault: TOO_LONG } : total
}

/** A duration as Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `50ms`, `10µs`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size === 0n) return '0s'
  if (size < MICROSECOND) return `${sign}${size}ns`
  if (size < MILLISECOND) return `${sign}${decimal(size, MICROSECOND)}µs`
  if (size < SECOND) return `${sign}${decimal(size, MILLISECOND)}ms`
  const hours = size / HOUR
  const minutes = (size % HOUR) / MINUTE
  const seconds = `${decimal(size % MINUTE, SECOND)}s`
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

export interface DurationFault {
  /** Follows the quoted text: `has no unit after 5`. */
  readonly fault: string
}

/**
 * A field that holds a duration as text in Go's form (a Go pointer unless `omit` says otherwise). Which durations:
 * - `any`: all that Go reads; the default
 * - `decimal`: not negative, and nothing below a millisecond but as its fraction
 * - `whole`: neither negative nor with a fraction once written in Go's form, so `0.5h` but not `1.5s` (`reference/model.md 0.9`)
 */
export function duration(
  description: string,
  options: { readonly omit?: Omit; readonly default?: string; readonly which?: 'any' | 'decimal' | 'whole'; readonly check?: Check<string> } = {},
): Field<string> {
  const checks = [
    ...(options.which === undefined || options.which === 'any' ? [] : [limitTo(options.which)]),
    ...(options.check ? [options.check] : []),
  ]
  return custom<string>(description, 'duration', decodeDuration, {
    schema: v.string(),
    zero: '0s',
    json: { type: 'string', pattern: FORM_PATTERN },
    omit: options.omit ?? 'absent',
    ...(options.default === undefined ? {} : { default: options.default }),
    ...(checks.length === 0 ? {} : { check: checks }),
  })
}

// --- internal ---

const MICROSECOND = 1_000n
const MILLISECOND = 1_000_000n
const SECOND = 1_000_000_000n
const MINUTE = 60n * SECOND
const HOUR = 60n * MINUTE
const LIMIT = 2n ** 63n
const TOO_LONG = 'is longer than the longest duration, about 292 years'

const UNITS = new Map([
  ['ns', 1n],
  ['us', MICROSECOND],
  ['\u00b5s', MICROSECOND],
  ['\u03bcs', MICROSECOND],
  ['ms', MILLISECOND],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
])

const NUMBER = /^(\d*)(?:\.(\d*))?/
const UNIT = /^[^.\d]+/
/** Go reads more than this (`1.h`), but writes no other. */
const FORM_PATTERN = '^[-+]?(0|([0-9]*[.]?[0-9]*(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$'
const FORM = 'a duration is made of numbers with a unit (ms, s, m, h), as in 90s or 1h30m'

function decodeDuration(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw !== 'string') {
    fail(`expected a duration, found ${describe(raw)}`, typeof raw === 'number' ? `write the unit too: ${raw}s` : FORM)
    return undefined
  }
  const parsed = parseDuration(raw)
  if (typeof parsed === 'bigint') return formatDuration(parsed)
  fail(`"${raw}" ${parsed.fault}`, /^\d+$/.test(raw) ? `write the unit too: ${raw}s` : FORM)
  return undefined
}

function limitTo(which: 'decimal' | 'whole'): Check<string> {
  const form = which === 'whole' ? /^([0-9]+(ms|s|m|h))*$/ : /^([0-9]+(\.[0-9]+)?(ms|s|m|h))*$/
  return (value) => {
    if (form.test(value)) return undefined
    if (value.startsWith('-')) return 'is negative\nthis field takes zero or more'
    if (/\d(ns|µs)$/.test(value)) return 'is finer than a millisecond\nuse whole milliseconds'
    return 'has a fraction\nuse whole seconds, or whole milliseconds below one second'
  }
}

/** What the digits after the point are worth, by the same floating point steps as Go's, so that the last nanosecond agrees. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit)
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break
    value = next
    scale *= 10
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)))
}

function decimal(size: bigint, unit: bigint): string {
  const fraction = String(size % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '')
  return fraction === '' ? String(size / unit) : `${size / unit}.${fraction}`
}
