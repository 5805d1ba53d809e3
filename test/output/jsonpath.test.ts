import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { renderJsonPath } from '../../src/output/jsonpath.ts'

/** What the templates below are carried out on. */
const DATA = {
  kind: 'List',
  count: 3,
  half: 2.5,
  yes: true,
  nothing: null,
  blank: '',
  list: [10, 20, 30, 40],
  nested: [[1, 2], [3]],
  map: { b: 'B', 'a.b': 'dotted', 'x y': 'spaced', 'projectcalico.org/tier': 'sec' },
  items: [
    { name: 'a', port: 80, labels: { app: 'web' }, nets: ['10.0.0.0/8', '11.0.0.0/8'] },
    { name: 'b', port: 443, labels: { app: 'db', old: 'yes' }, nets: ['12.0.0.0/8'] },
    { name: 'c', port: 'http', up: true },
  ],
}

function table(title: string, cases: readonly (readonly [template: string, expected: string])[]): void {
  test(title, () => {
    for (const [template, expected] of cases) {
      assert.deepEqual(renderJsonPath(template, DATA), { text: expected }, template)
    }
  })
}

table('text stands as it is, braces hold paths and quoted text', [
  ['', ''],
  ['plain\n', 'plain\n'],
  ['a{.kind}b{.count}c', 'aListb3c'],
  ['{"quoted \\t\\"x\\" \\u00e9\\n"}{\'single\'}', 'quoted \t"x" é\nsingle'],
  ['{3}{2.50}{-1}{true}', '32.5-1true'],
  ['{ .kind }', 'List'],
])

table('values are printed plainly, objects and lists as JSON', [
  ['{.count} {.half} {.yes} {.nothing} {.blank}.', '3 2.5 true null .'],
  ['{.list}', '[10,20,30,40]'],
  ['{.items[0].labels}', '{"app":"web"}'],
])

table('fields, also in brackets, and with a backslash before points', [
  ['{.items[0].labels.app}', 'web'],
  ["{.map['b']}{.map[\"b\"]}{['map']['b']}", 'BBB'],
  ["{.map['a.b']} {.map.a\\.b} {.map['x y']}", 'dotted dotted spaced'],
  ['{.map.projectcalico\\.org/tier}', 'sec'],
  ["{.map['b','x y']}", 'B spaced'],
])

table('every item', [
  ['{.list[*]}', '10 20 30 40'],
  ['{.items[*].name}', 'a b c'],
  ['{.items[*].nets[*]}', '10.0.0.0/8 11.0.0.0/8 12.0.0.0/8'],
  ['{.items[0].labels.*}', 'web'],
  ['{.nested[*][0]}', '1 3'],
  ["{.items[*]['name','port']}", 'a b c 80 443 http'],
])

table('indices, unions and slices; below 0 they count from the end', [
  ['{.list[0]} {.list[-1]} {.list[ 1 ]}', '10 40 20'],
  ['{.list[0,2]} {.list[1:3,0]}', '10 30 20 30 10'],
  ['{.list[1:3]} {.list[:2]} {.list[2:]} {.list[-2:]} {.list[:-1]}', '20 30 10 20 30 40 30 40 10 20 30'],
  ['{.list[::2]} {.list[1:4:2]} {.list[:]}', '10 30 20 40 10 20 30 40'],
  ['{.list[2:99]} {.list[3:1]}.', '30 40 .'],
])

table('filters compare or ask whether something is there', [
  ['{.items[?(@.name=="b")].port}', '443'],
  ["{.items[?(@.name=='b')].port}", '443'],
  ['{.items[?(@.name!="b")].name}', 'a c'],
  ['{.items[?( @.port >= 100 )].name}', 'b'],
  ['{.items[?(@.port<100)].name}', 'a'],
  ['{.items[?(@.name > "a")].name}', 'b c'],
  ['{.items[?(@.port=="http")].name}', 'c'],
  ['{.items[?(@.up==true)].name}', 'c'],
  ['{.items[?(@.labels)].name}', 'a b'],
  ['{.items[?(@.labels.old)].name}', 'b'],
  ['{.items[?(@.labels[\'app\']=="db")].name}', 'b'],
  ['{.items[?(@.nets[0]=="12.0.0.0/8")].name}', 'b'],
  ['{.items[?("b"==@.name)].name}', 'b'],
  ['{.items[?(@.nope=="x")].name}{.items[?(@.nope!="x")].name}', ''],
  ['{.list[?(@>15)]}', '20 30 40'],
  ['{.list[?(@==$.list[1])]}', '20'],
  ['{.items[?(@.labels)][?(@.name)]}', ''],
])

table('.. looks at every depth', [
  ['{..name}', 'a b c'],
  ['{..labels[0]}{..kind[*]}{..[?(@.name=="b")].port}', '443'],
  ['{..app}', 'web db'],
  ['{.items..nets[0]}', '10.0.0.0/8 12.0.0.0/8'],
  ['{..nets..}', '["10.0.0.0/8","11.0.0.0/8"] 10.0.0.0/8 11.0.0.0/8 ["12.0.0.0/8"] 12.0.0.0/8'],
])

table('range carries out what follows for each value', [
  ['{range .items[*]}{.name}={.port};{end}', 'a=80;b=443;c=http;'],
  ['{range .items[*]}{@.name}{"\\t"}{.labels.app}{"\\n"}{end}', 'a\tweb\nb\tdb\nc\t\n'],
  ['{range .items[*]}[{range .nets[*]}{@},{end}]{end}', '[10.0.0.0/8,11.0.0.0/8,][12.0.0.0/8,][]'],
  ['{range .items[*]}{.name}{$.kind} {end}', 'aList bList cList '],
  ['{range .nope[*]}x{end}tail', 'tail'],
  ['{range .items[*]}{.name}', 'abc'],
])

table('what is not there is left out', [
  ['{.nope}|{.nope.x}|{.nope[0]}|{.nope[*]}|{.kind.x}|{.items.name}', '|||||'],
  ['{.constructor}{.items[0].__proto__}', ''],
])

table('a template without braces is a path', [
  ['.kind', 'List'],
  [' $.items[*].name', 'a b c'],
  ["['kind']", 'List'],
  ['@.count', '3'],
])

test('the whole data is {@}, {$}, {.} or {}', () => {
  for (const template of ['{@}', '{$}', '{.}', '{}', '{ }']) assert.deepEqual(renderJsonPath(template, { a: [1] }), { text: '{"a":[1]}' }, template)
})

const REFUSED: readonly (readonly [template: string, problem: RegExp, help?: RegExp])[] = [
  ['{.kind', /^jsonpath:1:1: the { here is not closed$/],
  ['a\n{.list[0}', /^jsonpath:2:9: expected "]" or ",", found "}"$/],
  ['{.list[9]}', /^jsonpath:1:7: index 9 is out of bounds of a list of 4$/],
  ['{.list[-9]}', /index -9 is out of bounds of a list of 4$/],
  ['{.list[::0]}', /a step must be above 0, not 0$/],
  ['{.map[b]}', /b in brackets is neither a number nor quoted$/, /\['b'\]/],
  ['{.map[0]}', /an object has no items to count$/, /\['name'\]/],
  ['{.kind[0]}', /a text has no items to count$/],
  ['{.count[*]}', /a number has no items$/],
  ['{kind}', /kind is no path and no value$/, /\.kind/],
  ['{.kind, .count}', /expected "}", found ","$/],
  ['{end}', /there is no range that {end} could belong to$/],
  ['{"abc}', /this string is not closed$/],
  ['{"\\z"}', /unknown escape \\z$/],
  ['{.items[?(@.a=="x" && @.b)]}', /expected "\)", found "&"$/, /a filter behind a filter/],
  ['{.items[?(@.a==)]}', /expected a path such as @\.name, or a value, found "\)"$/],
  ['{.items[?(@.nets[*]=="x")].name}', /a filter compares one value with one/],
  ['{.items[?(@.a]}', /expected an operator or "\)", found "]"$/],
]

for (const [template, problem, help] of REFUSED) {
  test(`${JSON.stringify(template)} is refused: ${problem.source}`, () => {
    const result = renderJsonPath(template, DATA)
    assert.ok('problem' in result, JSON.stringify(result))
    assert.match(result.problem.message, problem)
    if (help) assert.match(result.problem.help ?? '', help)
  })
}

test('a template that multiplies what it finds is stopped', () => {
  let data: unknown = 'x'
  for (let i = 0; i < 200; i++) data = { a: data, b: 1 }
  const result = renderJsonPath(`{${'..'.repeat(20)}}`, data)
  assert.ok('problem' in result)
  assert.match(result.problem.message, /finds too much$/)
})

test('ranges and filters in one another without end are refused', () => {
  for (const part of ['{range .a}', '{.a[?(@', '{..', '{.a[']) assert.ok('problem' in renderJsonPath(`{.x}${part.repeat(50_000)}`, {}), part)
})

test('data that nests without end does not bring the program down', () => {
  let data: unknown = 1
  for (let i = 0; i < 100_000; i++) data = [data]
  assert.ok('problem' in renderJsonPath('{@}', data))
})

test('no text and no data make it throw', () => {
  const words = [
    '{',
    '}',
    '{',
    '}',
    '.',
    '.a',
    '..',
    '[',
    ']',
    '[*]',
    '[0]',
    '[-1:]',
    "['a']",
    '[?(',
    '@',
    '@.a',
    '==',
    '<',
    '"a"',
    ')',
    ',',
    ':',
    '1',
    'range ',
    'end',
    '$',
    '*',
    ' ',
    '\\',
    "'",
    '"',
    'é',
  ]
  const scrambled = fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join(''))
  const path = fc.array(fc.constantFrom(...words.slice(4)), { maxLength: 6 }).map((parts) => `{.a${parts.join('')}}`)
  fc.assert(
    fc.property(fc.oneof(scrambled, path, fc.string({ unit: 'binary' })), fc.jsonValue({ maxDepth: 3 }), (template, data) => {
      const result = renderJsonPath(template, { a: data })
      assert.ok('text' in result ? typeof result.text === 'string' : result.problem.message.startsWith('jsonpath:'))
    }),
    { numRuns: 1000 },
  )
})

test('a path of fields finds what JSON.parse finds', () => {
  const key = fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__')
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.nat(), (keys, leaf) => {
      const data = keys.reduceRight<unknown>((value, key) => ({ [key]: value }), leaf)
      const path = keys.map((key) => `[${JSON.stringify(key)}]`).join('')
      assert.deepEqual(renderJsonPath(`{${path}}`, data), { text: String(leaf) })
    }),
  )
})
