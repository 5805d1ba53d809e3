import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllAlone, isGlobalAlone, labelsOf, usesGlobal } from '../../../src/model/selector/ast.ts'
import { MAX_NESTING, parseSelector, type SelectorFault } from '../../../src/model/selector/parse.ts'

function faultOf(text: string): SelectorFault {
  const { fault } = parseSelector(text)
  assert.ok(fault, `${text} parses`)
  return fault
}

const REFUSED: readonly (readonly [text: string, message: string, help: string | undefined])[] = [
  ['color = "red"', 'expected an operator after label "color" but found "=" at column 7', 'write "=="'],
  ['color === "red"', 'expected a quoted string but found "=" at column 9', 'write "=="'],
  ['color:red', 'expected an operator after label "color" but found ":" at column 6', 'write "=="'],
  ['role == db', 'expected a quoted string but found "db" at column 9', 'quote it: "db"'],
  ['role in {db}', 'expected a quoted string or "}" but found "db" at column 10', 'quote it: "db"'],
  ['role in "db"', 'expected "{" but found the string "db" at column 9', 'write the values in braces: {"db"}'],
  ['role in {"a" "b"}', 'expected "," or "}" but found the string "b" at column 14', undefined],
  ['role in {"a"', 'the "{" at column 9 is not closed', undefined],
  ['has(a) and has(b)', 'expected "&&", "||" or the end but found "and" at column 8', 'write "&&" to ask for both'],
  ['has(a) or has(b)', 'expected "&&", "||" or the end but found "or" at column 8', 'write "||" to ask for either'],
  ['has(a) & has(b)', 'expected "&&", "||" or the end but found "&" at column 8', 'write "&&" to ask for both'],
  ['not has(a)', 'expected an operator after label "not" but found "has" at column 5', 'write "!" in place of "not"'],
  ['has (a)', 'expected an operator after label "has" but found "(" at column 5', 'write has( without a space before the parenthesis'],
  ['gloal()', 'expected an operator after label "gloal" but found "(" at column 6', 'did you mean "global("?'],
  ['all', 'expected an operator after label "all" but the selector ends at column 4', 'write all()'],
  ['a startwith "x"', 'expected an operator after label "a" but found "startwith" at column 3', 'did you mean "starts with"?'],
  ['(has(a)', 'the "(" at column 1 is not closed', undefined],
  ['has(a))', 'expected "&&", "||" or the end but found ")" at column 7', 'there is no "(" for it'],
  ['a == "b', 'the quote " at column 6 is not closed', undefined],
  ['a == ‘b’', 'expected a quoted string but found "‘" at column 6', 'use plain quotes, " or \''],
  [
    'has(a)\n',
    'expected "&&", "||" or the end but found a line break at column 7',
    'a selector stands on one line; in YAML a block of lines under ">-" becomes one, under "|" it does not',
  ],
  [
    'a == "it""s"',
    'expected "&&", "||" or the end but found the string "s" at column 10',
    'there are no escapes: a text with one kind of quote inside goes in the other kind',
  ],
]

for (const [text, message, help] of REFUSED) {
  test(`${JSON.stringify(text)} is refused: ${message}`, () => {
    const fault = faultOf(text)
    assert.equal(fault.message, message)
    assert.equal(fault.help, help)
  })
}

test('an invisible character is named, since it cannot be seen', () => {
  assert.match(faultOf('team​ == "x"').message, /found the invisible character U\+200B at column 5/)
})

test('columns count characters, offsets index the text', () => {
  const fault = faultOf('a == "😀" b')
  assert.deepEqual([fault.column, fault.offset, fault.length], [10, 10, 1])
})

test('a label has at most 512 characters', () => {
  assert.ok(parseSelector(`has(${'x'.repeat(512)})`).ast)
  assert.match(faultOf(`has(${'x'.repeat(513)})`).message, /is longer than 512 characters/)
})

test('parentheses nest as deep as said and no deeper, however the text goes on', () => {
  assert.ok(parseSelector(`${'('.repeat(MAX_NESTING)}has(a)${')'.repeat(MAX_NESTING)}`).ast)
  for (const opening of ['(', '!(', 'has(a)||(', 'has(a)&&!(']) {
    assert.match(faultOf(opening.repeat(100_000)).message, /more than 1000 parentheses are open/)
  }
})

test('any number of negations is read, and pairs cancel out', () => {
  assert.deepEqual(parseSelector(`${'!'.repeat(100_000)}has(a)`).ast, { type: 'has', label: 'a' })
  assert.deepEqual(parseSelector(`${'! '.repeat(100_001)}has(a)`).ast, { type: 'not', operand: { type: 'has', label: 'a' } })
})

test('many parentheses one after the other are not nested', () => {
  assert.ok(parseSelector(Array.from({ length: 5000 }, () => '(has(a))').join('||')).ast)
})

test('the labels of a selector are those it asks for, once each', () => {
  const { ast } = parseSelector('b == "1" && !(has(a) || b not in {"c"}) && d starts with "all()"')
  assert.ok(ast)
  assert.deepEqual([...labelsOf(ast)], ['b', 'a', 'd'])
})

test('global() is found wherever it stands, but not in quotes', () => {
  for (const [text, expected] of [
    ['global()', true],
    ['has(a) || !(global( ) && has(b))', true],
    ['a == "global()"', false],
    ['global == "x"', false],
  ] as const) {
    const { ast } = parseSelector(text)
    assert.equal(ast && usesGlobal(ast), expected, text)
  }
})

test('all() and global() stand alone with spaces but not with parentheses', () => {
  for (const text of ['', ' ', 'all()', ' all( ) ']) assert.ok(isAllAlone(text), text)
  for (const text of ['(all())', '!all()', 'all() && has(a)', 'all (']) assert.ok(!isAllAlone(text), text)
  for (const text of ['global()', '\tglobal( ) ']) assert.ok(isGlobalAlone(text), text)
  for (const text of ['', '(global())', '!global()', 'global() || all()']) assert.ok(!isGlobalAlone(text), text)
})
