import { metadataSchema } from '../../model/metadata.ts'
import type { Kind } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { type Shape, shapeOf } from '../../model/shape.ts'
import { didYouMean } from '../../model/suggest.ts'
import { TemplateFault } from './fault.ts'
import { GoFloat, isList, isMap, type Value, type ValueMap } from './value.ts'

/**
 * Reads fields as a template written for the peer expects them. There a resource is a Go struct: `.ObjectMeta.Name`, `.Spec.CIDR`, a field that is not set
 * has its type's zero value, and one that does not exist is an error. Here the names in JSON do as well, in any letter case. All else is a map: a key that
 * is not there has no value.
 */
export class Fields {
  /** What is known of the objects and lists met so far. Data is JSON, so each has one place and thus one type. */
  readonly #types = new WeakMap<object, Type>()

  /** @throws TemplateFault without a place */
  of(value: Value, name: string): Value {
    if (value === undefined || value === null) return undefined
    if (isMap(value)) {
      const type = this.#typeOf(value)
      return type === undefined ? fromMap(value, name) : this.#ofStruct(value, type, name)
    }
    const help = isList(value) ? 'go through its items: {{range .}}...{{end}}' : undefined
    throw new TemplateFault(`can't evaluate field ${name} in ${isList(value) ? 'a list' : `a value of type ${typeof value}`}`, undefined, help)
  }

  /** An item of a list or map, made to know its type. */
  item(parent: Value, key: number | string): Value {
    const type = typeof parent === 'object' && parent !== null ? this.#types.get(parent) : undefined
    const value = isList(parent) ? parent[key as number] : isMap(parent) ? own(parent, String(key)) : undefined
    const shape =
      type && 'shape' in type ? (type.shape.type === 'list' ? type.shape.item : type.shape.type === 'map' ? type.shape.value : undefined) : undefined
    return this.#typed(value, shape, type?.label ?? '')
  }

  /** Whether a value is a struct of Go's: always true, and nothing to range over. */
  isStruct(value: Value): boolean {
    if (!isMap(value)) return false
    const type = this.#typeOf(value)
    return type !== undefined && (!('shape' in type) || type.shape.type === 'struct')
  }

  #typeOf(value: ValueMap): Type | undefined {
    const known = this.#types.get(value)
    if (known) return known
    const { kind, apiVersion } = value
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') return undefined
    const found = kindNamed(kind)
    if (found) return { label: kind, kind: found }
    return kind.endsWith('List') && isList(value['items']) && kindNamed(kind.slice(0, -4)) ? { label: kind, list: true } : undefined
  }

  #ofStruct(value: ValueMap, type: Type, name: string): Value {
    const lower = name.toLowerCase()
    if ('shape' in type) {
      if (type.shape.type !== 'struct') return fromMap(value, name, false)
      const key = type.shape.byName.has(name) ? name : type.shape.byLowerName.get(lower)
      if (key === undefined) throw unknownField(name, type.label, type.shape.byName.keys())
      return this.#typed(own(value, key), type.shape.byName.get(key), `${type.label}.${key}`)
    }
    if (lower === 'typemeta') return value
    const members = membersOf(type)
    const key = lower === 'objectmeta' || lower === 'listmeta' ? 'metadata' : [...members.keys()].find((key) => key.toLowerCase() === lower)
    if (key !== undefined) return this.#typed(own(value, key), members.get(key), `${type.label}.${key}`)
    // Go promotes the fields of embedded metadata.
    const metadata = members.get('metadata')
    if (metadata?.type === 'struct' && metadata.byLowerName.has(lower)) return this.of(this.of(value, 'metadata'), name)
    throw unknownField(name, type.label, members.keys())
  }

  #typed(value: Value, shape: Shape | undefined, label: string): Value {
    if (shape === undefined) return value ?? undefined
    const present = value ?? zeroOf(shape)
    if (typeof present === 'number' && shape.type === 'number' && shape.meta.integer === undefined) return new GoFloat(present)
    if (typeof present === 'object' && present !== null && !(present instanceof GoFloat)) this.#types.set(present, { label, shape })
    return present
  }
}

// --- internal ---

type Type = { readonly label: string } & ({ readonly shape: Shape } | { readonly kind: Kind } | { readonly list: true })

/** The fields of a resource or list, and what stands in them where that is declared. */
function membersOf(type: Exclude<Type, { shape: Shape }>): Map<string, Shape | undefined> {
  const members = new Map<string, Shape | undefined>([
    ['kind', undefined],
    ['apiVersion', undefined],
    ['metadata', shapeOf(metadataSchema)],
  ])
  if ('list' in type) return members.set('items', undefined)
  members.set('spec', shapeOf(type.kind.body.spec))
  if (type.kind.body.status) members.set('status', shapeOf(type.kind.body.status))
  return members
}

/** In JSON no field of Go's has a capital first letter: a name that has one and is not there is looked for in any letter case. Not so where keys are the user's. */
function fromMap(value: ValueMap, name: string, anyCase = true): Value {
  if (Object.hasOwn(value, name)) return value[name] ?? undefined
  if (!anyCase || !/^\p{Lu}/u.test(name)) return undefined
  const wanted = name === 'ObjectMeta' || name === 'ListMeta' ? 'metadata' : name.toLowerCase()
  const key = Object.keys(value).find((key) => key.toLowerCase() === wanted)
  return key === undefined ? undefined : (value[key] ?? undefined)
}

function own(value: ValueMap, key: string): Value {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** What Go has in a field that is not set: nothing in a pointer, else the zero of the type. */
function zeroOf(shape: Shape): Value {
  if ((shape.meta.omit ?? (shape.type === 'struct' ? 'absent' : 'empty')) === 'absent') return null
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
    case 'string':
      return ''
    default:
      return shape.meta.zero === null ? null : ''
  }
}

function unknownField(name: string, label: string, known: Iterable<string>): TemplateFault {
  const names = [...known]
  const meant = didYouMean(name, names)
  const help = meant === undefined ? `its fields: ${names.join(', ')}` : `did you mean ${meant}?`
  return new TemplateFault(`can't evaluate field ${name} in type ${label}`, undefined, help)
}
