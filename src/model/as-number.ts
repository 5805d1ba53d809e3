import * as v from 'valibot'
import { describe } from './decode.ts'
import { custom, type Field, type Omit } from './schema.ts'

/** Calico's own AS number, where neither the node nor BGPConfiguration `default` has one. */
export const DEFAULT_AS_NUMBER = 64_512

/** An AS number as text, plain (`64512`) or dotted (`1.10`, two 16-bit halves), or undefined (`reference/model.md 0.1`). */
export function parseAsNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return within(Number(text), MAX_AS_NUMBER)
  const [, high, low] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  const upper = within(Number(high), 0xffff)
  const lower = within(Number(low), 0xffff)
  return upper === undefined || lower === undefined ? undefined : upper * 0x1_0000 + lower
}

/**
 * A field that holds an AS number, given as a number or as text and kept as a number. `max`: kinds with a schema in Calico keep AS numbers in a
 * signed 32-bit integer, so only half of the range can be written; what older releases stored is still read.
 */
export function asNumber(description: string, options: { readonly omit?: Omit; readonly max?: number } = {}): Field<number> {
  const { max, ...common } = options
  const check = (value: number) =>
    max !== undefined && value > max ? `is larger than ${max}, the largest AS number that can be stored here` : undefined
  const json = { type: ['integer', 'string'], minimum: 0, maximum: max ?? MAX_AS_NUMBER, pattern: '^[0-9]+([.][0-9]+)?$' }
  return custom<number>(description, 'AS number', decodeAsNumber, {
    schema: v.number(),
    zero: 0,
    json,
    ...common,
    ...(max === undefined ? {} : { check }),
  })
}

/** The largest AS number of kinds that have a schema in Calico. */
export const MAX_SIGNED_AS_NUMBER = 2 ** 31 - 1

// --- internal ---

const MAX_AS_NUMBER = 2 ** 32 - 1

function within(value: number, max: number): number | undefined {
  return value <= max ? value : undefined
}

function decodeAsNumber(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= MAX_AS_NUMBER) return raw
  const parsed = typeof raw === 'string' ? parseAsNumber(raw) : undefined
  if (parsed !== undefined) return parsed
  const dotted = typeof raw === 'number' && !Number.isInteger(raw) && parseAsNumber(String(raw)) !== undefined
  fail(
    typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'bigint'
      ? `"${raw}" is not an AS number`
      : `expected an AS number, found ${describe(raw)}`,
    dotted
      ? 'put a dotted AS number in quotes, as in "1.10"'
      : `an AS number is 0 to ${MAX_AS_NUMBER}, or two halves of 0 to 65535 with a dot between, in quotes`,
  )
  return undefined
}
