import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { renderGoTemplate } from '../../../src/output/go-template.ts'

const HOSTILE: readonly (readonly [what: string, template: string, problem: RegExp])[] = [
  ['calls itself', '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', /deep in one another$/],
  ['calls itself twice', '{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}', /deep in one another$/],
  ['goes on and on', '{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}', /does not come to an end$/],
  ['doubles a text', '{{$x := "aaaaaaaa"}}{{range 100}}{{$x = print $x $x}}{{end}}', /too much text$/],
  ['prints without end', '{{range 1000000000}}{{printf "%1000000d" 1}}{{end}}', /too much text$/],
  ['opens parentheses', `{{${'('.repeat(100_000)}`, /parentheses are open here$/],
  ['opens actions', '{{if 1}}'.repeat(100_000), /parentheses are open here$/],
]

for (const [what, template, problem] of HOSTILE) {
  test(`a template that ${what} is stopped`, () => {
    const result = renderGoTemplate(template, {})
    assert.ok('problem' in result)
    assert.match(result.problem.message, problem)
  })
}

test('a template as deep as is allowed is carried out', () => {
  assert.deepEqual(renderGoTemplate(`${'{{if 1}}'.repeat(390)}x${'{{end}}'.repeat(390)}`, {}), { text: 'x' })
  assert.deepEqual(renderGoTemplate(`{{${'('.repeat(390)}1${')'.repeat(390)}}}`, {}), { text: '1' })
})

test('data that nests without end does not bring the program down', () => {
  let data: unknown = 1
  for (let i = 0; i < 100_000; i++) data = [data]
  assert.ok('problem' in renderGoTemplate('{{.}}', data))
})

test('names that every object has are no keys', () => {
  assert.deepEqual(renderGoTemplate('{{.constructor}} {{.__proto__}} {{.Constructor}} {{index . "toString"}}', {}), {
    text: '<no value> <no value> <no value> <no value>',
  })
})

const WORDS = [
  '{{',
  '}}',
  '{{-',
  '-}}',
  ' ',
  '\n',
  '.',
  '.a',
  '$',
  '$x',
  ':=',
  '=',
  '|',
  '(',
  ')',
  ',',
  '"s"',
  '"',
  '`',
  "'a'",
  '1',
  '2.5',
  '-',
  'if',
  'else',
  'end',
]
const MORE = [
  'range',
  'with',
  'define',
  'block',
  'template',
  'break',
  'nil',
  'true',
  'print',
  'printf "%5.2v"',
  'len',
  'index',
  'eq',
  'and',
  'slice',
  '/*',
  '*/',
  '%',
  'é',
]
const json = fc.jsonValue({ maxDepth: 3 })

test('no text and no data make the engine throw', () => {
  const scrambled = fc.array(fc.constantFrom(...WORDS, ...MORE), { maxLength: 25 }).map((words) => words.join(''))
  const action = fc.array(fc.constantFrom(...WORDS.slice(4), ...MORE), { maxLength: 8 }).map((words) => `{{$x := 1}}{{${words.join(' ')}}}`)
  fc.assert(
    fc.property(fc.oneof(scrambled, action, fc.string({ unit: 'binary' })), json, (template, data) => {
      const result = renderGoTemplate(template, { a: data })
      assert.ok('text' in result ? typeof result.text === 'string' : result.problem.message.startsWith('template:'))
    }),
    { numRuns: 1000 },
  )
})

test('printf takes any format and any values', () => {
  const format = fc
    .array(fc.constantFrom('%', '%%', ...Array.from('vTtdboOxXcqUeEfFgGsz +-#0123.*[]')), { maxLength: 12 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(format, json, json, (format, a, b) => {
      assert.ok('text' in renderGoTemplate('{{printf .format .a .b}}', { format, a, b }))
    }),
    { numRuns: 1000 },
  )
})
