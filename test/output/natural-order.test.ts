import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareNaturally } from '../../src/output/natural-order.ts'

/** As go-yaml 2 sorted them. */
const ordered: readonly (readonly string[])[] = [
  ['', 'a', 'ab', 'b'],
  ['B', 'a', 'b'],
  ['a2', 'a10', 'a100'],
  ['a-b', 'a.b', 'a/b', 'a_b', 'ab'],
  ['a.b', 'a1', 'ab'],
  ['a2', 'a02', 'a3'],
  ['a11', 'a100', 'a101'],
  // A digit beyond U+FFFF, and a letter.
  ['a\u{1d7ce}', 'a\u{1d400}'],
  ['_', '9', '10', 'a'],
  ['a1b2', 'a1b10', 'a2b1'],
  ['projectcalico.org/namespace', 'projectcalico.org/orchestrator'],
  ['ipipMode', 'ipipmode'],
  ['a\u00e9', 'a日', 'a\u{20000}'],
  ['a😀', 'a😁', 'aa'],
]

for (const keys of ordered) {
  test(`keys in order: ${keys.map((key) => JSON.stringify(key)).join(', ')}`, () => {
    assert.deepEqual([...keys].reverse().sort(compareNaturally), keys)
    for (const key of keys) assert.equal(compareNaturally(key, key), 0)
  })
}
