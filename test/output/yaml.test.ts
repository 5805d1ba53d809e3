import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  assert as always,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  letrec,
  oneof,
  property,
  string,
  stringMatching,
} from 'fast-check'
import { CORE_SCHEMA, DUMP_SCHEMA, load, Schema, timestampTag } from 'js-yaml'
import { formatYaml } from '../../src/output/yaml.ts'
import { recordedOutput } from './recorded.ts'

/** Texts, and what go-yaml 2 (through sigs.k8s.io/yaml 1.6) wrote for them behind `k: `. */
const SCALARS: readonly (readonly [text: string, written: string])[] = [
  ['', '""'],
  ['a', 'a'],
  ['web-1', 'web-1'],
  ['y', '"y"'],
  ['Y', '"Y"'],
  ['yes', '"yes"'],
  ['Yes', '"Yes"'],
  ['YES', '"YES"'],
  ['yEs', 'yEs'],
  ['n', '"n"'],
  ['no', '"no"'],
  ['on', '"on"'],
  ['off', '"off"'],
  ['Off', '"Off"'],
  ['true', '"true"'],
  ['True', '"True"'],
  ['tRue', 'tRue'],
  ['false', '"false"'],
  ['null', '"null"'],
  ['Null', '"Null"'],
  ['NULL', '"NULL"'],
  ['nULL', 'nULL'],
  ['~', '"~"'],
  ['~a', '~a'],
  ['0', '"0"'],
  ['00', '"00"'],
  ['08', '"08"'],
  ['0777', '"0777"'],
  ['0o17', '"0o17"'],
  ['0o18', '0o18'],
  ['0x1F', '"0x1F"'],
  ['0xg', '0xg'],
  ['0b101', '"0b101"'],
  ['0b12', '0b12'],
  ['-0b1', '"-0b1"'],
  ['+1', '"+1"'],
  ['-1', '"-1"'],
  ['1_000', '"1_000"'],
  ['_1', '_1'],
  ['1__0', '"1__0"'],
  ['1.', '"1."'],
  ['1.5', '"1.5"'],
  ['.5', '".5"'],
  ['.', '.'],
  ['-.5', '"-.5"'],
  ['1e3', '"1e3"'],
  ['1e+06', '"1e+06"'],
  ['1.2.3', '1.2.3'],
  ['1,000', '1,000'],
  ['+', '+'],
  ['-', "'-'"],
  ['--', '--'],
  ['---', "'---'"],
  ['---a', "'---a'"],
  ['...', "'...'"],
  ['..', '..'],
  ['.inf', '".inf"'],
  ['-.Inf', '"-.Inf"'],
  ['+.inf', '"+.inf"'],
  ['.nan', '".nan"'],
  ['inf', 'inf'],
  ['NaN', 'NaN'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.0.0.1', '10.0.0.1'],
  ['22:22', '"22:22"'],
  ['1:60', '1:60'],
  ['11:22:33:44:55:06', '"11:22:33:44:55:06"'],
  ['11:22:33:44:55:66', '11:22:33:44:55:66'],
  ['fe80::1', 'fe80::1'],
  ['::1', '::1'],
  ['::', "'::'"],
  ['1:', "'1:'"],
  ['80:90', '80:90'],
  ['2001-01-01', '"2001-01-01"'],
  ['2001-1-1', '"2001-1-1"'],
  ['2001-13-01', '2001-13-01'],
  ['2001-02-30', '2001-02-30'],
  ['2026-01-01T00:00:00Z', '"2026-01-01T00:00:00Z"'],
  ['2026-01-01T00:00:00', '2026-01-01T00:00:00'],
  ['2026-01-01 00:00:00', '"2026-01-01 00:00:00"'],
  ['2026-01-01T00:00:00+01:00', '"2026-01-01T00:00:00+01:00"'],
  ['2026-01-01 24:00:00', '2026-01-01 24:00:00'],
  ['2026-01-01T23:60:00Z', '2026-01-01T23:60:00Z'],
  ['2026-01-01T23:59:00+25:00', '2026-01-01T23:59:00+25:00'],
  ['0b+1', '"0b+1"'],
  ['0b-1', '"0b-1"'],
  ['0b+2', '0b+2'],
  ['+0x1', '"+0x1"'],
  ['=', '='],
  ['<<', '<<'],
  ['a: b', "'a: b'"],
  ['a:b', 'a:b'],
  ['a:', "'a:'"],
  ['a #b', "'a #b'"],
  ['a#b', 'a#b'],
  ['#a', "'#a'"],
  ['-a', '-a'],
  ['- a', "'- a'"],
  ['?a', '?a'],
  ['? a', "'? a'"],
  [':a', ':a'],
  [': a', "': a'"],
  ['[a]', "'[a]'"],
  ['a[0]', 'a[0]'],
  ['{a}', "'{a}'"],
  ['a{b}', 'a{b}'],
  ['&a', "'&a'"],
  ['*a', "'*a'"],
  ['!a', "'!a'"],
  ['|', "'|'"],
  ['>', "'>'"],
  ['>=', "'>='"],
  ["'a'", "'''a'''"],
  ["it's", "it's"],
  ['"a"', '\'"a"\''],
  ['say "a"', 'say "a"'],
  ['%a', "'%a'"],
  ['@a', "'@a'"],
  ['`a', "'`a'"],
  [',a', "',a'"],
  ['a,b', 'a,b'],
  ['a ', "'a '"],
  [' a', "' a'"],
  [' ', "' '"],
  ['a\tb', '"a\\tb"'],
  ['\t', '"\\t"'],
  ['a\nb', '|-\n  a\n  b'],
  ['a\nb\n', '|\n  a\n  b'],
  ['a\n\nb\n\n', '|+\n  a\n\n  b\n'],
  ['\n', '|2+\n'],
  ['\na', '|2-\n\n  a'],
  [' a\nb', '|2-\n   a\n  b'],
  ['a \nb', '"a \\nb"'],
  ['a\n b', '|-\n  a\n   b'],
  ['a\\b', 'a\\b'],
  ['\\', '\\'],
  ['\0', '"\\0"'],
  ['\x07', '"\\a"'],
  ['\x1b[31m', '"\\e[31m"'],
  ['Grüße', 'Grüße'],
  ['日本', '日本'],
  ['a\xa0b', 'a\xa0b'],
  ['😀', '"\\U0001F600"'],
  ['selector == "a" && has(b)', 'selector == "a" && has(b)'],
  ['role == \'web\' && x in {"a"}', 'role == \'web\' && x in {"a"}'],
  ["net1 == ''", "net1 == ''"],
  ['<b>&amp;', '<b>&amp;'],
  ['a|b', 'a|b'],
  ['a>b', 'a>b'],
  ['key=value', 'key=value'],
  ['projectcalico.org/v3', 'projectcalico.org/v3'],
  ['5eed5eed', '5eed5eed'],
  ['1e10', '"1e10"'],
  ['12e03', '"12e03"'],
  ['0e0', '"0e0"'],
  ['5eed', '5eed'],
  ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001'],
  ['123e4567-e89b-42d3-a456-426614174000', '123e4567-e89b-42d3-a456-426614174000'],
  ['0x', '0x'],
  ['1.0.0', '1.0.0'],
  ['v1', 'v1'],
]

describe('a text is quoted as go-yaml quotes it', () => {
  for (const [text, written] of SCALARS) {
    test(JSON.stringify(text), () => {
      assert.equal(formatYaml({ k: text }), `k: ${written}\n`)
    })
  }
})

/** Where readers of YAML would not agree, or a terminal would hide something, more is quoted than by go-yaml. */
const STRICTER: readonly (readonly [what: string, text: string, written: string])[] = [
  ['next line', 'a\x85b', '"a\\Nb"'],
  ['line separator', 'a\u2028b', '"a\\Lb"'],
  ['paragraph separator in several lines', 'a\nb\u2029c', '"a\\nb\\Pc"'],
  ['a number beyond all floats', '1e999', '"1e999"'],
  ['a number beyond 64 bits', '0xffffffffffffffffff', '"0xffffffffffffffffff"'],
  ['delete', 'a\x7f', '"a\\x7F"'],
  ['text that runs backwards', 'a\u202eb', '"a\\u202Eb"'],
  ['an invisible character', 'a\u200bb', '"a\\u200Bb"'],
  ['half a surrogate pair', 'a\ud800', '"a\ufffd"'],
]

describe('a text is quoted for safety', () => {
  for (const [what, text, written] of STRICTER) {
    test(what, () => {
      assert.equal(formatYaml({ k: text }), `k: ${written}\n`)
    })
  }
  test('a key that would merge', () => {
    assert.equal(formatYaml({ '<<': 'x' }), '"<<": x\n')
  })
})

/** Other values, and what go-yaml wrote for them. */
const VALUES: readonly (readonly [what: string, value: object, written: string])[] = [
  ['whole numbers', [0, -0, 7, 1000000, -1e15, 2 ** 53], '- 0\n- 0\n- 7\n- 1000000\n- -1000000000000000\n- 9007199254740992\n'],
  ['fractions', [0.5, 6543215.321, 55.75, 1e-7, 0.0001, 0.00001], '- 0.5\n- 6.543215321e+06\n- 55.75\n- 1e-07\n- 0.0001\n- 1e-05\n'],
  ['big numbers', [1e19, 1e20, 1e21, -9.3e18], '- 10000000000000000000\n- 1e+20\n- 1e+21\n- -9.3e+18\n'],
  ['64-bit numbers', [18446744073709551615n, -9223372036854775808n], '- 18446744073709551615\n- -9223372036854775808\n'],
  ['booleans and null', [true, false, null], '- true\n- false\n- null\n'],
  ['empty ones', { a: {}, b: [], c: '', d: null }, 'a: {}\nb: []\nc: ""\nd: null\n'],
  ['nothing', {}, '{}\n'],
  ['an empty list', [], '[]\n'],
  ['undefined fields are left out', { a: undefined, b: { c: undefined } }, 'b: {}\n'],
  ['a list stands below its key', { a: [1, { b: 2, c: [3] }] }, 'a:\n- 1\n- b: 2\n  c:\n  - 3\n'],
  ['a list in a list', [[1, [2]], []], '- - 1\n  - - 2\n- []\n'],
  ['keys in natural order', { a10: 1, a2: 1, A: 1, 'a.b': 1, ab: 1, 'a-b': 1, a: 1, a02: 1, _: 1, 9: 1, 10: 1 }, naturalOrder()],
  ['keys that need quotes', { y: 1, '': 2, '1': 3, 'a: b': 4, 'a b': 5, '#': 6 }, '"": 2\n\'#\': 6\n"1": 3\na b: 5\n\'a: b\': 4\n"y": 1\n'],
  ['a key of 129 bytes', { ['k'.repeat(129)]: { b: [1] } }, `? ${'k'.repeat(129)}\n: b:\n  - 1\n`],
  ['a key of 129 bytes with a list', { ['k'.repeat(129)]: [1, 2] }, `? ${'k'.repeat(129)}\n: - 1\n  - 2\n`],
  ['a key of two lines', { 'a\nb': 'c' }, '? |-\n  a\n  b\n: c\n'],
  ['a block in a list', [{ a: 'b\nc\n' }, 'd\ne'], '- a: |\n    b\n    c\n- |-\n  d\n  e\n'],
  ['a long text breaks at the first space behind column 80', { a: { b: words(20) } }, `a:\n  b: ${words(16)}\n    ${words(4)}\n`],
  ['a long text in quotes', { a: `${words(20)}: x` }, `a: '${words(16)}\n  ${words(4)}: x'\n`],
  ['a long text with an escape', [`\t${words(20)}  x`], `- "\\t${words(16)}\n  ${words(4)}  x"\n`],
  ['two spaces at the break of an escaped text', [`\t${words(16)}  x`], `- "\\t${words(16)}\n  \\ x"\n`],
  ['a space at column 80 stays', { a: `${'x'.repeat(77)} y` }, `a: ${'x'.repeat(77)} y\n`],
  ['a space behind it breaks', { a: `${'x'.repeat(78)} y` }, `a: ${'x'.repeat(78)}\n  y\n`],
  ['a space at the end does not break', { a: `${'x'.repeat(90)} ` }, `a: '${'x'.repeat(90)} '\n`],
  ['two spaces do not break', { a: `${'x'.repeat(90)}  y z` }, `a: ${'x'.repeat(90)}  y\n  z\n`],
  ['a long text without spaces stays', { a: 'x'.repeat(200) }, `a: ${'x'.repeat(200)}\n`],
]

describe('values are written as go-yaml writes them', () => {
  for (const [what, value, written] of VALUES) {
    test(what, () => {
      assert.equal(formatYaml(value), written)
    })
  }
})

test('every recorded YAML output is written again byte for byte', () => {
  const outputs = recordedOutput('yaml')
  assert.ok(outputs.length > 300, `only ${outputs.length} outputs were found`)
  for (const { text, step } of outputs) {
    // A time is text in JSON.
    assert.equal(formatYaml(load(text, { schema: CORE_SCHEMA }) as object), text, step)
  }
})

const text = oneof(
  string(),
  string({ unit: 'binary', maxLength: 12 }),
  string({ unit: constantFrom(...Array.from(' \n:#-?,[]{}&*!|>\'"%@`aby01._e+~\\\t')), maxLength: 12 }),
  string({ unit: constantFrom('a', 'b', ' ', ':', '\\', '"', "'", '#', 'ü', '😀'), maxLength: 250 }),
  stringMatching(/^[-+]?[0-9._:xobeETZ-]{1,12}$/),
  constantFrom(...SCALARS.map(([value]) => value)),
).filter((value) => !/\p{Cs}/u.test(value))

const { value: anyValue } = letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  value: oneof({ depthSize: 'small' }, tie('leaf'), array(tie('value'), { maxLength: 4 }), dictionary(text, tie('value'), { maxKeys: 4 })),
  leaf: oneof(text, integer(), double({ noNaN: true, noDefaultInfinity: true }), boolean(), constant(null)),
}))

for (const [name, schema] of [
  ['1.2', CORE_SCHEMA],
  // Numbers as in both versions; of times go-yaml knows only the strict forms, and so do we.
  ['1.1', new Schema(DUMP_SCHEMA.tags.filter((tag) => tag !== timestampTag))],
] as const) {
  test(`what is written reads back as the same value in YAML ${name}`, () => {
    always(
      property(anyValue, (value) => {
        assert.deepEqual(reread([value], schema), JSON.parse(JSON.stringify([value])))
      }),
      { numRuns: 500 },
    )
  })
}

// --- internal ---

function reread(value: object, schema: Schema): unknown {
  const written = formatYaml(value)
  return JSON.parse(JSON.stringify(load(written, { schema })))
}

function naturalOrder(): string {
  return ['_: 1', '"9": 1', '"10": 1', 'A: 1', 'a: 1', 'a-b: 1', 'a.b: 1', 'a2: 1', 'a02: 1', 'a10: 1', 'ab: 1'].map((line) => `${line}\n`).join('')
}

function words(count: number): string {
  return Array.from({ length: count }, () => 'word').join(' ')
}
