/**
 * Protocol buffers for etcd's services without a library: messages are described by tables and walked, no code is generated and no `.proto` text is
 * parsed when the program starts. The bundle puts this in the place of etcd3's loader (see `esbuild.config.mjs`); values have the same form: 64-bit
 * integers as decimal text, enumerations by name, bytes as Buffer, absent fields with their defaults.
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
  for (const [service, methods] of Object.entries(descriptor.services)) {
    definitions[`${packageName}.${service}`] = Object.fromEntries(
      methods.map((method) => [
        method.name,
        {
          path: `/${packageName}.${service}/${method.name}`,
          originalName: method.name[0]?.toLowerCase() + method.name.slice(1),
          requestStream: method.requestStream,
          responseStream: method.responseStream,
          requestSerialize: (value: Message) => encodeMessage(descriptor, method.request, value),
          requestDeserialize: (bytes: Buffer) => decodeMessage(descriptor, method.request, bytes),
          responseSerialize: (value: Message) => encodeMessage(descriptor, method.response, value),
          responseDeserialize: (bytes: Buffer) => decodeMessage(descriptor, method.response, bytes),
        },
      ]),
    )
  }
  return definitions
}

export type Message = Record<string, unknown>

export function encodeMessage(descriptor: Descriptor, type: string, value: Message): Buffer {
  const writer = new Writer()
  writeMessage(descriptor, type, value, writer)
  return writer.finish()
}

export function decodeMessage(descriptor: Descriptor, type: string, bytes: Buffer): Message {
  return readMessage(descriptor, type, bytes, 0, bytes.length)
}

// --- internal ---

function writeMessage(descriptor: Descriptor, type: string, value: Message, writer: Writer): void {
  for (const field of descriptor.messages[type] ?? []) {
    const given = value[field.name]
    if (given === undefined || given === null) continue
    if (!field.repeated) writeField(descriptor, field, given, writer)
    else for (const item of given as readonly unknown[]) writeField(descriptor, field, item, writer)
  }
}

function writeField(descriptor: Descriptor, field: FieldDescriptor, value: unknown, writer: Writer): void {
  switch (field.type) {
    case 'bytes':
      writer.tag(field.id, LENGTH)
      return writer.bytes(Buffer.isBuffer(value) ? value : Buffer.from(value as string))
    case 'string':
      writer.tag(field.id, LENGTH)
      return writer.bytes(Buffer.from(value as string))
    case 'bool':
      writer.tag(field.id, VARINT)
      return writer.varint(value ? 1 : 0)
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      writer.tag(field.id, VARINT)
      return writer.varint(typeof value === 'number' ? value : BigInt(value as string))
    default: {
      const numbers = descriptor.enums[field.type]
      if (numbers) {
        writer.tag(field.id, VARINT)
        return writer.varint(typeof value === 'number' ? value : (numbers[value as string] ?? 0))
      }
      const inner = new Writer()
      writeMessage(descriptor, field.type, value as Message, inner)
      writer.tag(field.id, LENGTH)
      return writer.nested(inner)
    }
  }
}

function readMessage(descriptor: Descriptor, type: string, bytes: Buffer, start: number, end: number): Message {
  const fields = fieldsById(descriptor, type)
  const message = emptyMessage(descriptor, type)
  const cursor: Cursor = { bytes, at: start }
  while (cursor.at < end) {
    const tag = readVarint(cursor)
    const field = fields[tag >>> 3]
    const wire = tag & 7
    if (!field) {
      skip(cursor, wire)
      continue
    }
    // A repeated number may come packed: many values in one length-prefixed run.
    if (field.repeated && wire === LENGTH && isVarint(descriptor, field.type)) {
      const stop = readVarint(cursor) + cursor.at
      while (cursor.at < stop) (message[field.name] as unknown[]).push(readVarintValue(descriptor, field.type, cursor))
      continue
    }
    const value = wire === LENGTH ? readLength(descriptor, field.type, cursor) : readVarintValue(descriptor, field.type, cursor)
    if (field.repeated) (message[field.name] as unknown[]).push(value)
    else message[field.name] = value
    if (field.oneof !== undefined) message[field.oneof] = field.name
  }
  return message
}

function readLength(descriptor: Descriptor, type: string, cursor: Cursor): unknown {
  const length = readVarint(cursor)
  const start = cursor.at
  cursor.at += length
  if (type === 'bytes') return cursor.bytes.subarray(start, cursor.at)
  if (type === 'string') return cursor.bytes.toString('utf8', start, cursor.at)
  return readMessage(descriptor, type, cursor.bytes, start, cursor.at)
}

function readVarintValue(descriptor: Descriptor, type: string, cursor: Cursor): unknown {
  if (type === 'bool') return readVarint(cursor) !== 0
  if (type === 'int64') return readLong(cursor, true)
  if (type === 'uint64') return readLong(cursor, false)
  const number = readVarint(cursor)
  const numbers = descriptor.enums[type]
  if (!numbers) return type === 'int32' ? number | 0 : number
  return Object.keys(numbers).find((name) => numbers[name] === number) ?? number
}

function isVarint(descriptor: Descriptor, type: string): boolean {
  return type !== 'bytes' && type !== 'string' && !(type in descriptor.messages)
}

const byId = new WeakMap<Descriptor, Map<string, readonly (FieldDescriptor | undefined)[]>>()

function fieldsById(descriptor: Descriptor, type: string): readonly (FieldDescriptor | undefined)[] {
  let types = byId.get(descriptor)
  if (!types) byId.set(descriptor, (types = new Map()))
  let fields = types.get(type)
  if (!fields) {
    const table: FieldDescriptor[] = []
    for (const field of descriptor.messages[type] ?? []) table[field.id] = field
    types.set(type, (fields = table))
  }
  return fields
}

/** A message as it is when nothing was sent: scalars zero, lists empty, messages null; of alternatives none. */
function emptyMessage(descriptor: Descriptor, type: string): Message {
  let templates = emptyMessages.get(descriptor)
  if (!templates) emptyMessages.set(descriptor, (templates = new Map()))
  let template = templates.get(type)
  if (!template) templates.set(type, (template = templateOf(descriptor, type)))
  const message: Message = { ...template.scalars }
  for (const list of template.lists) message[list] = []
  return message
}

interface Template {
  readonly scalars: Message
  readonly lists: readonly string[]
}

/** Answers of large transactions hold thousands of messages of a few types. */
const emptyMessages = new WeakMap<Descriptor, Map<string, Template>>()

function templateOf(descriptor: Descriptor, type: string): Template {
  const fields = descriptor.messages[type] ?? []
  const scalars = fields.filter((field) => !field.repeated && field.oneof === undefined)
  return {
    scalars: Object.fromEntries(scalars.map((field) => [field.name, zero(descriptor, field.type)])),
    lists: fields.filter((field) => field.repeated).map((field) => field.name),
  }
}

function zero(descriptor: Descriptor, type: string): unknown {
  switch (type) {
    case 'bytes':
      return NOTHING
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int64':
    case 'uint64':
      return '0'
    case 'int32':
    case 'uint32':
      return 0
    default:
      return descriptor.enums[type] ? (Object.keys(descriptor.enums[type])[0] ?? 0) : null
  }
}

/** One for all: making buffers is most of what reading a pair would cost. */
const NOTHING = Buffer.alloc(0)

const VARINT = 0
const LENGTH = 2

interface Cursor {
  readonly bytes: Buffer
  at: number
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

class Writer {
  readonly #parts: Buffer[] = []
  #length = 0

  tag(id: number, wire: number): void {
    this.varint((id << 3) | wire)
  }

  varint(value: number | bigint): void {
    const bytes: number[] = []
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      let rest = value
      for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
      bytes.push(rest)
    } else {
      let rest = BigInt.asUintN(64, BigInt(value))
      for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
      bytes.push(Number(rest))
    }
    this.#add(Buffer.from(bytes))
  }

  bytes(value: Buffer): void {
    this.varint(value.length)
    this.#add(value)
  }

  nested(inner: Writer): void {
    this.varint(inner.#length)
    for (const part of inner.#parts) this.#parts.push(part)
    this.#length += inner.#length
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
  }

  #add(part: Buffer): void {
    this.#parts.push(part)
    this.#length += part.length
  }
}
