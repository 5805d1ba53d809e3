import * as v from 'valibot'
import { describe } from './decode.ts'
import { custom, type Field, type Omit } from './schema.ts'

/** A port number, a range `min:max`, or the name of a port that endpoints declare. */
export type Port = number | string

/** Reads a port from text: `80`, `1000:2000`, `http`; or says what is wrong with it (`reference/model.md 0.1`). */
export function parsePort(text: string): { readonly port: Port } | { readonly fault: string } {
  if (/^\d+$/.test(text)) return numberFault(text) ?? { port: Number(text) }
  const [, min, max] = /^(\d+):(\d+)$/.exec(text) ?? []
  if (min === undefined || max === undefined) return NAME.test(text) ? { port: text } : { fault: `"${text}" is not a port` }
  const fault = numberFault(min) ?? numberFault(max)
  if (fault) return fault
  if (Number(min) > Number(max)) return { fault: `the port range "${text}" runs backwards` }
  return { port: Number(min) === Number(max) ? Number(min) : `${Number(min)}:${Number(max)}` }
}

/** A field that holds a port; without `named`, a number or a range only. */
export function port(description: string, options: { readonly omit?: Omit; readonly named?: boolean } = {}): Field<Port> {
  const { named = true, ...common } = options
  return custom<Port>(description, 'port', decodePort, {
    schema: v.union([v.number(), v.string()]),
    zero: 0,
    json: { type: ['integer', 'string'], minimum: 1, maximum: 65_535, ...(named ? {} : { pattern: '^[0-9]+(:[0-9]+)?$' }) },
    check: (value) => checkPort(value, named),
    ...common,
  })
}

/** What is wrong with the name of a port, as endpoints declare it and rules use it. */
export function portNameFault(name: string): string | undefined {
  const fine = name.length <= 15 && /^[a-z0-9-]+$/.test(name) && /[a-z]/.test(name) && !/^-|--|-$/.test(name)
  return fine ? undefined : `is not a name for a port\na name is ${NAME_FORM}`
}

// --- internal ---

/** What is read at all; `portNameFault` is stricter. */
const NAME = /^[a-zA-Z0-9_.-]{1,128}$/
const NAME_FORM = '1 to 15 lower case letters, digits and "-", with a letter among them and no "-" at an end or beside another'
const FORM = 'a port is a number from 1 to 65535, a range such as 1000:2000, or a name'

function numberFault(text: string): { readonly fault: string } | undefined {
  return Number(text) > 0xffff ? { fault: `port ${text} is larger than 65535` } : undefined
}

function decodePort(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= 0xffff) return raw
  const parsed = typeof raw === 'string' ? parsePort(raw) : undefined
  if (parsed && 'port' in parsed) return parsed.port
  fail(
    parsed?.fault ?? (typeof raw === 'number' || typeof raw === 'bigint' ? `${raw} is not a port` : `expected a port, found ${describe(raw)}`),
    FORM,
  )
  return undefined
}

function checkPort(value: Port, named: boolean): string | undefined {
  if (typeof value === 'string' && !value.includes(':'))
    return named ? portNameFault(value) : 'is a name\nonly port numbers and ranges are possible here'
  return Number(String(value).split(':')[0]) < 1 ? 'is not a port\nports go from 1 to 65535' : undefined
}
