import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Arbitrary,
  array,
  assert as always,
  boolean,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  record,
  string,
} from 'fast-check'
import { dump, load } from 'js-yaml'
import { Lines } from '../../src/manifest/lines.ts'
import { Locator } from '../../src/manifest/locate.ts'
import { readDocuments } from '../../src/manifest/yaml.ts'
import type { Path } from '../../src/model/problem.ts'

type Tree = string | number | boolean | readonly Tree[] | { readonly [key: string]: Tree }

// Question marks and leading colons mean something else to the peer where they stand in brackets.
const harmless = (text: string): string => text.replaceAll('?', '').replace(/^[:\s]+/, '')
// No y, n, on, off or numbers as names: those mean something else to the peer.
const key = oneof(
  constantFrom('name', 'spec', 'a b', 'ключ', '日本', '😀', 'x"y', "it's", '#h', '!nets', '- a', 'a: b', '{', '__proto__'),
  string({ minLength: 6 }).map((name) => `${harmless(name)}key`),
)
const text = oneof(
  string({ unit: 'grapheme' }).map(harmless),
  constantFrom('', 'true', '010', 'yes', '~', 'a\nb\n', 'a\n\n  b', ' lead', "don't", '!has(x)', '22:22', '# no'),
)
const { tree } = letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
  leaf: oneof(text, integer(), boolean()) as Arbitrary<Tree>,
  tree: oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    array(tie('tree'), { maxLength: 4 }),
    dictionary(key, tie('tree'), { maxKeys: 4 }),
  ) as Arbitrary<Tree>,
}))
const document = record({ first: tree, second: tree })
const style = record({ flowLevel: constantFrom(-1, 0, 1, 2), indent: constantFrom(2, 4), json: boolean(), crlf: boolean() })

interface Style {
  readonly flowLevel: number
  readonly indent: number
  readonly json: boolean
  readonly crlf: boolean
}

function write(value: Tree, { flowLevel, indent, json, crlf }: Style): string {
  // JSON's escapes for halves of characters are none of YAML 1.1; there are none in well-formed text.
  const written = json ? JSON.stringify(value, undefined, indent) : dump(value, { flowLevel, indent, lineWidth: -1, noRefs: true })
  return crlf ? written.replaceAll('\n', '\r\n') : written
}

function* leaves(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* leaves(item, [...path, index])
  else if (typeof value === 'object' && value !== null) for (const [name, item] of Object.entries(value)) yield* leaves(item, [...path, name])
  else yield [path, value]
}

/** What the characters that the peer refuses, or reads as line breaks, would make of the property is not its subject. */
const isPlainText = (text: string): boolean => !/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/.test(text)

test('a document read is the value that was written, in every style', () => {
  always(
    property(document, style, (value, style) => {
      const written = write(value, style)
      if (!isPlainText(written)) return
      const [read] = readDocuments(written, [{ start: 0, end: written.length }])
      assert.deepEqual(read?.faults, [], written)
      assert.deepEqual(read.value, load(written))
    }),
    { numRuns: 300 },
  )
})

test('a value is found where it stands', () => {
  always(
    property(document, style, (value, style) => {
      const written = write(value, style)
      if (!isPlainText(written)) return
      const locator = new Locator(written)
      for (const [path, leaf] of leaves(value)) {
        const [start, end] = locator.find(path, 'value')
        const found = written.slice(start, end)
        // Of a block of text its first line with something on it is shown.
        if (typeof leaf === 'string' && /[|>][-+0-9]*\s*$/.test(written.slice(0, start).trimEnd()))
          assert.ok(leaf.includes(found), `${found} in ${leaf}`)
        else assert.deepEqual(load(found), leaf, `${JSON.stringify(path)} in ${written}`)
      }
    }),
    { numRuns: 300 },
  )
})

test('a name is found where it stands', () => {
  always(
    property(document, style, (value, style) => {
      const written = write(value, style)
      if (!isPlainText(written)) return
      const locator = new Locator(written)
      for (const [path] of leaves(value)) {
        const name = path.at(-1)
        if (typeof name !== 'string') continue
        assert.equal(load(written.slice(...locator.find(path, 'key'))), name, written)
      }
    }),
    { numRuns: 300 },
  )
})

test('lines and columns count as a reader counts them, whatever is asked first', () => {
  const piece = constantFrom('a', '\n', '\r\n', '\r', '😀', 'é', '\t')
  always(
    property(array(piece, { maxLength: 40 }), array(integer({ min: 0, max: 40 })), (pieces, order) => {
      const text = pieces.join('')
      const lines = new Lines(text)
      for (const index of order.filter((index) => index <= pieces.length)) {
        const before = pieces.slice(0, index).join('')
        // Between the two characters of one line end there is no place to ask for.
        if (before.endsWith('\r') && pieces[index]?.startsWith('\n')) continue
        const above = before.split(/\r\n|\r|\n/)
        assert.deepEqual(lines.position(before.length), { line: above.length, column: Array.from(above.at(-1) ?? '').length + 1 })
      }
    }),
  )
})

const places: readonly (readonly [what: string, text: string, path: Path, at: 'value' | 'key', found: string])[] = [
  ['a plain value', 'a: bc # d\n', ['a'], 'value', 'bc'],
  ['a quoted value with its quotes', 'a: "b"\n', ['a'], 'value', '"b"'],
  ['a value over two lines', 'a: b\n  c\n', ['a'], 'value', 'b\n  c'],
  ['the first line of a block', 'a: |\n\n  b\n  c\n', ['a'], 'value', 'b'],
  ['an alias', 'a: &x b\nc: *x\n', ['c'], 'value', '*x'],
  ['what an alias names, at the alias', 'a: &x {b: c}\nd: *x\n', ['d', 'b'], 'value', '*x'],
  ['what a merge key brings, at the mapping', 'a: &x {b: c}\nd: {<<: *x}\n', ['d', 'b'], 'value', 'd'],
  ['a tagged value with its tag', 'a: !!str b\n', ['a'], 'value', '!!str b'],
  ['an empty value, at its name', 'a:\n', ['a'], 'value', 'a'],
  ['a mapping, at its name', 'a:\n  b: c\n', ['a'], 'value', 'a'],
  ['a list, at its name', 'a: [b]\n', ['a'], 'value', 'a'],
  ['a mapping in a list, at its first name', 'a:\n- b: c\n', ['a', 0], 'value', 'b'],
  ['a name in another letter case', 'Spec: {Nets: [a]}\n', ['spec', 'nets', 0], 'value', 'a'],
  ['what is not there, at the name above', 'a: {b: c}\n', ['a', 'x', 'y'], 'value', 'a'],
  ['the document, at its first name', '# c\n---\na: b\n', [], 'value', 'a'],
  ['the second of two equal names is not mistaken', 'a: {b: 1}\nb: 2\n', ['b'], 'value', '2'],
]

for (const [what, text, path, at, found] of places) {
  test(`finds ${what}`, () => assert.equal(text.slice(...new Locator(text).find(path, at)), found))
}
