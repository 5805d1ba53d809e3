import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, jsonValue, property, string } from 'fast-check'
import { formatJson } from '../../src/output/json.ts'
import { recordedOutput } from './recorded.ts'

const cases: readonly (readonly [what: string, value: unknown, written: string])[] = [
  ['fields keep their order', { kind: 'Profile', apiVersion: 'v3' }, '{\n  "kind": "Profile",\n  "apiVersion": "v3"\n}'],
  ['empty ones', { a: [], b: {}, c: '' }, '{\n  "a": [],\n  "b": {},\n  "c": ""\n}'],
  ['nothing', [], '[]'],
  ['nested ones', [{ a: [1, [2]] }], '[\n  {\n    "a": [\n      1,\n      [\n        2\n      ]\n    ]\n  }\n]'],
  ['characters that mean something in HTML', ['<b> & "c"'], '[\n  "\\u003cb\\u003e \\u0026 \\"c\\""\n]'],
  ['line separators', ['\u2028\u2029'], '[\n  "\\u2028\\u2029"\n]'],
  ['big integers', { a: 18446744073709551615n }, '{\n  "a": 18446744073709551615\n}'],
  ['keys of a map that look like numbers are sorted as text', { '9': 1, a: 2, '10': 3 }, '{\n  "10": 3,\n  "9": 1,\n  "a": 2\n}'],
  ['the same inside', { z: { '9': [1n, {}], '10': [] } }, '{\n  "z": {\n    "10": [],\n    "9": [\n      1,\n      {}\n    ]\n  }\n}'],
  ['undefined fields are left out', { a: undefined, '1': undefined, b: 1 }, '{\n  "b": 1\n}'],
  ['floats', [0.5, 1e21, 1e-7, 6543215.321], '[\n  0.5,\n  1e+21,\n  1e-7,\n  6543215.321\n]'],
  ['text that would act on a terminal', ['\x7f\x9b\u202e\u{e0041}'], '[\n  "\\u007f\\u009b\\u202e\\udb40\\udc41"\n]'],
]

for (const [what, value, written] of cases) {
  test(`JSON: ${what}`, () => {
    assert.equal(formatJson(value), written)
  })
}

test('lines after the first begin with the given indentation', () => {
  assert.equal(formatJson({ a: ['x\ny'] }, '    '), '{\n      "a": [\n        "x\\ny"\n      ]\n    }')
})

test('every recorded JSON output is written again byte for byte', () => {
  const outputs = recordedOutput('json')
  assert.ok(outputs.length > 80, `only ${outputs.length} outputs were found`)
  for (const { text, step } of outputs) assert.equal(formatJson(JSON.parse(text)), text, step)
})

test('what is written reads back as the same value', () => {
  always(
    property(jsonValue({ stringUnit: 'binary' }), string({ unit: 'binary' }), (value, text) => {
      assert.deepEqual(JSON.parse(formatJson({ value, text })), JSON.parse(JSON.stringify({ value, text })))
      assert.deepEqual(JSON.parse(formatJson({ value, text, big: 1n })), JSON.parse(JSON.stringify({ value, text, big: 1 })))
    }),
  )
})
