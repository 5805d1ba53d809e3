import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifest } from '../../src/manifest/read.ts'
import { formatFrames } from '../../src/output/problems/frame.ts'
import { plainTheme } from '../../src/output/theme.ts'

/** A Profile with these lines below `metadata:`, and what the user is told about it. */
const cases: readonly (readonly [lines: string, told: string])[] = [
  [
    'labels: {a: !has(x) && y}',
    `
error[unknown-tag]: unknown YAML tag !has(x)
   ┌─ m.yaml:4:15
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   labels: {a: !has(x) && y}
   │               ^^^^^^^^^^^^
   = help: quote it: '!has(x) && y'
`,
  ],
  [
    'labels: {a: x, a: y}',
    `
error[duplicate-key]: field "a" stands here twice
   ┌─ m.yaml:4:18
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   labels: {a: x, a: y}
   │                  ^
   = at: metadata.labels.a
   = help: keep one of them
`,
  ],
  [
    'labels:\n  yes: x\n  a: no',
    `
error[ambiguous-scalar]: yes is read differently by YAML 1.1 and 1.2
   ┌─ m.yaml:5:5
   │
 3 │ metadata:
 4 │   labels:
 5 │     yes: x
   │     ^^^
   = at: metadata.labels
   = help: quote it: "yes"
`,
  ],
  [
    'labels: [a]',
    `
error[wrong-type]: expected a mapping, found a list
   ┌─ m.yaml:4:3
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   labels: [a]
   │   ^^^^^^
   = at: Profile metadata.labels
`,
  ],
  [
    'labels:\n  a:\n  - b',
    `
error[wrong-type]: expected text, found a list
   ┌─ m.yaml:5:5
   │
 3 │ metadata:
 4 │   labels:
 5 │     a:
   │     ^
   = at: Profile metadata.labels.a
`,
  ],
  [
    'lables: {}',
    `
error[unknown-field]: unknown field "lables"
   ┌─ m.yaml:4:3
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   lables: {}
   │   ^^^^^^
   = at: Profile metadata.lables
   = help: did you mean "labels"?
`,
  ],
  [
    'name: "a',
    `
error[yaml-syntax]: this quote is not closed on its line
   ┌─ m.yaml:4:9
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: "a
   │         ^
   = help: close it, or indent the lines in which it goes on deeper than the field
`,
  ],
  [
    'name: [a',
    `
error[yaml-syntax]: the brackets before this are not closed
   ┌─ m.yaml:4:10
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: [a
   │          ^
   = help: close them with ] or }, or indent this line deeper than the field
`,
  ],
  [
    'name: a: b',
    `
error[yaml-syntax]: ": " stands a second time here
   ┌─ m.yaml:4:10
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: a: b
   │          ^
   = help: quote the value, or give the field a line of its own
`,
  ],
  [
    'name: @a',
    `
error[yaml-syntax]: a value cannot begin with "@"
   ┌─ m.yaml:4:9
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: @a
   │         ^
   = help: quote it: '@a'
`,
  ],
  [
    "name: 'a' b",
    `
error[yaml-syntax]: text stands behind the end of this value
   ┌─ m.yaml:4:13
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: 'a' b
   │             ^
   = help: quote the whole value
`,
  ],
  [
    'name: a\n b: c',
    `
error[yaml-syntax]: the indentation of this line does not fit
   ┌─ m.yaml:5:5
   │
 3 │ metadata:
 4 │   name: a
 5 │    b: c
   │     ^
   = help: begin all fields of a mapping in the same column
`,
  ],
  [
    'name: a\n\tlabels: {}',
    `
error[yaml-syntax]: a tab stands where YAML wants spaces
   ┌─ m.yaml:5:3
   │
 3 │ metadata:
 4 │   name: a
 5 │     labels: {}
   │   ^^
   = help: indent with spaces
`,
  ],
  [
    'name: "\\q"',
    `
error[yaml-syntax]: this is no escape of YAML
   ┌─ m.yaml:4:11
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: "\\q"
   │           ^
   = help: write \\\\ for a backslash, or use single quotes
`,
  ],
  [
    'name: *x',
    `
error[unknown-alias]: no anchor "&x" stands before "*x"
   ┌─ m.yaml:4:9
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: *x
   │         ^^
   = help: quote it: '*x'
`,
  ],
  [
    'annotations: {a: "\\ud83d"}',
    `
error[bad-escape]: the escape \\ud83d is not part of YAML 1.1
   ┌─ m.yaml:4:21
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   annotations: {a: "\\ud83d"}
   │                     ^^^^^^
   = help: write the character itself, or \\U and its eight hex digits
`,
  ],
  [
    'labels: {a: {b: c}}',
    `
error[wrong-type]: expected text, found a mapping
   ┌─ m.yaml:4:12
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   labels: {a: {b: c}}
   │            ^
   = at: Profile metadata.labels.a
`,
  ],
  [
    'name: A b',
    `
error[bad-name]: "A b" must consist of lower case letters, digits, "-" and ".", and start and end with a letter or digit
   ┌─ m.yaml:4:9
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: A b
   │         ^^^
   = at: Profile(A b) metadata.name
   = help: did you mean "a-b"?
`,
  ],
  [
    'name: a\nlabels: {<<: b}',
    `
error[bad-merge]: "<<" wants a mapping or a list of mappings
   ┌─ m.yaml:5:12
   │
 3 │ metadata:
 4 │   name: a
 5 │   labels: {<<: b}
   │            ^^
`,
  ],
  [
    'name: !!int x',
    `
error[unknown-tag]: "x" is no !!int
   ┌─ m.yaml:4:9
   │
 2 │ kind: Profile
 3 │ metadata:
 4 │   name: !!int x
   │         ^^^^^^^
`,
  ],
  [
    'name: a\n- b',
    `
error[yaml-syntax]: this list belongs to nothing above it
   ┌─ m.yaml:5:3
   │
 3 │ metadata:
 4 │   name: a
 5 │   - b
   │   ^
   = help: check its indentation, and whether the field above has a value already
`,
  ],
  [
    'annotations:\n  a: 日本\u200b\n  b: "\u001b[31m"\n',
    `
error[bad-character]: the character U+001B is not allowed in YAML
   ┌─ m.yaml:6:9
   │
 4 │   annotations:
 5 │     a: 日本\\u{200b}
 6 │     b: "\\x1b[31m"
   │         ^^^^
   = help: remove it, or write it as "\\x1b" in double quotes
`,
  ],
  [
    'name: a\nlabels: {"a\u202eb": [1]}',
    `
error[wrong-type]: expected text, found a list
   ┌─ m.yaml:5:12
   │
 3 │ metadata:
 4 │   name: a
 5 │   labels: {"a\\u{202e}b": [1]}
   │            ^^^^^^^^^^^^
   = at: Profile(a) metadata.labels.a\\u{202e}b
`,
  ],
]

for (const [lines, told] of cases) {
  test(`tells of ${JSON.stringify(lines)}`, () => {
    const text = `apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata:\n  ${lines.replaceAll('\n', '\n  ')}\n`
    const { problems, source } = readManifest('m.yaml', Buffer.from(text))
    assert.equal(`\n${formatFrames(problems, { theme: plainTheme, source })}`, told)
  })
}
