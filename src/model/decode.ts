import * as v from 'valibot'
import type { Path } from './problem.ts'
import { AmbiguousScalar, FloatScalar } from './scalar.ts'
import { type CheckedValue, isOmitted, type LeafShape, type Shape, shapeOf } from './shape.ts'
import { didYouMean } from './suggest.ts'

/** What is wrong at a place of a document; the manifest reader adds file and line. */
export interface Fault {
  readonly code: string
  readonly path: Path
  readonly message: string
  readonly help?: string
  /** The faulty name rather than its value is to blame (unknown field, bad label key). */
  readonly atKey?: boolean
}

export interface DecodeOptions {
  readonly report: (fault: Fault) => void
  /** Data from the store: fields we do not know are dropped, values are taken as they are. */
  readonly stored?: boolean
}

/**
 * Turns parsed YAML or JSON into the value a schema describes, as Go's decoder does (`reference/model.md 0.9`): field names in any letter case,
 * null as absent, numbers and booleans as text where text is wanted. Reports each fault with its path; the result holds what was good.
 * Keys of the result stand in declared order. What was stored just so is its own result, not a copy.
 */
export function decode(schema: v.GenericSchema, raw: unknown, path: Path, options: DecodeOptions): unknown {
  const shape = shapeOf(schema)
  return options.stored && isDecoded(shape, raw) ? raw : new Decoder(path, options).value(shape, raw)
}

/** Whether decoding a value, not null, would give the very same. */
export function isDecodedLeaf({ type, meta }: LeafShape, raw: unknown): boolean {
  switch (type) {
    case 'custom': {
      let failed = false
      const value = meta.decode?.(raw, () => void (failed = true))
      return value === raw && !failed
    }
    case 'number':
      if (typeof raw !== 'number') return false
      return meta.integer ? Number.isInteger(raw) && raw >= meta.integer[0] && raw <= meta.integer[1] : Number.isFinite(raw)
    default:
      return typeof raw === type
  }
}

// --- internal ---

/** Whether decoding would give the very same value: nearly all that is stored was written by a program that knows the schema. Makes no objects. */
function isDecoded(shape: Shape, raw: unknown): boolean {
  if (raw === null || raw === undefined) return false
  switch (shape.type) {
    case 'struct': {
      if (!isObject(raw)) return false
      const { fields } = shape
      let at = 0
      for (const key in raw) {
        while (at < fields.length && fields[at]?.[0] !== key) at++
        const field = fields[at++]
        if (field === undefined || !isDecoded(field[1], raw[key])) return false
      }
      return true
    }
    case 'list':
      return Array.isArray(raw) && raw.every((item) => isDecoded(shape.item, item))
    case 'map':
      if (!isObject(raw)) return false
      for (const key in raw) if (!isDecoded(shape.value, raw[key])) return false
      return true
    default:
      return isDecodedLeaf(shape, raw)
  }
}

/** Stands for a value that must not be shown. */
const HIDDEN = Symbol('something else')

class Decoder {
  readonly #path: (string | number)[]
  readonly #options: DecodeOptions

  constructor(path: Path, options: DecodeOptions) {
    this.#path = [...path]
    this.#options = options
  }

  /** `isItem`: of a list or map, where Go leaves nothing out. */
  value(shape: Shape, raw: unknown, isItem = false): unknown {
    if (raw === null || raw === undefined) return isItem ? this.#checked(shape, zeroOf(shape), isItem) : undefined
    switch (shape.type) {
      case 'struct':
        return this.#struct(shape, raw, isItem)
      case 'list':
        return this.#list(shape, raw, isItem)
      case 'map':
        return this.#map(shape, raw, isItem)
      default:
        return this.#leaf(shape, raw, isItem)
    }
  }

  #struct(shape: Extract<Shape, { type: 'struct' }>, raw: unknown, isItem: boolean): unknown {
    if (!isObject(raw))
      return this.#wrongType(
        shape.meta.secret ? HIDDEN : raw,
        'a mapping',
        shape.fields.length === 0 ? undefined : `it may have: ${shape.fields.map(([name]) => name).join(', ')}`,
      )
    const keys = Object.keys(raw)
    const given = keys.every((key) => shape.byName.has(key)) ? raw : this.#known(shape, raw, keys)
    const value: Record<string, unknown> = {}
    for (const [name, field] of shape.fields) {
      const item = given[name]
      if (item === undefined || item === null) continue
      this.#path.push(name)
      const decoded = this.value(field, item)
      this.#path.pop()
      if (decoded !== undefined) value[name] = decoded
    }
    return this.#checked(shape, value, isItem)
  }

  /** The fields that the schema knows, by its names. */
  #known(shape: Extract<Shape, { type: 'struct' }>, raw: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
    const known: Record<string, unknown> = {}
    for (const key of keys) {
      const name = shape.byName.has(key) ? key : shape.byLowerName.get(key.toLowerCase())
      if (name === undefined) this.#unknownField(key, shape)
      else if (Object.hasOwn(known, name)) this.#fault('duplicate-field', `field "${key}" stands here twice (letter case does not count)`, key)
      else known[name] = raw[key]
    }
    return known
  }

  #list(shape: Extract<Shape, { type: 'list' }>, raw: unknown, isItem: boolean): unknown {
    if (!Array.isArray(raw)) return this.#wrongType(raw, 'a list', 'write "- " before each item, or put all of them into [ ]')
    const value: unknown[] = []
    for (let i = 0; i < raw.length; i++) {
      this.#path.push(i)
      const item = this.value(shape.item, raw[i], true)
      this.#path.pop()
      value.push(item === undefined ? zeroOf(shape.item) : item)
    }
    return this.#checked(shape, value, isItem)
  }

  #map(shape: Extract<Shape, { type: 'map' }>, raw: unknown, isItem: boolean): unknown {
    if (!isObject(raw)) return this.#wrongType(raw, 'a mapping')
    const value: Record<string, unknown> = {}
    for (const key of Object.keys(raw)) {
      this.#path.push(key)
      const item = this.value(shape.value, raw[key], true)
      this.#path.pop()
      define(value, key, item === undefined ? zeroOf(shape.value) : item)
    }
    return this.#checked(shape, value, isItem)
  }

  #leaf(shape: LeafShape, raw: unknown, isItem: boolean): unknown {
    const value = this.#convert(shape, raw)
    return value === undefined ? undefined : this.#checked(shape, value, isItem)
  }

  #convert(shape: LeafShape, raw: unknown): unknown {
    if (raw instanceof AmbiguousScalar) {
      if (shape.type === 'boolean' && typeof raw.yaml11 === 'boolean') return raw.yaml11
      // A range of ports looks like YAML 1.1's base 60; both versions' tools agree that it is text.
      if (shape.meta.decode && typeof raw.yaml11 === 'string') return this.#convert(shape, raw.yaml11)
      this.#fault('ambiguous-scalar', `${raw.text} is read differently by YAML 1.1 and 1.2`, undefined, ambiguousHelp(raw))
      return undefined
    }
    if (raw instanceof FloatScalar) {
      if (shape.type !== 'string' || shape.meta.decode) return this.#convert(shape, raw.value)
      if (raw.text !== undefined) return this.#convert(shape, raw.text)
      this.#fault('ambiguous-scalar', 'this number would lose digits as text', undefined, 'quote it')
      return undefined
    }
    if (shape.meta.decode) {
      let failed = false
      const value = shape.meta.decode(raw, (message, help) => {
        failed = true
        this.#fault('bad-value', message, undefined, help)
      })
      return failed ? undefined : value
    }
    switch (shape.type) {
      case 'string':
        if (typeof raw === 'string') return raw
        if (typeof raw === 'number' || typeof raw === 'bigint' || typeof raw === 'boolean') return String(raw)
        return this.#wrongType(raw, 'text')
      case 'boolean':
        return typeof raw === 'boolean' ? raw : this.#wrongType(raw, 'true or false')
      default:
        return this.#number(shape, raw)
    }
  }

  #number(shape: LeafShape, raw: unknown): unknown {
    if (typeof raw !== 'number' && typeof raw !== 'bigint') return this.#wrongType(raw, shape.meta.integer ? 'an integer' : 'a number')
    const range = shape.meta.integer
    if (!range) return Number.isFinite(Number(raw)) ? Number(raw) : this.#wrongType(raw, 'a finite number')
    if (typeof raw === 'number' && !Number.isInteger(raw)) return this.#wrongType(raw, 'an integer')
    if (raw < range[0] || raw > range[1]) {
      this.#fault('out-of-range', `${raw} is not between ${range[0]} and ${range[1]}`)
      return undefined
    }
    return typeof raw === 'bigint' && Number.isSafeInteger(Number(raw)) ? Number(raw) : raw
  }

  /** Runs the checks that the declaration gives a value; structs and lists were decoded, so only their own checks remain. */
  #checked(shape: Shape, value: unknown, isItem: boolean): unknown {
    if (!shape.checked || this.#options.stored || (!isItem && isOmitted(shape, value))) return value
    const own = shape.type === 'struct' || shape.type === 'list' || shape.type === 'map'
    const issues = isTyped(shape, value) ? runChecks(shape, value) : (v.safeParse(shape.schema, value).issues ?? [])
    for (const issue of issues) {
      const [message = '', ...help] = issue.message.split('\n')
      const suggestion = shape.type === 'string' && shape.options ? didYouMean(String(value), shape.options) : undefined
      const hint = help.length > 0 ? help.join('\n') : suggestion === undefined ? undefined : `did you mean "${suggestion}"?`
      const shown = own || shape.meta.secret ? message : `${typeof value === 'string' ? `"${value}"` : String(value)} ${message}`
      this.#fault(shape.type === 'string' && shape.options ? 'not-allowed' : 'bad-value', shown, undefined, hint)
    }
    return value
  }

  #unknownField(key: string, shape: Extract<Shape, { type: 'struct' }>): void {
    if (this.#options.stored) return
    const suggestion = didYouMean(key, shape.byName.keys())
    const known = shape.fields.map(([name]) => name).join(', ')
    const help = suggestion === undefined ? `known fields here: ${known === '' ? 'none' : known}` : `did you mean "${suggestion}"?`
    this.#fault('unknown-field', `unknown field "${key}"`, key, help)
  }

  #wrongType(raw: unknown, wanted: string, help?: string): undefined {
    this.#fault('wrong-type', `expected ${wanted}, found ${describe(raw)}`, undefined, help)
    return undefined
  }

  #fault(code: string, message: string, key?: string, help?: string): void {
    const path = key === undefined ? [...this.#path] : [...this.#path, key]
    this.#options.report({ code, path, message, ...(help === undefined ? {} : { help }), ...(key === undefined ? {} : { atKey: true }) })
  }
}

/** Names the type (and short values) of something raw, for messages. */
export function describe(raw: unknown): string {
  if (raw === HIDDEN) return 'something else'
  if (raw instanceof AmbiguousScalar) return raw.text
  if (raw instanceof FloatScalar) return raw.text ?? String(raw.value)
  if (Array.isArray(raw)) return 'a list'
  if (raw === null) return 'null'
  if (typeof raw === 'object') return 'a mapping'
  if (typeof raw === 'string') return `the text "${raw.length > 60 ? `${raw.slice(0, 57)}...` : raw}"`
  return `${raw as number | boolean | bigint | undefined}`
}

export function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof AmbiguousScalar) && !(raw instanceof FloatScalar)
}

/** What Go has for a value that is not there. */
export function zeroOf(shape: Shape): unknown {
  if (shape.meta.zero !== undefined) return shape.meta.zero
  switch (shape.type) {
    case 'struct':
    case 'map':
      return {}
    case 'list':
      return []
    case 'number':
      return 0
    case 'boolean':
      return false
    default:
      return ''
  }
}

/** Sets a key of its own even when it is called `__proto__`. */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

function ambiguousHelp(scalar: AmbiguousScalar): string {
  const other = typeof scalar.yaml11 === 'string' ? '' : `, or ${String(scalar.yaml11)} if that is what you mean`
  return `quote it: "${scalar.text}"${other}`
}

/** Whether a decoded value is known to be of the schema's type, so that only the checks behind it have anything to say. */
function isTyped(shape: Shape, value: unknown): boolean {
  if (shape.type === 'custom') return false
  return shape.type !== 'string' || !shape.options || shape.options.includes(value as string) || shape.meta.words !== undefined
}

function runChecks({ checks }: Shape, value: unknown): readonly { readonly message: string }[] {
  if (checks.length === 0) return NO_ISSUES
  let dataset: CheckedValue = { typed: true, value }
  for (const check of checks) dataset = check['~run'](dataset, NO_CONFIG)
  return dataset.issues ?? NO_ISSUES
}

const NO_ISSUES: readonly never[] = []
const NO_CONFIG = {}
