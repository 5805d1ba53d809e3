import type { FieldMeta, LazySchema } from './schema.ts'
import type * as v from 'valibot'

/** A schema as the walkers (decode, arrange, defaults, JSON Schema, explain) see it: valibot's declaration, flattened once and kept. */
export type Shape = LeafShape | StructShape | ListShape | MapShape

/** A check of valibot's pipe. */
export interface CheckAction {
  '~run'(dataset: CheckedValue, config: object): CheckedValue
}

export interface CheckedValue {
  readonly typed: true
  readonly value: unknown
  readonly issues?: readonly { readonly message: string }[]
}

interface Common {
  readonly schema: v.GenericSchema
  /** The checks behind the type, in order. */
  readonly checks: readonly CheckAction[]
  readonly meta: FieldMeta
  /** What is stored when the field is absent; undefined: nothing. */
  readonly default: unknown
}

export interface LeafShape extends Common {
  readonly type: 'string' | 'number' | 'boolean' | 'custom'
  /** Has checks of its own: worth running valibot on a value. */
  readonly checked: boolean
  /** The allowed words, when they are listed. */
  readonly options?: readonly string[]
}

export interface StructShape extends Common {
  readonly type: 'struct'
  readonly fields: readonly (readonly [name: string, shape: Shape])[]
  readonly byName: ReadonlyMap<string, Shape>
  /** Lower-case name to name: Go's decoder takes any letter case. */
  readonly byLowerName: ReadonlyMap<string, string>
  readonly checked: boolean
}

export interface ListShape extends Common {
  readonly type: 'list'
  readonly item: Shape
  readonly checked: boolean
}

export interface MapShape extends Common {
  readonly type: 'map'
  readonly value: Shape
  readonly checked: boolean
}

const shapes = new WeakMap<object, Shape>()

/** The shape of a schema made by the builders of `schema.ts`. */
export function shapeOf(schema: v.GenericSchema): Shape {
  let shape = shapes.get(schema)
  if (!shape) {
    shape = makeShape(isLazy(schema) ? schema.build() : schema)
    shapes.set(schema, shape)
  }
  return shape
}

/** Whether Go leaves a field with this value out of the JSON it writes. A value that is left out is not validated either. */
export function isOmitted(shape: Shape, value: unknown): boolean {
  switch (shape.meta.omit ?? (shape.type === 'struct' ? 'absent' : 'empty')) {
    case 'never':
      return false
    case 'absent':
      return value === undefined
    default:
      return isZero(value)
  }
}

// --- internal ---

function isLazy(schema: object): schema is LazySchema {
  return 'build' in schema
}

interface AnySchema {
  readonly type: string
  readonly wrapped?: v.GenericSchema
  readonly default?: unknown
  readonly pipe?: readonly { readonly kind: string; readonly type: string; readonly metadata?: FieldMeta; readonly '~run'?: unknown }[]
  readonly entries?: Record<string, v.GenericSchema>
  readonly item?: v.GenericSchema
  readonly value?: v.GenericSchema
  readonly options?: readonly string[]
}

/** What is below a shape is made when it is first looked at: one resource has few of the fields that its kind knows. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function makeShape(schema: v.GenericSchema): Shape {
  const outer = schema as unknown as AnySchema
  const inner = outer.type === 'optional' && outer.wrapped ? outer.wrapped : schema
  const node = inner as unknown as AnySchema
  const meta: FieldMeta = Object.assign({}, ...(node.pipe ?? []).filter((item) => item.type === 'metadata').map((item) => item.metadata))
  const checked = node.type === 'picklist' || (node.pipe ?? []).some((item) => item.kind === 'validation' || item.type === 'raw_check')
  const checks = (node.pipe ?? []).slice(1).filter((item) => item.kind === 'validation' && item['~run']) as unknown as CheckAction[]
  const common = { schema: inner, meta, default: outer.type === 'optional' ? outer.default : undefined, checked, checks }
  if (meta.decode) return { ...common, type: 'custom' }
  switch (node.type) {
    case 'strict_object': {
      const fields = once(() => Object.entries(node.entries ?? {}).map(([name, field]) => [name, shapeOf(field)] as const))
      const byName = once(() => new Map(fields()))
      const byLowerName = once(() => new Map(fields().map(([name]) => [name.toLowerCase(), name])))
      return {
        ...common,
        type: 'struct',
        get fields() {
          return fields()
        },
        get byName() {
          return byName()
        },
        get byLowerName() {
          return byLowerName()
        },
      }
    }
    case 'array': {
      const item = once(() => shapeOf(node.item as v.GenericSchema))
      return {
        ...common,
        type: 'list',
        get item() {
          return item()
        },
      }
    }
    case 'record': {
      const value = once(() => shapeOf(node.value as v.GenericSchema))
      return {
        ...common,
        type: 'map',
        get value() {
          return value()
        },
      }
    }
    case 'picklist':
      return { ...common, type: 'string', options: node.options ?? [] }
    case 'string':
      return { ...common, type: 'string', ...(meta.words ? { options: meta.words } : {}) }
    case 'boolean':
      return { ...common, type: 'boolean' }
    default:
      return { ...common, type: 'number' }
  }
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === 0n || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.keys(value).length === 0
}
