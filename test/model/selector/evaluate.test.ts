import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matches } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'

const CASES: readonly (readonly [selector: string, labels: Record<string, string>, expected: boolean])[] = [
  ['', {}, true],
  ['global()', {}, true],
  ['a == "x"', {}, false],
  ['a != "x"', {}, true],
  ['a not in {"x"}', {}, true],
  ['a contains ""', {}, false],
  ['a contains ""', { a: '' }, true],
  ['has(a)', { a: '' }, true],
  ['!a == "x"', {}, true],
  ['!a == "x"', { a: 'x' }, false],
  ['a == "1" || b == "2" && c == "3"', { a: '1' }, true],
  ['(a == "1" || b == "2") && c == "3"', { a: '1' }, false],
  ['has(constructor)', {}, false],
  ['toString != "x"', {}, true],
  ['__proto__ == "x"', JSON.parse('{"__proto__":"x"}'), true],
  ['a in {}', { a: '' }, false],
  ['a not in {}', { a: '' }, true],
  ['a == "X"', { a: 'x' }, false],
]

for (const [selector, labels, expected] of CASES) {
  test(`${selector === '' ? 'an empty selector' : selector} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
    const { ast } = parseSelector(selector)
    assert.ok(ast)
    assert.equal(matches(ast, labels), expected)
  })
}
