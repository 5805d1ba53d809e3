import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { labelsOf, type Selector, usesGlobal } from '../../src/model/selector/ast.ts'
import { canonicalSelector, selectorId } from '../../src/model/selector/canonical.ts'
import { type Labels, matches } from '../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../src/model/selector/parse.ts'

/** Labels that look like words of the language, and few enough that label maps often have them. */
const label = fc.constantFrom('a', 'b', 'in', 'not', 'has', 'all', 'global', 'starts', 'k8s.io/x_y-z', '-', '0')
/** A value cannot hold both kinds of quotes. */
const value = fc.oneof(
  fc.constantFrom('', 'x', 'xy', 'yx', ' ', "it's", 'say "hi"', 'has(a)', '&&', 'é', '日本', '😀', 'a\nb'),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => !(text.includes('"') && text.includes("'"))),
)

const { selector } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ type: fc.constant('has' as const), label }),
    fc.constantFrom<Selector>({ type: 'all' }, { type: 'global' }),
    fc.record({
      type: fc.constant('compare' as const),
      label,
      operator: fc.constantFrom('==' as const, '!=' as const, 'contains' as const, 'starts with' as const, 'ends with' as const),
      value,
    }),
    fc.record({
      type: fc.constant('set' as const),
      label,
      operator: fc.constantFrom('in' as const, 'not in' as const),
      values: fc.array(value, { maxLength: 4 }),
    }),
    fc.record({ type: fc.constant('not' as const), operand: tie('selector') }),
    fc.record({
      type: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('selector'), { minLength: 2, maxLength: 4 }),
    }),
  ),
}))

const labels: fc.Arbitrary<Labels> = fc.dictionary(label, value, { maxKeys: 5 })

function parsed(text: string): Selector {
  const { ast, fault } = parseSelector(text)
  assert.ok(ast, `${text}: ${fault?.message}`)
  return ast
}

test('the canonical text of any selector parses, and matches the same labels', () => {
  fc.assert(
    fc.property(selector, fc.array(labels, { minLength: 1, maxLength: 8 }), (ast, maps) => {
      const again = parsed(canonicalSelector(ast))
      for (const map of maps) assert.equal(matches(again, map), matches(ast, map), `${canonicalSelector(ast)} on ${JSON.stringify(map)}`)
    }),
    { numRuns: 1000 },
  )
})

test('printed and parsed once, a selector prints the same ever after', () => {
  fc.assert(
    fc.property(selector, (ast) => {
      const once = parsed(canonicalSelector(ast))
      const twice = parsed(canonicalSelector(once))
      assert.equal(canonicalSelector(twice), canonicalSelector(once))
      assert.equal(selectorId(twice), selectorId(once))
    }),
    { numRuns: 500 },
  )
})

test('parsing the canonical text keeps the labels that decide', () => {
  fc.assert(
    fc.property(selector, (ast) => {
      const again = parsed(canonicalSelector(ast))
      assert.deepEqual(labelsOf(again), labelsOf(ast))
      assert.equal(usesGlobal(again), usesGlobal(ast))
    }),
  )
})

test('labels that a selector does not ask for do not change what it says', () => {
  fc.assert(
    fc.property(selector, labels, (ast, map) => {
      const asked = labelsOf(ast)
      const seen = Object.fromEntries(Object.entries(map).filter(([key]) => asked.has(key)))
      assert.equal(matches(ast, seen), matches(ast, map))
    }),
  )
})

test('a negation says the opposite', () => {
  fc.assert(
    fc.property(selector, labels, (ast, map) => {
      assert.equal(matches(parsed(`!(${canonicalSelector(ast)})`), map), !matches(ast, map))
    }),
  )
})

test('spaces and tabs between tokens mean nothing', () => {
  fc.assert(
    fc.property(selector, fc.constantFrom(' ', '\t', ' \t  '), labels, (ast, space, map) => {
      const spread = canonicalSelector(ast).replace(/("[^"]*"|'[^']*')|([(){},]|&&|\|\|)/g, (_, string?: string, sign?: string) => {
        if (string !== undefined) return string
        // A parenthesis belongs to the name of the function before it.
        return sign === '(' ? `(${space}` : `${space}${sign}${space}`
      })
      assert.equal(matches(parsed(spread), map), matches(ast, map), spread)
    }),
  )
})

test('no text makes the parser throw, and every fault names a place in the text', () => {
  const words = [
    'a',
    '"x"',
    "'y'",
    '==',
    '!=',
    '=',
    '&&',
    '||',
    '&',
    '!',
    '(',
    ')',
    '{',
    '}',
    ',',
    'in',
    'not',
    'contains',
    'starts',
    'with',
    'has(',
    'all()',
    'global(',
    ' ',
    '\t',
    '\n',
    '"',
    "'",
    'é',
    '😀',
  ]
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join('')),
    fc.tuple(selector, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom('', ...words)).map(([ast, at, cut, put]) => {
      const whole = canonicalSelector(ast)
      const place = at % (whole.length + 1)
      return whole.slice(0, place) + put + whole.slice(place + cut)
    }),
  )
  fc.assert(
    fc.property(text, (text) => {
      const { ast, fault } = parseSelector(text)
      assert.notEqual(ast === undefined, fault === undefined)
      if (fault === undefined) return
      assert.ok(fault.offset >= 0 && fault.length >= 0 && fault.offset + fault.length <= text.length, JSON.stringify(fault))
      assert.ok(fault.column >= 1 && fault.column <= fault.offset + 1)
      assert.match(fault.message, new RegExp(` at column ${fault.column}( is (not closed|longer than 512 characters))?$`))
    }),
    { numRuns: 2000 },
  )
})
