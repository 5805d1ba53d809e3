import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, array, constantFrom, nat, property, string } from 'fast-check'
import type { Problem } from '../../../src/model/problem.ts'
import { formatFrames, summarizeProblems } from '../../../src/output/problems/frame.ts'
import { plainTheme, type Theme } from '../../../src/output/theme.ts'
import { displayWidth } from '../../../src/output/width.ts'

function problemAt(line: number, column: number, length = 1, more: Partial<Problem> = {}): Problem {
  const range = { start: { line, column }, end: { line, column: column + length } }
  return { code: 'bad-value', severity: 'error', message: 'no', file: 'm.yaml', range, ...more }
}

function frame(text: string | undefined, problem: Problem, width?: number): string {
  return formatFrames([problem], { theme: plainTheme, source: () => text, width })
}

/** The line of the manifest and the one with the carets below it. */
function marked(text: string, problem: Problem, width?: number): string[] {
  const lines = frame(text, problem, width).split('\n')
  const at = lines.findIndex((line) => /│ +\^+$|│ \^+$/.test(line))
  return [lines[at - 1] ?? '', lines[at] ?? '']
}

const paint = (mark: string) => (text: string) => `<${mark}:${text}>`

test('a problem is shown with the lines before it, its resource and field, and what to do', () => {
  const problem: Problem = {
    ...problemAt(9, 3, 6),
    code: 'unknown-field',
    message: 'unknown field "ingres"',
    resource: { kind: 'Profile', name: 'web' },
    path: 'spec.ingres',
    help: 'did you mean "ingress"?\nfields are listed by: calicoctl explain profile.spec',
  }
  const text = 'a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nspec:\n  ingres: []\nh: 8\n'
  assert.equal(
    frame(text, problem),
    `error[unknown-field]: unknown field "ingres"
   ┌─ m.yaml:9:3
   │
 7 │ g: 7
 8 │ spec:
 9 │   ingres: []
   │   ^^^^^^
   = at: Profile(web) spec.ingres
   = help: did you mean "ingress"?
           fields are listed by: calicoctl explain profile.spec
`,
  )
})

test('without the text only the place is told, without a place only the message', () => {
  assert.equal(frame(undefined, problemAt(3, 4)), 'error[bad-value]: no\n   ┌─ m.yaml:3:4\n')
  assert.equal(frame('x', { code: 'c', severity: 'warning', message: 'careful' }), 'warning[c]: careful\n')
  assert.equal(frame('x', { code: 'c', severity: 'info', message: 'read a.yaml', file: 'a.yaml' }), 'note[c]: read a.yaml\n')
})

test('line numbers of any length stand in one column', () => {
  const text = 'x\n'.repeat(1200)
  assert.equal(frame(text, problemAt(1000, 1)), 'error[bad-value]: no\n     ┌─ m.yaml:1000:1\n     │\n 998 │ x\n 999 │ x\n1000 │ x\n     │ ^\n')
})

const lines: readonly (readonly [
  what: string,
  text: string,
  at: readonly [line: number, column: number, length?: number],
  shown: string,
  carets: string,
])[] = [
  ['the first line', 'abc', [1, 2], ' 1 │ abc', '   │  ^'],
  ['the end of a line', 'abc', [1, 4], ' 1 │ abc', '   │    ^'],
  ['a whole value', 'a: bcd', [1, 4, 3], ' 1 │ a: bcd', '   │    ^^^'],
  ['CRLF', 'a\r\nbcd\r\n', [2, 2], ' 2 │ bcd', '   │  ^'],
  ['carriage returns alone', 'a\rbcd\r', [2, 2], ' 2 │ bcd', '   │  ^'],
  ['a byte order mark, which is no column', '\ufeffabc', [1, 1], ' 1 │ abc', '   │ ^'],
  ['wide characters, two columns each', '日本: x', [1, 5], ' 1 │ 日本: x', '   │       ^'],
  ['a mark on wide characters', 'a: 日本', [1, 4, 2], ' 1 │ a: 日本', '   │    ^^^^'],
  ['combining marks, no column', 'e\u0301: x', [1, 5], ' 1 │ e\u0301: x', '   │    ^'],
  ['characters beyond 16 bits, one character each', '😀: x', [1, 4], ' 1 │ 😀: x', '   │     ^'],
  ['tabs, to the next multiple of four', 'a\tb', [1, 3], ' 1 │ a   b', '   │     ^'],
  ['a tab that is to blame', '\tb', [1, 1], ' 1 │     b', '   │ ^^^^'],
  ['escape sequences, written out', 'a\x1b[31mb', [1, 7], ' 1 │ a\\x1b[31mb', '   │          ^'],
  ['an escape sequence that is to blame', 'a\x1bb', [1, 2], ' 1 │ a\\x1bb', '   │  ^^^^'],
  ['text that would run backwards', 'a\u202eb', [1, 3], ' 1 │ a\\u{202e}b', '   │          ^'],
]

for (const [what, text, [line, column, length], shown, carets] of lines) {
  test(`the mark stands under its text: ${what}`, () => {
    assert.deepEqual(marked(text, problemAt(line, column, length)), [shown, carets])
  })
}

test('a range over several lines is marked to the end of its first', () => {
  const problem = problemAt(1, 4)
  const range = { start: { line: 1, column: 4 }, end: { line: 3, column: 1 } }
  assert.deepEqual(marked('a: b c  \nd\n', { ...problem, range }), [' 1 │ a: b c', '   │    ^^^'])
})

test('a long line is cut to the part around the mark', () => {
  const text = `${'x'.repeat(500)}BAD${'y'.repeat(500)}`
  const [shown = '', carets = ''] = marked(text, problemAt(1, 501, 3), 60)
  assert.ok(shown.length <= 60, shown)
  assert.match(shown, /^ 1 │ …x+BADy+…$/)
  assert.equal(shown.indexOf('BAD'), carets.indexOf('^^^'))
})

test('a line that fits is not cut, a mark that does not is', () => {
  assert.deepEqual(marked('a'.repeat(55), problemAt(1, 50, 2), 60), [` 1 │ ${'a'.repeat(55)}`, `   │ ${' '.repeat(49)}^^`])
  const [shown = '', carets = ''] = marked('a'.repeat(500), problemAt(1, 1, 400), 60)
  assert.ok(displayWidth(shown) <= 60 && displayWidth(carets) <= 60, `${shown}\n${carets}`)
})

test('a line of megabytes takes no time to speak of', () => {
  const text = 'ab'.repeat(5_000_000)
  const shown = marked(text, problemAt(1, 9_000_000, 2), 80)
  assert.match(shown[0] ?? '', /^ 1 │ …[ab]+…$/)
})

test('the mark is under its character, and nothing is wider than the terminal, whatever the line holds', () => {
  const piece = constantFrom('a', ' ', '日', 'e\u0301', '😀', '\t', '\x1b', '\u202e', 'xyz', '\u200b')
  always(
    property(array(piece, { maxLength: 120 }), array(piece, { maxLength: 120 }), nat(80), (before, after, extra) => {
      const width = 40 + extra
      const text = `${before.join('')}◆${after.join('')}`
      const column = Array.from(before.join('')).length + 1
      const [shown = '', carets = ''] = marked(text, problemAt(1, column), width)
      assert.equal(displayWidth(shown.slice(0, shown.indexOf('◆'))), carets.indexOf('^'))
      assert.ok(displayWidth(shown) <= width && displayWidth(carets) <= width, `${displayWidth(shown)} > ${width}: ${shown}`)
    }),
  )
})

test('nothing of the input reaches the terminal unescaped', () => {
  const text = string({ unit: 'binary', maxLength: 60 })
  always(
    property(text, text, text, text, (source, message, name, help) => {
      const problem: Problem = { ...problemAt(1, 3), message, file: name, resource: { kind: name, name: message }, path: help, help, code: name }
      assert.doesNotMatch(frame(source, problem).replaceAll('\n', ''), /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/u)
    }),
  )
})

test('more problems than the limit are counted', () => {
  const problems = Array.from({ length: 60 }, () => problemAt(1, 1))
  const shown = formatFrames(problems, { theme: plainTheme, source: () => 'x' })
  assert.equal(shown.split('error[').length - 1, 50)
  assert.ok(shown.endsWith('\n\n... and 10 more problems\n'))
  assert.match(formatFrames(problems, { theme: plainTheme, source: () => 'x', limit: 59 }), /and 1 more problem\n$/)
})

test('no problems are no text', () => {
  assert.equal(formatFrames([], { theme: plainTheme, source: () => undefined }), '')
})

test('roles are dressed by the theme', () => {
  const theme: Theme = {
    error: paint('e'),
    warning: paint('w'),
    note: paint('n'),
    good: paint('g'),
    place: paint('p'),
    strong: paint('s'),
    faint: paint('f'),
  }
  assert.equal(
    formatFrames([problemAt(1, 1, 1, { help: 'do' })], { theme, source: () => 'x' }),
    '<e:error[bad-value]>: <s:no>\n   <f:┌─> <p:m.yaml:1:1>\n   <f:│>\n<f: 1 │> x\n   <f:│> <e:^>\n   <f:=> <n:help>: do\n',
  )
})

const summaries: readonly (readonly [problems: readonly Partial<Problem>[], files: number, summary: string])[] = [
  [[{}], 1, '1 error in 1 file'],
  [[{}, {}], 3, '2 errors in 1 of 3 files'],
  [[{}, { file: 'b' }, { severity: 'warning' }], 2, '2 errors and 1 warning in 2 files'],
  [[{ severity: 'info' }], 1, '1 note in 1 file'],
  [[], 1, 'no problems'],
]

for (const [problems, files, summary] of summaries) {
  test(`the closing line says: ${summary}`, () => {
    const all = problems.map((problem): Problem => ({ code: 'c', severity: 'error', message: 'm', file: 'a', ...problem }))
    assert.equal(summarizeProblems(all, files), summary)
  })
}
