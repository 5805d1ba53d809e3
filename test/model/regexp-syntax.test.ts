import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { regexpFault } from '../../src/model/regexp-syntax.ts'

const good = [
  '',
  '^eth.*',
  'a|b||c',
  '()',
  '(|a)',
  'a*?b+?c??',
  '^*$?',
  'a{2}b{2,}c{2,3}d{0}e{1000}f{2}?',
  'a{,3}{b{01}{',
  '}]',
  '(?i)eth',
  '(?i-s:a)(?:b)(?s-m)(?)(?U)',
  'a(?i)*',
  '(?P<x>a)(?<y_1>b)(?P<x>c)',
  '[]a]',
  '[^]a]',
  '[a-z-9]',
  '[-a]',
  '[a-]',
  '[a-b-c]',
  '[[:alpha:][:^digit:]]',
  '[[:a]',
  '[[.a.]]',
  '[\\d-z]',
  '[\\]\\x41-\\x{5a}\\pL]',
  '\\A\\b\\B\\z',
  '\\d\\D\\s\\S\\w\\W',
  '\\pL\\p{Greek}\\P{^Lu}\\p{letter}\\p{Old_Italic}\\p{Any}',
  '\\x41\\x{10FFFF}\\0\\012\\12',
  '\\a\\f\\n\\r\\t\\v\\.\\_\\-\\/',
  '\\Qa*(\\Eb',
  '\\Q(',
  'x\\Q\\E*',
  '((x{10}){10}){10}',
  '💥+',
  'a\nb',
]

for (const pattern of good) {
  test(`${JSON.stringify(pattern)} is a regular expression of RE2`, () => {
    assert.equal(regexpFault(pattern), undefined)
  })
}

const bad: readonly [pattern: string, fault: string][] = [
  ['(', 'has a "(" without a ")"'],
  ['(?:a', 'has a "(" without a ")"'],
  ['a)', 'has a ")" without a "("'],
  ['[a-', 'has a "[" without a "]"'],
  ['[]', 'has a "[" without a "]"'],
  ['[a', 'has a "[" without a "]"'],
  ['[z-a]', 'has the character range "z-a", which runs backwards'],
  ['*', 'has nothing before "*" to repeat'],
  ['(*)', 'has nothing before "*" to repeat'],
  ['a|+', 'has nothing before "+" to repeat'],
  ['(?i)*', 'has nothing before "*" to repeat'],
  ['\\Q\\E*', 'has nothing before "*" to repeat'],
  ['{2}', 'has nothing before "{2}" to repeat'],
  ['a++', 'repeats a repetition with "+"'],
  ['a**', 'repeats a repetition with "*"'],
  ['a*??', 'repeats a repetition with "?"'],
  ['a{2}{3}', 'repeats a repetition with "{3}"'],
  ['a{1001}', 'has the count {1001}\na count is at most 1000, and its first number not larger than its second'],
  ['a{9999999999999999999999}', 'has the count {9999999999999999999999}\na count is at most 1000, and its first number not larger than its second'],
  ['a{3,2}', 'has the count {3,2}\na count is at most 1000, and its first number not larger than its second'],
  ['(x{100}){100}', 'repeats more than 1000 times with counts inside counts'],
  ['(?!x)', 'looks around with "(?=", "(?!", "(?<=" or "(?<!", which this kind of regular expression cannot'],
  ['(?=x)', 'looks around with "(?=", "(?!", "(?<=" or "(?<!", which this kind of regular expression cannot'],
  ['(?<=a)b', 'looks around with "(?=", "(?!", "(?<=" or "(?<!", which this kind of regular expression cannot'],
  ['(?<!a)b', 'looks around with "(?=", "(?!", "(?<=" or "(?<!", which this kind of regular expression cannot'],
  ['(?P<a b>x)', 'has the group name "a b"\nit is made of letters, digits and "_"'],
  ['(?<>x)', 'has the group name ""\nit is made of letters, digits and "_"'],
  ['(?x)a', 'has "(?x", and there is no such "(?"'],
  ['(?-)', 'has "(?-", and there is no such "(?"'],
  ['(?>a)', 'has "(?>", and there is no such "(?"'],
  ['(a)\\1', 'has "\\1", and there is no such "\\"'],
  ['a\\Z', 'has "\\Z", and there is no such "\\"'],
  ['\\C', 'has "\\C", and there is no such "\\"'],
  ['[a-\\d]', 'has "\\d", and there is no such "\\"'],
  ['\\é', 'has "\\é", and there is no such "\\"'],
  ['\\x4', 'has "\\x", and there is no such "\\"'],
  ['\\x{110000}', 'has the character number 110000, and the last one is 10ffff'],
  ['a\\', 'ends with a "\\"'],
  ['\\pX', 'has the unknown character class "\\pX"'],
  ['\\p{Gr}', 'has the unknown character class "\\p{Gr}"'],
  ['[[:foo:]]', 'has the unknown character class "[:foo:]"'],
  ['('.repeat(1000) + ')'.repeat(1000), 'nests too deeply'],
]

for (const [pattern, fault] of bad) {
  test(`${JSON.stringify(pattern.slice(0, 40))} ${fault.split('\n')[0]}`, () => {
    assert.equal(regexpFault(pattern), fault)
  })
}

test('text of any kind is judged without a failure of the program', () => {
  const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('(', ')', '[', ']', '\\', '*', '{2}', '(?', '|', '-', '^', '\\p{', '\\Q'))
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      assert.ok(['string', 'undefined'].includes(typeof regexpFault(pieces.join(''))))
    }),
  )
})

test('what stands between \\Q and \\E is plain text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(regexpFault(`\\Q${text.replaceAll('\\E', '')}\\E`), undefined)
    }),
  )
})
