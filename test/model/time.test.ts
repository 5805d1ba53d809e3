import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalTime } from '../../src/model/time.ts'

const times: readonly [string, string | undefined][] = [
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.999Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['2026-02-29T00:00:00Z', undefined],
  ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
  ['1900-02-29T00:00:00Z', undefined],
  ['2026-04-31T00:00:00Z', undefined],
  ['2026-04-00T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-01-02 03:04:05Z', undefined],
  ['2026-01-02T24:00:00Z', undefined],
  ['2026-01-02T03:04:05', undefined],
  ['2026-01-02', undefined],
  ['', undefined],
]

for (const [text, expected] of times) {
  test(`the time "${text}" is ${expected ?? 'refused'}`, () => assert.equal(canonicalTime(text), expected))
}
