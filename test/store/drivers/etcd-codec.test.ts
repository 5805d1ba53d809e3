import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import protobuf from 'protobufjs'
import { type Descriptor, serviceDefinitions } from '../../../src/store/drivers/etcd-codec.ts'

/** Every kind of field, as etcd's messages have them. */
const DESCRIPTOR: Descriptor = {
  messages: {
    Outer: [
      { id: 1, name: 'text', type: 'string' },
      { id: 2, name: 'data', type: 'bytes' },
      { id: 3, name: 'flag', type: 'bool' },
      { id: 4, name: 'signed', type: 'int64' },
      { id: 5, name: 'unsigned', type: 'uint64' },
      { id: 6, name: 'small', type: 'int32' },
      { id: 17, name: 'color', type: 'Color' },
      { id: 18, name: 'inner', type: 'Inner' },
      { id: 19, name: 'inners', type: 'Inner', repeated: true },
      { id: 20, name: 'longs', type: 'uint64', repeated: true },
      { id: 21, name: 'colors', type: 'Color', repeated: true },
      { id: 22, name: 'texts', type: 'string', repeated: true },
      { id: 1000, name: 'first', type: 'Inner', oneof: 'choice' },
      { id: 1001, name: 'second', type: 'string', oneof: 'choice' },
    ],
    Inner: [
      { id: 1, name: 'data', type: 'bytes' },
      { id: 2, name: 'next', type: 'Inner' },
    ],
  },
  enums: { Color: { Red: 0, Green: 1, Blue: 200 } },
  services: { Painter: [{ name: 'Paint', request: 'Outer', response: 'Outer', requestStream: false, responseStream: false }] },
}

interface Codec {
  readonly requestSerialize: (value: object) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Record<string, unknown>
}
const paint = serviceDefinitions(DESCRIPTOR, 'test')['test.Painter']?.['Paint'] as unknown as Codec
const encode = paint.requestSerialize
const decode = paint.responseDeserialize

test('what is encoded, another implementation reads; what it writes is decoded to the same', () => {
  fc.assert(
    fc.property(message, (value) => {
      const bytes = encode(value)
      assert.deepEqual(plain(Outer.toObject(Outer.decode(bytes), FORM)), plain({ ...EMPTY, ...value }))
      const theirs = Buffer.from(Outer.encode(Outer.fromObject(value)).finish())
      assert.deepEqual(everyField(decode(theirs)), plain({ ...EMPTY, ...value }))
    }),
    { numRuns: 2000 },
  )
})

test('messages of any size', () => {
  for (let length = 0; length < 3000; length += 7) {
    const value = { data: Buffer.alloc(length, 'x'), texts: ['a'.repeat(length % 300), ''] }
    assert.deepEqual(everyField(decode(encode(value))), plain({ ...EMPTY, ...value }))
  }
})

test('fields that nobody knows are passed over', () => {
  const more = new protobuf.Type('More').add(new protobuf.Field('text', 1, 'string'))
  for (const [index, type] of ['int64', 'string', 'double', 'float'].entries()) more.add(new protobuf.Field(`new${type}`, 50 + index, type))
  new protobuf.Root().add(more)
  const bytes = Buffer.from(more.encode({ newint64: 1e15, newstring: 'x', newdouble: 1.5, newfloat: 2.5, text: 'known' }).finish())
  assert.equal(decode(bytes)['text'], 'known')
})

// --- internal ---

const Outer = theirTypes()
/** What etcd3 asks of its loader. */
const FORM = { longs: String, enums: String, defaults: true, oneofs: true }

const EMPTY = {
  text: '',
  data: '',
  flag: false,
  signed: '0',
  unsigned: '0',
  small: 0,
  color: 'Red',
  inner: null,
  inners: [],
  longs: [],
  colors: [],
  texts: [],
}

const bytes = fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => Buffer.from(text))
const unsigned = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300n })).map(String)
const color = fc.constantFrom('Red', 'Green', 'Blue')
const { inner } = fc.letrec<{ inner: object }>((tie) => ({
  inner: fc.record({ data: bytes, next: fc.option(tie('inner'), { maxDepth: 3, nil: null }) }),
}))
const common = {
  text: fc.string({ unit: 'grapheme' }),
  data: bytes,
  flag: fc.boolean(),
  signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  unsigned,
  small: fc.integer(),
  color,
  inner,
  inners: fc.array(inner, { maxLength: 4 }),
  longs: fc.array(unsigned),
  colors: fc.array(color),
  texts: fc.array(fc.string()),
}
const message = fc
  .tuple(
    fc.record(common, { requiredKeys: [] }),
    fc.oneof(
      fc.constant({}),
      fc.record({ first: inner, choice: fc.constant('first') }),
      fc.record({ second: fc.string({ minLength: 1 }), choice: fc.constant('second') }),
    ),
  )
  .map(([value, choice]) => ({ ...value, ...choice }))

function theirTypes(): protobuf.Type {
  const root = new protobuf.Root()
  for (const [name, numbers] of Object.entries(DESCRIPTOR.enums)) root.add(new protobuf.Enum(name, { ...numbers }))
  for (const [name, fields] of Object.entries(DESCRIPTOR.messages)) {
    const type = new protobuf.Type(name)
    for (const field of fields) type.add(new protobuf.Field(field.name, field.id, field.type, field.repeated ? 'repeated' : undefined))
    const choices = fields.flatMap(({ name: field, oneof }) => (oneof === undefined ? [] : [field]))
    if (choices.length > 0) type.add(new protobuf.OneOf('choice', choices))
    root.add(type)
  }
  root.resolveAll()
  return root.lookupType('Outer')
}

/** Defaults, which a decoded message has from its prototype, beside the others. */
function everyField(value: Record<string, unknown>): unknown {
  const own: Record<string, unknown> = {}
  for (const key in value) own[key] = value[key]
  return plain(own)
}

/** Comparable: without prototypes, bytes as text. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const fields: Record<string, unknown> = {}
  for (const key in value) fields[key] = plain((value as Record<string, unknown>)[key])
  return fields
}
