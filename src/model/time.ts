import { describe } from './decode.ts'
import { custom, type Field, type Omit } from './schema.ts'

/** A point in time as Go's API types read and write it: RFC 3339 in, UTC with whole seconds out, null when there is none (`reference/model.md 0.1`). */
export function time(description: string, options: { readonly omit?: Omit } = {}): Field<string> {
  return custom<string>(description, 'time', decodeTime, { zero: null, json: { type: ['string', 'null'], format: 'date-time' }, ...options })
}

/** A time in RFC 3339 as Go prints it, or undefined when the text is none. */
export function canonicalTime(text: string): string | undefined {
  const [, date = '', clock = '', zone = ''] = RFC3339.exec(text) ?? []
  if (!EVERY_MONTHS_DAY.test(date) && !isDay(date)) return undefined
  // No `Date` where none is needed: the first one reads the machine's time zone, which takes longer than the rest of a `get`.
  if (zone === 'Z') return `${date}T${clock}Z`
  return new Date(`${date}T${clock}${zone}`).toISOString().replace(/\.\d+Z$/, 'Z')
}

// --- internal ---

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,]\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Days that all months have: nearly all. */
const EVERY_MONTHS_DAY = /-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$/

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** JavaScript turns 30 February into 2 March; Go refuses it. */
function isDay(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0)
}

function decodeTime(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  const time = typeof raw === 'string' ? canonicalTime(raw) : undefined
  if (time === undefined)
    fail(typeof raw === 'string' ? `"${raw}" is not a time` : `expected a time, found ${describe(raw)}`, 'write it as in 2026-01-02T03:04:05Z')
  return time
}
