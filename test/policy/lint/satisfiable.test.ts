import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Selector } from '../../../src/model/selector/ast.ts'
import { type Labels, matches } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'
import { canMatch, implies } from '../../../src/policy/lint/satisfiable.ts'

function selector(text: string): Selector {
  return parseSelector(text).ast ?? assert.fail(text)
}

describe('whether there can be labels that a selector matches', () => {
  const cases: readonly (readonly [text: string, can: boolean])[] = [
    ['all()', true],
    ['!all()', false],
    ["a == 'x' && a == 'y'", false],
    ["a == 'x' && b == 'y'", true],
    ['has(a) && !has(a)', false],
    ["a == 'x' && !has(a)", false],
    ["a != 'x' && !has(a)", true],
    ["a in {'x', 'y'} && a not in {'x'} && a != 'y'", false],
    ["a in {'x', 'y'} && a not in {'x'}", true],
    ['a in {}', false],
    ['a not in {}', true],
    ["a starts with 'web' && a ends with 'db'", true],
    ["a starts with 'web' && a starts with 'db'", false],
    ["a starts with 'web' && a starts with 'we'", true],
    ["a starts with 'web' && !(a contains 'e')", false],
    ["a ends with 'db' && !(a ends with 'b')", false],
    ["a contains 'x' && a contains 'y' && a != 'xy' && a != 'yx'", true],
    ["a contains 'x' && !(a contains 'xx')", true],
    ["a == 'web' && !(a contains 'e')", false],
    ["!(a starts with '') && has(a)", false],
    ["has(a) && a != 'x' && !(a contains 'z')", true],
    ["(a == 'x' || a == 'y') && (a == 'y' || a == 'z') && a != 'y'", false],
    ["!(a == 'x' || !(b == 'y')) && (a == 'x' || b != 'y')", false],
    ["!(a != 'x' && a != 'y') && a == 'y'", true],
  ]
  for (const [text, can] of cases) test(`${text}: ${can ? 'yes' : 'never'}`, () => assert.equal(canMatch(selector(text)), can))
})

describe('whether one selector asks for all that another one asks for', () => {
  const cases: readonly (readonly [first: string, second: string, does: boolean])[] = [
    ["a == 'x'", 'has(a)', true],
    ['has(a)', "a == 'x'", false],
    ["a == 'x' && b == 'y'", "b == 'y'", true],
    ["a in {'x', 'y'}", "a in {'y', 'x', 'z'}", true],
    ["a == 'web-1'", "a starts with 'web'", true],
    ["b == 'y'", 'all()', true],
    ['!has(a)', "a != 'x'", true],
  ]
  for (const [first, second, does] of cases) {
    test(`${first} => ${second}: ${does ? 'yes' : 'no'}`, () => assert.equal(implies(selector(first), selector(second)), does))
  }
})

/** All texts of up to six letters, of which the generated selectors can tell more than two apart from the others. */
const TEXTS: readonly string[] = Array.from({ length: 6 }).reduce<string[]>(
  (all) => ['', ...all.flatMap((text) => ['x', 'y', 'z'].map((letter) => text + letter))],
  [''],
)
const FEW = [undefined, '', 'x', 'y', 'xy', 'yx', 'xyx', 'yxy', 'z', 'xzy', 'yzx']

const text = fc.constantFrom('', 'x', 'y', 'xy', 'yx')
const selectorOver = (...labels: string[]) => {
  const label = fc.constantFrom(...labels)
  return fc.letrec<{ node: Selector }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.record({ type: fc.constant('has' as const), label }),
      fc.record({
        type: fc.constant('compare' as const),
        label,
        operator: fc.constantFrom('==', '!=', 'contains', 'starts with', 'ends with'),
        value: text,
      }),
      fc.record({ type: fc.constant('set' as const), label, operator: fc.constantFrom('in', 'not in'), values: fc.array(text, { maxLength: 3 }) }),
      fc.record({ type: fc.constant('not' as const), operand: tie('node') }),
      fc.record({ type: fc.constantFrom('and', 'or'), operands: fc.array(tie('node'), { minLength: 2, maxLength: 4 }) }),
    ),
  })).node
}

test('about one label: what can match is what matches one of all short values, or none at all', () => {
  fc.assert(
    fc.property(selectorOver('a'), (ast) => {
      const some = [{}, ...TEXTS.map((a) => ({ a }))].some((labels) => matches(ast, labels))
      assert.equal(canMatch(ast, 1_000_000), some)
    }),
    { numRuns: 500 },
  )
})

test('about several labels: what cannot match matches none of many labels', () => {
  const labels: Labels[] = FEW.flatMap((a) => FEW.map((b) => ({ ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) })))
  fc.assert(
    fc.property(selectorOver('a', 'b'), (ast) => {
      const some = labels.find((one) => matches(ast, one))
      if (some) assert.notEqual(canMatch(ast), false, JSON.stringify(some))
    }),
    { numRuns: 2000 },
  )
})

test('a selector built to explode ends: as what cannot be told, within its budget', () => {
  const clauses = Array.from({ length: 60 }, (_, i) => `(a${i} == 'x' || b${i} == 'y' || c${i % 7} != 'z')`)
  // Each pair of alternatives is excluded only by the last part.
  const exclusions = Array.from({ length: 60 }, (_, i) => `!(a${i} == 'x') && !(b${i} == 'y')`)
  const text = `${clauses.join(' && ')} && (${exclusions.join(' || ')}) && c0 == 'z' && (c1 == 'z' || c2 == 'z') && ${clauses.map((clause) => `!(!${clause})`).join(' && ')}`
  const ast = selector(text)
  assert.notEqual(canMatch(ast), false)
  const pigeons = Array.from({ length: 9 }, (_, pigeon) => `(${Array.from({ length: 8 }, (_, hole) => `p${pigeon}h${hole} == 'in'`).join(' || ')})`)
  const apart = Array.from({ length: 8 }, (_, hole) =>
    Array.from({ length: 9 }, (_, one) => Array.from({ length: one }, (_, other) => `(p${one}h${hole} != 'in' || p${other}h${hole} != 'in')`)).flat(),
  ).flat()
  assert.equal(canMatch(selector([...pigeons, ...apart].join(' && '))), undefined)
})
