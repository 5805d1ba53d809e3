import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, property, string } from 'fast-check'
import { escapeForTerminal, escapeLinesForTerminal } from '../../src/output/escape.ts'

const cases: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['plain text stays', 'web-1 "ok"', 'web-1 "ok"'],
  ['wide, combining and joined characters stay', '日本 e\u0301 👩\u200d🚒', '日本 e\u0301 👩\u200d🚒'],
  ['a colour change', '\x1b[31mred', '\\x1b[31mred'],
  ['a title change with the one-byte introducer', '\x9d0;x\x07', '\\x9d0;x\\x07'],
  ['line feed, carriage return and tab', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
  ['NUL, backspace and delete', '\0\b\x7f', '\\x00\\x08\\x7f'],
  ['text that runs backwards', 'a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
  ['invisible characters', 'a\u200bb\ufeffc\u00add', 'a\\u{200b}b\\u{feff}c\\xadd'],
  ['line and paragraph separator', 'a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
  ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
  ['tag characters', 'a\u{e0041}b', 'a\\u{e0041}b'],
]

for (const [what, text, shown] of cases) {
  test(`escapes for the terminal: ${what}`, () => {
    assert.equal(escapeForTerminal(text), shown)
  })
}

test('text of several lines keeps its line feeds and nothing else', () => {
  assert.equal(escapeLinesForTerminal('one\r\ntwo\x1b\nthree\tx'), 'one\ntwo\\x1b\nthree\\tx')
})

test('what is printed never holds a control character', () => {
  always(
    property(string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(escapeForTerminal(text), /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u)
    }),
  )
})
