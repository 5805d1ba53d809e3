import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { readManifest } from '../../src/manifest/read.ts'
import type { Kind } from '../../src/model/kind.ts'
import { kindNamed, kinds } from '../../src/model/registry.ts'
import { arrangeResource, encodeResource } from '../../src/model/resource.ts'
import { formatJson } from '../../src/output/json.ts'
import { layOutStored } from '../../src/output/stored-json.ts'
import { readStored } from '../../src/store/resources/stored.ts'

const REVISION = 4711
const INDENT = '    '

/** Kinds whose stored text says what is shown. */
const plainKinds = kinds.filter(({ body }) => !body.fromStored)

describe('JSON of a stored text', () => {
  for (const kind of plainKinds) {
    test(`of the example of ${kind.kind} is what reading and writing it gives`, () => {
      const text = storedExample(kind)
      const laidOut = layOutStored(kind, text, REVISION, INDENT)
      // What has an escape or a number of its own is read.
      if (laidOut !== undefined) assert.equal(laidOut, readAndWritten(kind, text))
    })
  }

  for (const name of ['Profile', 'HostEndpoint', 'WorkloadEndpoint', 'GlobalNetworkSet', 'NetworkSet', 'BGPPeer', 'BGPConfiguration']) {
    test(`needs no reading for ${name}`, () => {
      const kind = kindNamed(name) as Kind
      assert.notEqual(layOutStored(kind, storedExample(kind), REVISION, INDENT), undefined)
    })
  }

  const profile = kindNamed('Profile') as Kind
  const whole = (spec: string, metadata = '"name":"a"') =>
    `{"kind":"Profile","apiVersion":"projectcalico.org/v3","metadata":{${metadata}},"spec":${spec}}`

  for (const [what, text] of [
    ['escapes that output has', whole('{"labelsToApply":{"a":"\\"b\\\\"}}')],
    ['a backslash before a closing quote', whole('{"labelsToApply":{"a":"\\\\","b":"c"}}')],
    ['the escapes of markup', whole('{"ingress":[{"action":"Allow","source":{"selector":"a == \'b\' \\u0026\\u0026 has(c)"}}]}')],
    ['numbers and texts as ports and protocols', whole('{"egress":[{"action":"Allow","protocol":"TCP","destination":{"ports":[80,"90:99"]}}]}')],
    ['nothing in the specification', whole('{}')],
    ['labels that look like numbers, in the order of their bytes', whole('{"labelsToApply":{"10":"a","9":"b"}}')],
    ['a label with the name of the prototype', whole('{"labelsToApply":{"__proto__":"a"}}')],
    ['metadata behind the revision', whole('{}', '"name":"a","uid":"b","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"c":"d"}')],
  ] as const) {
    test(`is right with ${what}`, () => {
      const laidOut = layOutStored(profile, text, REVISION, INDENT)
      assert.notEqual(laidOut, undefined)
      assert.equal(laidOut, readAndWritten(profile, text))
    })
  }

  for (const [what, text] of [
    ['fields in another order', whole('{"egress":[{"action":"Allow"}],"ingress":[{"action":"Allow"}]}')],
    ['a field nobody knows', whole('{"colour":"red"}')],
    ['a field in another letter case', whole('{"Egress":[{"action":"Allow"}]}')],
    ['a field twice', whole('{"egress":[{"action":"Allow"}],"egress":[{"action":"Allow"}]}')],
    ['labels out of order', whole('{"labelsToApply":{"b":"","a":""}}')],
    ['a label twice', whole('{"labelsToApply":{"a":"","a":"b"}}')],
    ['a revision of its own', whole('{}', '"name":"a","resourceVersion":"5"')],
    ['what is left out', whole('{"egress":[]}')],
    ['an empty name', whole('{}', '"name":""')],
    ['a missing action', whole('{"egress":[{}]}')],
    ['null', whole('{"egress":null}')],
    ['a number where text is wanted', whole('{"labelsToApply":{"a":1}}')],
    ['another kind', whole('{}').replace('Profile', 'Tier')],
    ['spaces', whole('{ }')],
    ['something behind it', `${whole('{}')} `],
    ['no specification', whole('{}').replace(',"spec":{}', '')],
    ['a time that is none', whole('{}', '"name":"a","creationTimestamp":"yesterday"')],
    ['a time with fractions', whole('{}', '"name":"a","creationTimestamp":"2026-01-02T03:04:05.5Z"')],
    ['letters that are escaped in output', whole('{"labelsToApply":{"a":"<"}}')],
    ['letters beyond ASCII', whole('{"labelsToApply":{"a":"é"}}')],
    ['other escapes', whole('{"labelsToApply":{"a":"\\u0041"}}')],
    ['an end before its time', whole('{"labelsToApply":{"a":"').slice(0, -2)],
    ['an escape at the end', whole('{"labelsToApply":{"a":"\\"').slice(0, -1)],
    ['a number that is written in another way', whole('{"egress":[{"action":"Allow","ipVersion":4.0}]}')],
    ['a number with a zero before it', whole('{"egress":[{"action":"Allow","ipVersion":04}]}')],
  ] as const) {
    test(`leaves ${what} to who reads it`, () => assert.equal(layOutStored(profile, text, REVISION, INDENT), undefined))
  }

  test('never differs from reading and writing, whatever is done to the text', () => {
    const texts = plainKinds.map((kind) => ({ kind, text: storedExample(kind) }))
    const pieces = [
      ...'{}[]",:\\ 0159-.aZé<&'.split(''),
      'null',
      'true',
      '{}',
      '[]',
      '""',
      '\\"',
      '\\\\',
      '"name":',
      ',"spec":{}',
      '"labels":{"a":"b"},',
      '"status":{}',
    ]
    const change = fc.record({
      at: fc.nat(),
      length: fc.constantFrom(0, 0, 1, 2, 5, 20),
      piece: fc.oneof(fc.constantFrom('', ...pieces), fc.record({ from: fc.nat(), length: fc.nat(30) })),
    })
    let laid = 0
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 3 }), ({ kind, text }, changes) => {
        const changed = changes.reduce((before, { at, length, piece }) => {
          const place = at % (before.length + 1)
          const from = typeof piece === 'string' ? 0 : piece.from % before.length
          const put = typeof piece === 'string' ? piece : before.slice(from, from + piece.length)
          return before.slice(0, place) + put + before.slice(place + length)
        }, text)
        const laidOut = layOutStored(kind, changed, REVISION, INDENT)
        if (laidOut === undefined) return
        laid++
        assert.equal(laidOut, readAndWritten(kind, changed))
      }),
      { numRuns: 20_000 },
    )
    assert.ok(laid > 100, `${laid} texts were still good`)
  })
})

// --- internal ---

function storedExample(kind: Kind): string {
  const { items, problems } = readManifest('example.yaml', Buffer.from(kind.body.example))
  const resource = items[0]?.resource
  if (!resource) throw new Error(problems[0]?.message ?? 'no example')
  Object.assign(resource.metadata, { uid: 'f822d86e-24cb-4cbd-b571-8436aba68c1d', creationTimestamp: '2026-01-02T03:04:05Z' })
  return encodeResource(kind, resource)
}

function readAndWritten(kind: Kind, text: string): string | undefined {
  const stored = readStored(kind, { key: 'a', value: text, createRevision: 1, modRevision: REVISION, version: 1 })
  return stored && formatJson(arrangeResource(kind, stored.resource), INDENT)
}
