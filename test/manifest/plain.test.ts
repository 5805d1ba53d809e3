import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolvePlain } from '../../src/manifest/plain.ts'
import { AmbiguousScalar, FloatScalar } from '../../src/model/scalar.ts'

const agreed: readonly (readonly [text: string, value: unknown])[] = [
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['nULL', 'nULL'],
  ['true', true],
  ['False', false],
  ['TRUE', true],
  ['tRUE', 'tRUE'],
  ['yEs', 'yEs'],
  ['yesterday', 'yesterday'],
  ['web', 'web'],
  ['0', 0],
  ['-0', 0],
  ['7', 7],
  ['+7', 7],
  ['007', 7],
  ['08', 8],
  ['0x1F', 31],
  ['0o17', 15],
  ['9007199254740993', 9007199254740993n],
  ['18446744073709551615', 18446744073709551615n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1.50', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['-.5', -0.5],
  ['1e3', 1000],
  ['1E-3', 0.001],
  ['1.2.3', '1.2.3'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['2024-01-02', '2024-01-02'],
  ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
  ['8080:9090', '8080:9090'],
  ['52:54:00:12:34:56', '52:54:00:12:34:56'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['::1', '::1'],
  ['=', '='],
  ['-', '-'],
  ['+', '+'],
  ['.', '.'],
  ['...', '...'],
  ['+.nan', '+.nan'],
  ['1e21', 1e21],
  ['1e', '1e'],
  ['0x', '0x'],
  ['0xg', '0xg'],
  ['1a2b', '1a2b'],
  ['_1', '_1'],
  ['1.5.', '1.5.'],
  ['1-2', '1-2'],
]

for (const [text, value] of agreed) {
  test(`both versions of YAML read ${JSON.stringify(text)} as ${typeof value} ${String(value)}`, () => {
    assert.deepEqual(resolvePlain(text), value)
  })
}

const floats: readonly (readonly [text: string, goText: string])[] = [
  ['1e6', '1e+06'],
  ['1234567.0', '1.234567e+06'],
  ['0.00001', '1e-05'],
  ['-0.0', '-0'],
  ['099999e3', '9.9999e+07'],
  ['.inf', '+Inf'],
  ['-.INF', '-Inf'],
  ['.NaN', 'NaN'],
]

for (const [text, goText] of floats) {
  test(`the float ${text} is ${goText} where text is wanted`, () => {
    const value = resolvePlain(text)
    assert.ok(value instanceof FloatScalar)
    assert.equal(value.text, goText)
  })
}

for (const text of ['1.23456789', '16777217.0', '9e70', '1e-60']) {
  test(`the float ${text} cannot become text: the peer keeps 32 bits of it`, () => {
    const value = resolvePlain(text)
    assert.ok(value instanceof FloatScalar)
    assert.equal(value.text, undefined)
    assert.equal(value.value, Number(text))
  })
}

const ambiguous: readonly (readonly [text: string, peer: unknown])[] = [
  ['y', true],
  ['N', false],
  ['yes', true],
  ['No', false],
  ['ON', true],
  ['off', false],
  ['010', 8],
  ['-010', -8],
  ['0120', 80],
  ['0b11', 3],
  ['-0b11', -3],
  ['0X1F', 31],
  ['-0x1F', -31],
  ['0O17', 15],
  ['1_000', 1000],
  ['1_0.5', 10.5],
  ['0x_ff', 255],
  ['1_', 1],
  ['-_1', -1],
  ['._5', 0.5],
  ['0b-11', -3],
  ['12:30', '12:30'],
  ['1:30:00', '1:30:00'],
  ['1:30.5', '1:30.5'],
  ['18446744073709551617', 18446744073709552000],
  ['0x10000000000000000', '0x10000000000000000'],
  ['1e400', '1e400'],
  ['9'.repeat(500), '9'.repeat(500)],
]

for (const [text, peer] of ambiguous) {
  test(`${text.slice(0, 30)} is for the peer ${String(peer).slice(0, 30)}, for YAML 1.2 something else`, () => {
    const value = resolvePlain(text)
    assert.ok(value instanceof AmbiguousScalar, `got ${typeof value}`)
    assert.equal(value.text, text)
    assert.equal(typeof value.yaml11 === 'bigint' ? Number(value.yaml11) : value.yaml11, peer)
  })
}
