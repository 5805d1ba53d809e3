import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asNumber, MAX_SIGNED_AS_NUMBER, parseAsNumber } from '../../src/model/as-number.ts'
import { decode, type Fault } from '../../src/model/decode.ts'
import { FloatScalar } from '../../src/model/scalar.ts'

const good: readonly [raw: unknown, value: number][] = [
  [64512, 64512],
  [0, 0],
  [0xfc00, 64512],
  [64512.0, 64512],
  [new FloatScalar(1000, '1000'), 1000],
  [4294967295, 4294967295],
  ['64512', 64512],
  ['0064512', 64512],
  ['4294967295', 4294967295],
  ['1.10', 65546],
  ['0.5', 5],
  ['01.010', 65546],
  ['65535.65535', 4294967295],
]

for (const [raw, value] of good) {
  test(`${JSON.stringify(raw)} is the AS number ${value}`, () => {
    assert.deepEqual(read(raw), { value, faults: [] })
  })
}

const bad: readonly [raw: unknown, fault: RegExp][] = [
  [1.5, /^"1\.5" is not an AS number \(put a dotted AS number in quotes/],
  [new FloatScalar(1.5, '1.5'), /in quotes/],
  [-1, /^"-1" is not an AS number \(an AS number is 0 to 4294967295, or two halves/],
  [4294967296, /^"4294967296" is not/],
  ['4294967296', /^"4294967296" is not/],
  ['65536.1', /^"65536\.1" is not/],
  ['1.65536', /^"1\.65536" is not/],
  ['1.2.3', /^"1\.2\.3" is not/],
  ['1.', /^"1\." is not/],
  ['.1', /^"\.1" is not/],
  ['', /^"" is not/],
  [' 64512', /^" 64512" is not/],
  ['-5', /^"-5" is not/],
  ['+5', /^"\+5" is not/],
  ['1e3', /^"1e3" is not/],
  ['AS64512', /^"AS64512" is not/],
  ['1:10', /^"1:10" is not/],
  [true, /^expected an AS number, found true/],
  [[64512], /^expected an AS number, found a list/],
]

for (const [raw, fault] of bad) {
  test(`${JSON.stringify(raw)} is no AS number`, () => {
    assert.match(read(raw).faults.join(), fault)
  })
}

test('a field with a limit takes AS numbers up to it, and reads larger ones that are stored', () => {
  assert.deepEqual(read('32767.65535', MAX_SIGNED_AS_NUMBER), { value: 2147483647, faults: [] })
  assert.match(
    read('32768.0', MAX_SIGNED_AS_NUMBER).faults.join(),
    /^2147483648 is larger than 2147483647, the largest AS number that can be stored here/,
  )
  assert.deepEqual(read(4200000000, MAX_SIGNED_AS_NUMBER, true), { value: 4200000000, faults: [] })
})

test('text is parsed without a field too', () => {
  assert.equal(parseAsNumber('1.10'), 65546)
  assert.equal(parseAsNumber('x'), undefined)
})

// --- internal ---

function read(raw: unknown, max?: number, stored = false): { value: unknown; faults: string[] } {
  const faults: string[] = []
  const report = ({ message, help = '' }: Fault) => void faults.push(`${message} (${help})`)
  return { value: decode(asNumber('An AS number.', max === undefined ? {} : { max }), raw, [], { report, stored }), faults }
}
