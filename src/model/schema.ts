import * as v from 'valibot'

/**
 * The words in which kinds are declared. Each builder gives a valibot schema, so that types (`v.InferInput`), checks and JSON Schema
 * come from the one declaration; what valibot has no word for (how Go encodes and decodes the field) is its metadata.
 *
 * Every field is optional, as in Go; what must be there is said by a kind's rules. A check's message may have several lines: the first says
 * what is wrong, the others what to do about it.
 */
export type Field<T> = v.GenericSchema<T | undefined>

/** The value type of a field or struct. */
export type ValueOf<S> = S extends v.GenericSchema<infer T> ? Exclude<T, undefined> : never

/** When Go leaves a field out of the JSON it writes (`reference/model.md 0.1`). */
export type Omit =
  /** `omitempty` on a plain type: `""`, 0, false, null and empty lists and maps go. The rule for text, numbers, booleans, lists and maps. */
  | 'empty'
  /** `omitempty` on a pointer: only an absent value goes; 0, false and `{}` stay. The rule for structs. */
  | 'absent'
  /** No `omitempty`: always there, with its zero value when absent. */
  | 'never'
  /** `omitzero`: a struct goes when everything in it is zero. */
  | 'zero'

/** What JSON Schema (draft 7) can say about a value. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

export interface FieldMeta {
  readonly omit?: Omit
  /** Turns a raw value into the field's own; `fail` reports what is wrong with it (then the result is ignored). */
  readonly decode?: (raw: unknown, fail: (message: string, help?: string) => void) => unknown
  /** How the type is called in messages, `explain` and tables of fields: `duration`, `port`, `AS number`, ... */
  readonly typeName?: string
  /** How a value with an encoding of its own is written, in JSON Schema. */
  readonly json?: JsonSchema
  /** The allowed words where letter case does not count. */
  readonly words?: readonly string[]
  /** Integers: the range of the Go type. Outside of it the value does not decode. */
  readonly integer?: readonly [min: number | bigint, max: number | bigint]
  /** What Go has for an absent value of a type with an encoding of its own (null: a time); default: the empty text. */
  readonly zero?: unknown
  /** Field holds a secret: never in errors, logs or change records. */
  readonly secret?: boolean
}

/** Says what is wrong with a value (first line) and what to do (further lines); undefined when it is fine. */
export type Check<T> = (value: T) => string | undefined

/** A check that lets the empty string pass: Go's validator skips it in most fields and items (`omitempty`). */
export function orEmpty(check: Check<string>): Check<string> {
  return (value) => (value === '' ? undefined : check(value))
}

interface CommonOptions<T> {
  readonly omit?: Omit
  /** Stored when the field is absent (a CRD default of the peer). */
  readonly default?: T
  readonly check?: Check<T> | readonly Check<T>[]
  readonly secret?: boolean
}

interface TextOptions extends CommonOptions<string> {
  /** Allowed values, compared exactly, or without regard to letter case with `anyCase`. */
  readonly oneOf?: readonly string[]
  readonly anyCase?: boolean
  readonly pattern?: RegExp
  /** What a value must look like, when `pattern` refuses it. */
  readonly patternHelp?: string
  readonly maxLength?: number
}

/** A string field (`omitempty`; a Go pointer with `omit: 'absent'`). */
export function text(description: string, options: TextOptions = {}): Field<string> {
  return lazily(() => buildText(description, options))
}

/** An integer; `range` is the Go type's (int, int32, uint8, ...), `min` and `max` are what validation allows. */
export function integer(
  description: string,
  options: CommonOptions<number> & {
    readonly range?: readonly [number | bigint, number | bigint]
    readonly min?: number
    readonly max?: number
  } = {},
): Field<number> {
  return lazily(() => {
    const actions: unknown[] = [v.description(description)]
    const { min, max } = options
    if (min !== undefined) actions.push(v.minValue(min, rangeMessage(min, max)))
    if (max !== undefined) actions.push(v.maxValue(max, rangeMessage(min, max)))
    return finish(v.union([v.number(), v.bigint()]), actions, options, { integer: options.range ?? INT64 })
  })
}

/** A 64-bit float, such as a policy's `order`. */
export function float(description: string, options: CommonOptions<number> = {}): Field<number> {
  return lazily(() => finish(v.number(), [v.description(description)], options, {}))
}

export function flag(description: string, options: CommonOptions<boolean> = {}): Field<boolean> {
  return lazily(() => finish(v.boolean(), [v.description(description)], options, {}))
}

/** A value with an encoding of its own (port, protocol, duration, AS number): `decode` makes it from the raw value; `json` says how it is written. */
export function custom<T>(
  description: string,
  typeName: string,
  decode: NonNullable<FieldMeta['decode']>,
  options: CommonOptions<T> & { readonly json: JsonSchema; readonly schema?: v.GenericSchema<T>; readonly zero?: T | null },
): Field<T> {
  const meta = { decode, typeName, json: options.json, ...(options.zero === undefined ? {} : { zero: options.zero }) }
  return lazily(() => finish(options.schema ?? v.custom<T>(() => true), [v.description(description)], options, meta))
}

/** A list; `min` and `max` are numbers of items. */
export function list<T>(
  description: string,
  item: Field<T>,
  options: CommonOptions<T[]> & { readonly min?: number; readonly max?: number } = {},
): Field<T[]> {
  return lazily(() => {
    const actions: unknown[] = [v.description(description)]
    if (options.min !== undefined) actions.push(v.minLength(options.min, `must have at least ${options.min} item(s)`))
    if (options.max !== undefined) {
      actions.push(v.maxLength(options.max, (issue) => `has ${issue.input.length} items, ${options.max} at most are allowed`))
    }
    return finish(v.array(item), actions, options, {})
  })
}

/** A map of text to values. */
export function map<T>(description: string, value: Field<T>, options: CommonOptions<Record<string, T>> = {}): Field<Record<string, T>> {
  return lazily(() => finish(v.record(v.string(), value), [v.description(description)], options, {}))
}

type Entries = Record<string, v.GenericSchema>
type StructValue<E extends Entries> = { -readonly [K in keyof E]?: v.InferInput<E[K]> }

/** A struct; entries stand in the order in which Go writes them. A field of struct type is a pointer unless `omit` says otherwise. */
export function struct<const E extends Entries>(description: string, entries: E, options: CommonOptions<StructValue<E>> = {}): Field<StructValue<E>> {
  return lazily(() => finish(v.strictObject(entries), [v.description(description)], options, {}))
}

// --- internal ---

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const

/**
 * A schema that is built when it is first looked at (by `shapeOf`): a command touches one kind of many, and building all of them is a good part of what
 * starting costs.
 */
export interface LazySchema {
  readonly build: () => v.GenericSchema
}

function lazily<T>(make: () => v.GenericSchema): Field<T> {
  let built: v.GenericSchema | undefined
  const lazy: LazySchema = { build: () => (built ??= make()) }
  return lazy as unknown as Field<T>
}

function finish<T>(base: v.GenericSchema, actions: unknown[], options: CommonOptions<T>, meta: FieldMeta): v.GenericSchema {
  const checks = options.check === undefined ? [] : typeof options.check === 'function' ? [options.check] : options.check
  for (const check of checks) {
    actions.push(
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? check(dataset.value as T) : undefined
        if (message !== undefined) addIssue({ message })
      }),
    )
  }
  const full: FieldMeta = {
    ...meta,
    ...(options.omit === undefined ? {} : { omit: options.omit }),
    ...(options.secret === undefined ? {} : { secret: options.secret }),
  }
  actions.push(v.metadata(full as Record<string, unknown>))
  const pipe = v.pipe as unknown as (schema: v.GenericSchema, ...items: unknown[]) => v.GenericSchema
  const schema = pipe(base, ...actions)
  return options.default === undefined ? v.optional(schema) : v.optional(schema, options.default as never)
}

function buildText(description: string, options: TextOptions): v.GenericSchema {
  const actions: unknown[] = [v.description(description)]
  if (options.pattern) actions.push(v.regex(options.pattern, patternMessage(options.patternHelp)))
  if (options.maxLength !== undefined) {
    actions.push(v.maxLength(options.maxLength, (issue) => `has ${issue.input.length} characters, ${options.maxLength} at most are allowed`))
  }
  const base = options.oneOf && !options.anyCase ? v.picklist(options.oneOf, oneOfMessage(options.oneOf)) : v.string()
  if (options.oneOf && options.anyCase) {
    const allowed = new Set(options.oneOf.map((word) => word.toLowerCase()))
    actions.push(v.check((value: string) => allowed.has(value.toLowerCase()), oneOfMessage(options.oneOf)))
  }
  return finish(base, actions, options, options.oneOf && options.anyCase ? { words: options.oneOf } : {})
}

function patternMessage(help: string | undefined): string {
  return help === undefined ? 'has characters that are not allowed here' : `has characters that are not allowed here\n${help}`
}

function oneOfMessage(allowed: readonly string[]): string {
  return `is not one of ${allowed.map((word) => `"${word}"`).join(', ')}`
}

function rangeMessage(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `is not between ${min} and ${max}`
  return min === undefined ? `is larger than ${max}` : `is smaller than ${min}`
}
