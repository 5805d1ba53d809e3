import { compareBytes } from '../../model/json.ts'
import { TemplateFault } from './fault.ts'
import { isPrintable } from './quote.ts'
import { printValue, printValues } from './print.ts'
import { sprintf } from './printf.ts'
import { goTypeName, isList, isMap, isTrue, numberIn, typeOf, type Value } from './value.ts'

export interface TemplateFunction {
  /** How many arguments it takes. */
  readonly from: number
  readonly to?: number
  /** @throws TemplateFault without a place */
  readonly call: (...values: readonly Value[]) => Value
}

/**
 * The functions of Go's text/template but `call` (no value here is a function), and `join` of calicoctl (`reference/calicoctl.md 2.2`).
 * `and` and `or` are here for their names: the engine carries them out, since they stop at the first value that decides.
 */
export const functions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['and', { from: 1, call: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1) }],
  ['or', { from: 1, call: (...values) => values.find(isTrue) ?? values.at(-1) }],
  ['not', { from: 1, to: 1, call: (value) => !isTrue(value) }],
  ['eq', { from: 1, call: equalToAny }],
  ['ne', { from: 2, to: 2, call: (a, b) => !isEqual(a, b) }],
  ['lt', { from: 2, to: 2, call: (a, b) => order(a, b) < 0 }],
  ['le', { from: 2, to: 2, call: (a, b) => order(a, b) <= 0 }],
  ['gt', { from: 2, to: 2, call: (a, b) => order(a, b) > 0 }],
  ['ge', { from: 2, to: 2, call: (a, b) => order(a, b) >= 0 }],
  ['len', { from: 1, to: 1, call: length }],
  ['index', { from: 1, call: index }],
  ['slice', { from: 1, to: 4, call: slice }],
  ['print', { from: 0, call: (...values) => printValues(values) }],
  ['println', { from: 0, call: (...values) => `${values.map(printValue).join(' ')}\n` }],
  ['printf', { from: 1, call: printf }],
  ['html', { from: 0, call: (...values) => textOf(values).replace(/["'&<>\0]/g, (char) => HTML[char] ?? char) }],
  ['js', { from: 0, call: (...values) => Array.from(textOf(values), jsChar).join('') }],
  ['urlquery', { from: 0, call: (...values) => urlQuery(textOf(values)) }],
  ['join', { from: 2, to: 2, call: join }],
])

// --- internal ---

function equalToAny(first: Value, ...others: readonly Value[]): boolean {
  if (others.length === 0) throw new TemplateFault('there is nothing to compare with')
  return others.some((other) => isEqual(first, other))
}

/** Unlike Go's, whole and other numbers compare by value. */
function isEqual(a: Value, b: Value): boolean {
  const x = numberIn(a)
  const y = numberIn(b)
  if (x !== undefined && y !== undefined) return !(x < y) && !(x > y)
  const left = typeOf(a)
  const right = typeOf(b)
  if (left === 'nil' || right === 'nil') return left === right
  if (left !== right) throw new TemplateFault(`cannot compare ${goTypeName(a)} with ${goTypeName(b)}`)
  if (left === 'list' || left === 'map') throw new TemplateFault(`cannot compare ${left === 'list' ? 'lists' : 'maps'}`)
  return a === b
}

function order(a: Value, b: Value): number {
  const x = numberIn(a)
  const y = numberIn(b)
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b)
  throw new TemplateFault(`${goTypeName(a)} and ${goTypeName(b)} have no order`)
}

/** Texts count in bytes, as in Go. */
function length(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (isList(value)) return value.length
  if (isMap(value)) return Object.keys(value).length
  throw new TemplateFault(`${describe(value)} has no length`)
}

function describe(value: Value): string {
  return value === undefined || value === null ? 'a value that is not there' : `a value of type ${goTypeName(value)}`
}

function index(value: Value, ...keys: readonly Value[]): Value {
  if (typeOf(value) === 'nil') throw new TemplateFault(`${describe(value)} has no items`)
  return keys.reduce(itemAt, value)
}

function itemAt(value: Value, key: Value): Value {
  if (isMap(value)) {
    if (typeof key !== 'string') throw new TemplateFault(`the keys of a map are strings, not ${goTypeName(key)}`)
    return Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return bytes[position(key, bytes.length - 1)]
  }
  if (isList(value)) return value[position(key, value.length - 1)] ?? undefined
  throw new TemplateFault(`${describe(value)} has no items`)
}

function position(key: Value, last: number): number {
  if (typeof key !== 'number' || typeOf(key) !== 'int')
    throw new TemplateFault(`an index is a whole number, not ${key === undefined || key === null ? 'nil' : goTypeName(key)}`)
  if (key < 0 || key > last) throw new TemplateFault(`index out of range: ${key}`)
  return key
}

function slice(value: Value, ...bounds: readonly Value[]): Value {
  const whole = typeof value === 'string' ? Buffer.from(value) : value
  if (!Buffer.isBuffer(whole) && !isList(whole)) throw new TemplateFault(`${describe(value)} cannot be sliced`)
  if (bounds.length === 3 && Buffer.isBuffer(whole)) throw new TemplateFault('a string takes two bounds at most')
  const places = bounds.map((bound) => position(bound, whole.length))
  const [start = 0, end = whole.length, capacity = whole.length] = places
  if (start > end) throw new TemplateFault(`invalid slice index: ${start} > ${end}`)
  if (end > capacity) throw new TemplateFault(`invalid slice index: ${end} > ${capacity}`)
  return Buffer.isBuffer(whole) ? whole.subarray(start, end).toString('utf8') : whole.slice(start, end)
}

function printf(format: Value, ...values: readonly Value[]): string {
  if (typeof format !== 'string') throw new TemplateFault(`the format of printf is a string, not ${describe(format)}`)
  return sprintf(format, values)
}

/** What `html`, `js` and `urlquery` work on. */
function textOf(values: readonly Value[]): string {
  return printValues(values.map((value) => (value === undefined ? '<no value>' : value)))
}

const HTML: Readonly<Record<string, string>> = { '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;', '\0': '\ufffd' }

function jsChar(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (char === '\\' || char === "'" || char === '"') return `\\${char}`
  if (code < 0x20 || char === '<' || char === '>' || char === '&' || char === '=') return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  if (code < 0x80 || isPrintable(char)) return char
  return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function urlQuery(text: string): string {
  let result = ''
  for (const byte of Buffer.from(text)) {
    const char = String.fromCharCode(byte)
    if (/[A-Za-z0-9_.~-]/.test(char)) result += char
    else result += char === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return result
}

/** Items of a list, or the sorted `key=value` of a map, with a text between them. */
function join(items: Value, separator: Value): string {
  if (typeof separator !== 'string') throw new TemplateFault(`join puts a string between items, not ${describe(separator)}`)
  if (items === undefined || items === null) return ''
  if (isList(items)) return items.map(printValue).join(separator)
  if (isMap(items)) {
    const entries = Object.keys(items).map((key) => `${key}=${printValue(items[key])}`)
    return entries.sort(compareBytes).join(separator)
  }
  throw new TemplateFault(`join takes a list or a map, not ${describe(items)}`)
}
