import { isDecodedLeaf } from '../model/decode.ts'
import { API_VERSION, type Kind } from '../model/kind.ts'
import { metadataSchema } from '../model/metadata.ts'
import { isOmitted, type LeafShape, type MapShape, type Shape, shapeOf, type StructShape } from '../model/shape.ts'

/**
 * A resource as `formatJson` shows it, made of its stored text alone: a fraction of what reading it and writing it again costs. Only of text that is exactly
 * what Calico writes today, every field known and in its place; undefined for all other: that has to be read to tell what it shows. `indent` is put before
 * every line but the first.
 */
export function layOutStored(kind: Kind, text: string, revision: number, indent: string): string | undefined {
  return NOT_PLAIN.test(text) ? undefined : new Layout(text, indent).resource(kind, String(revision))
}

// --- internal ---

/** A letter that output escapes, or an escape that output has not. */
const NOT_PLAIN = /[^ -%'-;=?-~]|\\(?!["\\]|u0026|u003[ce])/
const CLOSING = 0x7d
const COMMA = 0x2c
const INTEGER = /(?:0|-?[1-9]\d{0,14})(?=[,}\]])/y

/** Goes through the text and the declaration side by side; each step is false when they differ. */
class Layout {
  readonly #text: string
  readonly #indent: string
  #at = 0
  #out = ''

  constructor(text: string, indent: string) {
    this.#text = text
    this.#indent = indent
  }

  resource(kind: Kind, revision: string): string | undefined {
    const inner = `${this.#indent}  `
    const { spec, status } = kind.body
    const isWhole =
      this.#take(`{"kind":"${kind.kind}","apiVersion":"${API_VERSION}","metadata":`) &&
      this.#put(`{\n${inner}"kind": "${kind.kind}",\n${inner}"apiVersion": "${API_VERSION}",\n${inner}"metadata": `) &&
      this.#struct(shapeOf(metadataSchema) as StructShape, inner, revision) &&
      this.#part('spec', shapeOf(spec), inner) &&
      (status === undefined || this.#part('status', shapeOf(status), inner)) &&
      this.#take('}') &&
      this.#put(`\n${this.#indent}}`)
    return isWhole && this.#at === this.#text.length ? this.#out : undefined
  }

  #part(name: string, shape: Shape, indent: string): boolean {
    if (!this.#take(`,"${name}":`)) return name === 'status' && shape.meta.omit === 'absent'
    return this.#put(`,\n${indent}"${name}": `) && this.#value(shape, indent)
  }

  #value(shape: Shape, indent: string): boolean {
    switch (shape.type) {
      case 'struct':
        return this.#struct(shape, indent)
      case 'list':
        return this.#take('[') && this.#items('[', ']', indent, (inner) => this.#value(shape.item, inner))
      case 'map':
        return this.#map(shape, indent)
      default:
        return this.#leaf(shape) !== undefined
    }
  }

  /** `revision`: where the struct is metadata, which do not hold it in the store. */
  #struct(shape: StructShape, indent: string, revision?: string): boolean {
    if (!this.#take('{')) return false
    const inner = `${indent}  `
    const [first, further] = [`{\n${inner}`, `,\n${inner}`]
    let before = first
    let found = false
    for (const { name, token, label, field, optional } of fieldsOf(shape)) {
      const isRevision = revision !== undefined && name === 'resourceVersion'
      if (!this.#takeField(token, found)) {
        if (isRevision) this.#put(`${before}${label}"${revision}"`)
        else if (optional) continue
        else return false
      } else {
        found = true
        this.#put(before + label)
        if (isRevision || !this.#field(field, inner)) return false
      }
      before = further
    }
    return this.#take('}') && this.#put(before === further ? `\n${indent}}` : '{}')
  }

  /** A value that must not be one that is left out. */
  #field(shape: Shape, indent: string): boolean {
    if (shape.type === 'struct' || shape.type === 'map') {
      if (this.#text.startsWith('{}', this.#at) && isOmitted(shape, NOTHING)) return false
    } else if (shape.type === 'list') {
      if (this.#text.startsWith('[]', this.#at) && isOmitted(shape, NO_ITEMS)) return false
    } else {
      const value = this.#leaf(shape)
      return value !== undefined && !isOmitted(shape, value)
    }
    return this.#value(shape, indent)
  }

  #map(shape: MapShape, indent: string): boolean {
    let last: string | undefined
    const entry = (inner: string): boolean => {
      const key = this.#text.startsWith('"', this.#at) ? this.#string() : undefined
      // ASCII without escapes: its order is that of its bytes.
      if (key === undefined || key.includes('\\') || (last !== undefined && key <= last)) return false
      last = key
      return this.#take(':') && this.#put(`"${key}": `) && this.#value(shape.value, inner)
    }
    return this.#take('{') && this.#items('{', '}', indent, entry)
  }

  /** What stands between brackets, the first of which is taken. */
  #items(open: string, close: string, indent: string, item: (indent: string) => boolean): boolean {
    if (this.#take(close)) return this.#put(open + close)
    const inner = `${indent}  `
    let before = open
    do {
      if (!this.#put(`${before}\n${inner}`) || !item(inner)) return false
      before = ','
    } while (this.#take(','))
    return this.#take(close) && this.#put(`\n${indent}${close}`)
  }

  /** Takes a scalar and gives its value, of texts with escapes something like it; undefined: decoding it would give another. */
  #leaf(shape: LeafShape): string | number | boolean | undefined {
    const start = this.#at
    const value = this.#scalar()
    if (value === undefined || (shape.type === 'custom' && typeof value === 'string' && value.includes('\\'))) return undefined
    if (!isDecodedLeaf(shape, value)) return undefined
    this.#put(this.#text.slice(start, this.#at))
    return value
  }

  #scalar(): string | number | boolean | undefined {
    if (this.#text.startsWith('"', this.#at)) return this.#string()
    if (this.#take('true')) return true
    if (this.#take('false')) return false
    return this.#integer()
  }

  #string(): string | undefined {
    const start = this.#at + 1
    let end = this.#text.indexOf('"', start)
    // One behind an escape is a part of the text.
    while (end >= 0 && isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) return undefined
    this.#at = end + 1
    return this.#text.slice(start, end)
  }

  #integer(): number | undefined {
    INTEGER.lastIndex = this.#at
    if (!INTEGER.test(this.#text)) return undefined
    const number = Number(this.#text.slice(this.#at, INTEGER.lastIndex))
    this.#at = INTEGER.lastIndex
    return number
  }

  /** The name of a field and its colon. */
  #takeField(token: string, isFurther: boolean): boolean {
    const next = this.#text.charCodeAt(this.#at)
    if (next === CLOSING || (isFurther && next !== COMMA)) return false
    const start = isFurther ? this.#at + 1 : this.#at
    if (!this.#text.startsWith(token, start)) return false
    this.#at = start + token.length
    return true
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #put(text: string): true {
    this.#out += text
    return true
  }
}

const NOTHING = {}
const NO_ITEMS: readonly never[] = []

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === 0x5c) first--
  return (at - first) % 2 === 1
}

interface StoredField {
  readonly name: string
  /** As it stands before the value, in the store and in the output. */
  readonly token: string
  readonly label: string
  readonly field: Shape
  /** May be missing. */
  readonly optional: boolean
}

const known = new WeakMap<StructShape, readonly StoredField[]>()

function fieldsOf(shape: StructShape): readonly StoredField[] {
  let fields = known.get(shape)
  if (!fields) {
    fields = shape.fields.map(([name, field]) => ({ name, token: `"${name}":`, label: `"${name}": `, field, optional: isOmitted(field, undefined) }))
    known.set(shape, fields)
  }
  return fields
}
