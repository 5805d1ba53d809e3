/**
 * Protocol buffers for etcd's services without a library: messages are described by tables and walked, no code is generated and no `.proto` text is
 * parsed when the program starts. The bundle puts this in the place of etcd3's loader (see `esbuild.config.mjs`); values have the same form: 64-bit
 * integers as decimal text, enumerations by name, absent fields with their defaults. But bytes come as the text they are in UTF-8, which all that we read is:
 * buffers by the ten thousand would cost more than the rest of reading.
 */
export interface Descriptor {
  readonly messages: Readonly<Record<string, readonly FieldDescriptor[]>>
  /** Enumerations: name to number. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly services: Readonly<Record<string, readonly MethodDescriptor[]>>
}

/** `type` is a scalar type of protocol buffers, or the name of a message or enumeration. */
export interface FieldDescriptor {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly repeated?: boolean
  /** The group of alternatives it belongs to. */
  readonly oneof?: string
}

export interface MethodDescriptor {
  readonly name: string
  readonly request: string
  readonly response: string
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** Service definitions as `grpc.loadPackageDefinition` takes them, keyed by full service name. */
export function serviceDefinitions(descriptor: Descriptor, packageName: string): Record<string, Record<string, object>> {
  const definitions: Record<string, Record<string, object>> = {}
  const formats = new Formats(descriptor)
  for (const [service, methods] of Object.entries(descriptor.services)) {
    definitions[`${packageName}.${service}`] = Object.fromEntries(
      methods.map((method) => {
        const request = () => formats.of(method.request)
        const response = () => formats.of(method.response)
        const definition = {
          path: `/${packageName}.${service}/${method.name}`,
          originalName: method.name[0]?.toLowerCase() + method.name.slice(1),
          requestStream: method.requestStream,
          responseStream: method.responseStream,
          requestSerialize: (value: Message) => encodeMessage(request(), value),
          requestDeserialize: (bytes: Buffer) => decodeMessage(request(), bytes),
          responseSerialize: (value: Message) => encodeMessage(response(), value),
          responseDeserialize: (bytes: Buffer) => decodeMessage(response(), bytes),
        }
        return [method.name, definition]
      }),
    )
  }
  return definitions
}

/** What a message holds. Absent fields have their defaults from its prototype. */
type Message = Record<string, unknown>

// --- internal ---

/** How a type of message is read and written. */
interface Format {
  /** In declared order. */
  readonly fields: readonly Field[]
  readonly byId: readonly (Field | undefined)[]
  /** A message when nothing was sent: scalars zero, lists empty, messages null; of alternatives none. */
  readonly defaults: Message
}

type Field = FieldDescriptor & FieldType

type FieldType =
  | { readonly holds: 'bytes' | 'string' | 'bool' | 'integer' | 'long' }
  | { readonly holds: 'enum'; readonly numbers: Readonly<Record<string, number>>; readonly names: ReadonlyMap<number, string> }
  | { readonly holds: 'message'; readonly format: () => Format }

/** Formats of messages, made when they are needed: a command sends and gets few of the types. */
class Formats {
  readonly #descriptor: Descriptor
  readonly #known = new Map<string, Format>()

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
  }

  of(type: string): Format {
    const known = this.#known.get(type)
    if (known) return known
    const fields = (this.#descriptor.messages[type] ?? []).map((field): Field => ({ ...field, ...this.#typeOf(field.type) }))
    const byId: Field[] = []
    for (const field of fields) byId[field.id] = field
    const defaults = fields.filter((field) => field.repeated || field.oneof === undefined).map((field) => [field.name, defaultOf(field)] as const)
    const format = { fields, byId, defaults: Object.fromEntries(defaults) }
    this.#known.set(type, format)
    return format
  }

  #typeOf(type: string): FieldType {
    switch (type) {
      case 'bytes':
      case 'string':
      case 'bool':
        return { holds: type }
      case 'int32':
      case 'uint32':
        return { holds: 'integer' }
      case 'int64':
      case 'uint64':
        return { holds: 'long' }
      default: {
        const numbers = this.#descriptor.enums[type]
        if (!numbers) return { holds: 'message', format: () => this.of(type) }
        return { holds: 'enum', numbers, names: new Map(Object.entries(numbers).map(([name, number]) => [number, name])) }
      }
    }
  }
}

function defaultOf(field: Field): unknown {
  if (field.repeated) return NO_ITEMS
  switch (field.holds) {
    case 'bytes':
    case 'string':
      return ''
    case 'bool':
      return false
    case 'integer':
      return 0
    case 'long':
      return '0'
    case 'enum':
      return field.names.values().next().value ?? 0
    default:
      return null
  }
}

const NO_ITEMS = Object.freeze([])

const VARINT = 0
const LENGTH = 2

function encodeMessage(format: Format, message: Message): Buffer {
  const writer = new Writer()
  writeFields(writer, format, message)
  return writer.finish()
}

/** From the last field to the first, as `Writer` goes. */
function writeFields(writer: Writer, { fields }: Format, message: Message): void {
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i] as Field
    const given = message[field.name]
    if (given === undefined || given === null) continue
    if (!field.repeated) {
      writeField(writer, field, given)
      continue
    }
    const items = given as readonly unknown[]
    for (let at = items.length - 1; at >= 0; at--) writeField(writer, field, items[at])
  }
}

function writeField(writer: Writer, field: Field, value: unknown): void {
  switch (field.holds) {
    case 'bytes':
    case 'string': {
      const bytes = typeof value === 'string' ? Buffer.from(value) : (value as Buffer)
      writer.bytes(bytes)
      writer.varint(bytes.length)
      return writer.tag(field.id, LENGTH)
    }
    case 'message': {
      const behind = writer.length
      writeFields(writer, field.format(), value as Message)
      writer.varint(writer.length - behind)
      return writer.tag(field.id, LENGTH)
    }
    case 'bool':
      writer.varint(value ? 1 : 0)
      return writer.tag(field.id, VARINT)
    case 'enum':
      writer.varint(typeof value === 'string' ? (field.numbers[value] ?? 0) : (value as number))
      return writer.tag(field.id, VARINT)
    default:
      writer.varint(value as number | string)
      return writer.tag(field.id, VARINT)
  }
}

/** Writes from the end to the start: the length of what a message holds stands before it, and is known when it has been written. */
class Writer {
  #bytes = Buffer.allocUnsafe(1024)
  /** Where the first byte written stands. */
  #at = this.#bytes.length

  get length(): number {
    return this.#bytes.length - this.#at
  }

  tag(id: number, wire: number): void {
    this.varint((id << 3) | wire)
  }

  /** A whole number, or one of up to 64 bits as decimal text. */
  varint(value: number | string): void {
    const number = Number(value)
    if (number >= 0 && number < 0x80) return this.#byte(number)
    const bytes: number[] = []
    if (Number.isSafeInteger(number) && number >= 0) {
      let rest = number
      for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
      bytes.push(rest)
    } else {
      let rest = BigInt.asUintN(64, BigInt(value))
      for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
      bytes.push(Number(rest))
    }
    for (let i = bytes.length - 1; i >= 0; i--) this.#byte(bytes[i] ?? 0)
  }

  bytes(value: Buffer): void {
    const at = this.#reserve(value.length)
    this.#bytes.set(value, at)
  }

  finish(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  #byte(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
  }

  /** Makes room before what is written; gives its place. */
  #reserve(size: number): number {
    if (size > this.#at) {
      const larger = Buffer.allocUnsafe(2 * (this.length + size))
      this.#bytes.copy(larger, larger.length - this.length, this.#at)
      this.#at += larger.length - this.#bytes.length
      this.#bytes = larger
    }
    return (this.#at -= size)
  }
}

function decodeMessage(format: Format, bytes: Buffer): Message {
  return readFields(format, { bytes, at: 0 }, bytes.length)
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readFields({ byId, defaults }: Format, cursor: Cursor, end: number): Message {
  const message = Object.create(defaults) as Message
  while (cursor.at < end) {
    const tag = readVarint(cursor)
    const field = byId[tag >>> 3]
    const wire = tag & 7
    if (!field) skip(cursor, wire)
    else if (field.repeated) readItems(field, wire, cursor, listOf(message, field.name))
    else {
      message[field.name] = wire === LENGTH ? readLength(field, cursor) : readNumber(field, cursor)
      if (field.oneof !== undefined) message[field.oneof] = field.name
    }
  }
  return message
}

function listOf(message: Message, name: string): unknown[] {
  const list = message[name]
  return list === NO_ITEMS ? (message[name] = []) : (list as unknown[])
}

/** Numbers may come packed: many in one length-prefixed run. */
function readItems(field: Field, wire: number, cursor: Cursor, items: unknown[]): void {
  if (wire !== LENGTH) items.push(readNumber(field, cursor))
  else if (field.holds === 'bytes' || field.holds === 'string' || field.holds === 'message') items.push(readLength(field, cursor))
  else {
    const stop = readVarint(cursor) + cursor.at
    while (cursor.at < stop) items.push(readNumber(field, cursor))
  }
}

function readLength(field: Field, cursor: Cursor): unknown {
  const length = readVarint(cursor)
  const start = cursor.at
  const end = start + length
  if (field.holds === 'message') return readFields(field.format(), cursor, end)
  cursor.at = end
  return cursor.bytes.toString('utf8', start, end)
}

function readNumber(field: Field, cursor: Cursor): unknown {
  switch (field.holds) {
    case 'bool':
      return readVarint(cursor) !== 0
    case 'long':
      return readLong(cursor, field.type === 'int64')
    case 'enum': {
      const number = readVarint(cursor)
      return field.names.get(number) ?? number
    }
    default: {
      const number = readVarint(cursor)
      return field.type === 'int32' ? number | 0 : number
    }
  }
}

/** A varint that fits 32 bits; larger ones keep their low 32 bits, as the callers want. */
function readVarint(cursor: Cursor): number {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = cursor.bytes[cursor.at++] ?? 0
    if (shift < 32) value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
}

function readLong(cursor: Cursor, signed: boolean): string {
  let low = 0
  let factor = 1
  let length = 0
  const start = cursor.at
  for (;;) {
    const byte = cursor.bytes[cursor.at++] ?? 0
    low += (byte & 0x7f) * factor
    factor *= 128
    length++
    if (byte < 0x80) break
  }
  // Seven bytes hold 49 bits: exact as a double.
  if (length <= 7) return String(low)
  let value = 0n
  for (let i = length - 1; i >= 0; i--) value = (value << 7n) | BigInt((cursor.bytes[start + i] ?? 0) & 0x7f)
  return String(signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))
}

function skip(cursor: Cursor, wire: number): void {
  if (wire === VARINT) readLong(cursor, false)
  else if (wire === LENGTH) cursor.at += readVarint(cursor)
  else cursor.at += wire === 1 ? 8 : 4
}
