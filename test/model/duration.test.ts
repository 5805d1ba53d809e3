import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decode, type Fault } from '../../src/model/decode.ts'
import { duration, formatDuration, parseDuration } from '../../src/model/duration.ts'

const canonical: readonly [text: string, form: string][] = [
  ['0', '0s'],
  ['-0', '0s'],
  ['0s', '0s'],
  ['90s', '1m30s'],
  ['60s', '1m0s'],
  ['30s1m', '1m30s'],
  ['1s1s', '2s'],
  ['005s', '5s'],
  ['+5s', '5s'],
  ['-1s', '-1s'],
  ['0.5h', '30m0s'],
  ['.5s', '500ms'],
  ['1.s', '1s'],
  ['1000h', '1000h0m0s'],
  ['24h', '24h0m0s'],
  ['1.5s', '1.5s'],
  ['2500ms', '2.5s'],
  ['90m', '1h30m0s'],
  ['1h0.25s', '1h0m0.25s'],
  ['10us', '10µs'],
  ['10\u00b5s', '10µs'],
  ['10\u03bcs', '10µs'],
  ['1500us', '1.5ms'],
  ['10ns', '10ns'],
  ['0.9ns', '0s'],
  ['0.3333333333333333333h', '20m0s'],
  ['9223372036854775807ns', '2562047h47m16.854775807s'],
  ['-9223372036854775808ns', '-2562047h47m16.854775808s'],
]

for (const [text, form] of canonical) {
  test(`${text} is the duration ${form}`, () => {
    assert.equal(formatDuration(nanoseconds(text)), form)
  })
}

const bad: readonly [text: string, fault: string][] = [
  ['', 'is not a duration'],
  ['-', 'is not a duration'],
  ['s', 'is not a duration'],
  ['.s', 'is not a duration'],
  ['abc', 'is not a duration'],
  ['PT5S', 'is not a duration'],
  ['5', 'has no unit after 5'],
  ['1h5', 'has no unit after 5'],
  ['0.0', 'has no unit after 0.0'],
  ['5d', 'has the unknown unit "d"'],
  ['5S', 'has the unknown unit "S"'],
  ['1 s', 'has the unknown unit " s"'],
  ['1,5s', 'has the unknown unit ","'],
  ['9999999h', 'is longer than the longest duration, about 292 years'],
  ['9223372036854775808ns', 'is longer than the longest duration, about 292 years'],
]

for (const [text, fault] of bad) {
  test(`"${text}" ${fault}`, () => {
    assert.deepEqual(parseDuration(text), { fault })
  })
}

test('what is printed reads back as the same duration', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (size) => {
      assert.equal(nanoseconds(formatDuration(size)), size)
    }),
  )
})

test('the printed form of a printed form is the same', () => {
  const text = fc.array(fc.tuple(fc.nat(1000), fc.constantFrom('h', 'm', 's', 'ms', 'us', 'ns')), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(text, (parts) => {
      const form = formatDuration(nanoseconds(parts.map(([size, unit]) => `${size}${unit}`).join('')))
      assert.equal(formatDuration(nanoseconds(form)), form)
    }),
  )
})

const kept: readonly [which: 'any' | 'decimal' | 'whole', raw: string, value: string][] = [
  ['any', '-1.5s', '-1.5s'],
  ['any', '10us', '10µs'],
  ['decimal', '2500ms', '2.5s'],
  ['decimal', '1500us', '1.5ms'],
  ['whole', '0.5h', '30m0s'],
  ['whole', '.25s', '250ms'],
  ['whole', '0', '0s'],
]

for (const [which, raw, value] of kept) {
  test(`a field for ${which} durations keeps ${raw} as ${value}`, () => {
    assert.deepEqual(read(raw, which), { value, faults: [] })
  })
}

const refused: readonly [which: 'any' | 'decimal' | 'whole', raw: unknown, fault: string][] = [
  ['any', 5, 'expected a duration, found 5 (write the unit too: 5s)'],
  ['any', '5', '"5" has no unit after 5 (write the unit too: 5s)'],
  ['any', true, 'expected a duration, found true (a duration is made of numbers with a unit (ms, s, m, h), as in 90s or 1h30m)'],
  ['decimal', '-1s', '"-1s" is negative (this field takes zero or more)'],
  ['decimal', '10us', '"10µs" is finer than a millisecond (use whole milliseconds)'],
  ['whole', '-1s', '"-1s" is negative (this field takes zero or more)'],
  ['whole', '1.5s', '"1.5s" has a fraction (use whole seconds, or whole milliseconds below one second)'],
  ['whole', '2500ms', '"2.5s" has a fraction (use whole seconds, or whole milliseconds below one second)'],
  ['whole', '10ns', '"10ns" is finer than a millisecond (use whole milliseconds)'],
]

for (const [which, raw, fault] of refused) {
  test(`a field for ${which} durations refuses ${JSON.stringify(raw)}`, () => {
    assert.deepEqual(read(raw, which).faults, [fault])
  })
}

// --- internal ---

function nanoseconds(text: string): bigint {
  const parsed = parseDuration(text)
  if (typeof parsed !== 'bigint') assert.fail(`${text} ${parsed.fault}`)
  return parsed
}

function read(raw: unknown, which: 'any' | 'decimal' | 'whole'): { value: unknown; faults: string[] } {
  const faults: string[] = []
  const report = ({ message, help = '' }: Fault) => void faults.push(`${message} (${help})`)
  return { value: decode(duration('A duration.', { which }), raw, [], { report }), faults }
}
