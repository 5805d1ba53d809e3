import { define, isObject, zeroOf } from './decode.ts'
import { isOmitted, type Shape, shapeOf } from './shape.ts'
import type * as v from 'valibot'

/** JSON text exactly as Go's `encoding/json` writes it (`reference/model.md 0.1`): compact, `<` `>` `&` U+2028 U+2029 escaped, maps in the order given. */
export function goJson(value: unknown): string {
  const text = typeof value === 'object' && value !== null && needsCare(value) ? writeWithCare(value) : JSON.stringify(value)
  return escapeMarkup(text)
}

/** Go's encoder writes `<` `>` `&` U+2028 U+2029 as escapes. */
export function escapeMarkup(json: string): string {
  return ESCAPED.test(json) ? json.replace(ESCAPED_ALL, (char) => ESCAPES[char] ?? char) : json
}

/**
 * A value with its fields in declared order, maps sorted by key bytes and left out what Go leaves out (`Omit` of `schema.ts`).
 * Fields that the schema does not know are dropped. The value itself when it is so already, otherwise a copy.
 */
export function arrange(schema: v.GenericSchema, value: unknown): unknown {
  const shape = shapeOf(schema)
  return isArranged(shape, value) ? value : arrangeShape(shape, value)
}

// --- internal ---

const ESCAPED = /[<>&\u2028\u2029\u007f]/
const ESCAPED_ALL = /[<>&\u2028\u2029]/g
const ESCAPES: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028', '\u2029': '\\u2029' }

/** Whether a value is arranged as it is, as nearly all are that were stored. Makes no objects. */
function isArranged(shape: Shape, value: unknown): boolean {
  if (value === null || value === undefined) return false
  switch (shape.type) {
    case 'struct':
      return isObject(value) && isArrangedStruct(shape, value)
    case 'list':
      return Array.isArray(value) && value.every((item) => isArranged(shape.item, item))
    case 'map': {
      if (!isObject(value)) return false
      let previous: string | undefined
      for (const key in value) {
        if (previous !== undefined && compareBytes(previous, key) > 0) return false
        if (!isArranged(shape.value, value[key])) return false
        previous = key
      }
      return true
    }
    default:
      return true
  }
}

/** Goes through the declared fields and those that are there side by side. */
function isArrangedStruct({ fields }: Extract<Shape, { type: 'struct' }>, value: Record<string, unknown>): boolean {
  let at = 0
  for (const key in value) {
    for (; at < fields.length && fields[at]?.[0] !== key; at++) if (!mayBeAbsent(fields[at]?.[1])) return false
    const field = fields[at++]?.[1]
    if (field === undefined || isOmitted(field, value[key]) || !isArranged(field, value[key])) return false
  }
  for (; at < fields.length; at++) if (!mayBeAbsent(fields[at]?.[1])) return false
  return true
}

function mayBeAbsent(field: Shape | undefined): boolean {
  return field === undefined || isOmitted(field, undefined)
}

function arrangeShape(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  switch (shape.type) {
    case 'struct': {
      if (!isObject(value)) return value
      const result: Record<string, unknown> = {}
      for (const [name, field] of shape.fields) {
        const arranged = arrangeShape(field, value[name])
        if (!isOmitted(field, arranged)) result[name] = arranged === undefined ? zeroValue(field) : arranged
      }
      return result
    }
    case 'list':
      return Array.isArray(value) ? value.map((item) => arrangeShape(shape.item, item) ?? zeroOf(shape.item)) : value
    case 'map':
      return isObject(value) ? sortedMap(shape.value, value) : value
    default:
      return value
  }
}

/** A struct that is always there has in it what is always there. */
function zeroValue(shape: Shape): unknown {
  return shape.type === 'struct' ? arrangeShape(shape, {}) : zeroOf(shape)
}

function sortedMap(item: Shape, value: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort(compareBytes)) define(result, key, arrangeShape(item, value[key]) ?? zeroOf(item))
  return result
}

/** Orders text as its UTF-8 bytes are ordered, which is how Go sorts keys. */
export function compareBytes(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      const xSurrogate = x >= 0xd800 && x <= 0xdfff
      const ySurrogate = y >= 0xd800 && y <= 0xdfff
      return xSurrogate === ySurrogate ? x - y : xSurrogate ? 1 : -1
    }
  }
  return a.length - b.length
}

/** Is this beyond JSON.stringify? It knows no bigint, and puts keys such as "10" before all others; only maps have such keys, and maps are sorted. */
export function needsCare(value: object): boolean {
  if (Array.isArray(value)) return value.some(isCareful)
  for (const key in value) if (isIndexLike(key) || isCareful((value as Record<string, unknown>)[key])) return true
  return false
}

function isCareful(item: unknown): boolean {
  return typeof item === 'bigint' || (typeof item === 'object' && item !== null && needsCare(item))
}

function isIndexLike(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 48 && first <= 57 && String(Number(key)) === key
}

function writeWithCare(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(writeWithCare).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const keys = orderedKeys(value)
    const parts: string[] = []
    for (const key of keys) {
      const item = (value as Record<string, unknown>)[key]
      if (item !== undefined) parts.push(`${JSON.stringify(key)}:${writeWithCare(item)}`)
    }
    return `{${parts.join(',')}}`
  }
  return JSON.stringify(value)
}

/** The keys of an object in the order Go writes them: as declared for a struct, by bytes for a map. */
export function orderedKeys(value: object): string[] {
  const keys = Object.keys(value)
  return keys.some(isIndexLike) ? keys.sort(compareBytes) : keys
}
