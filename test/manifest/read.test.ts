import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConvertV1, ReadOptions } from '../../src/manifest/manifest.ts'
import { readManifest } from '../../src/manifest/read.ts'

const V3 = 'apiVersion: projectcalico.org/v3'
const v1 = (name: string): string => `apiVersion: v1\nkind: profile\nmetadata:\n  name: ${name}\n`
const annotated = (name: string): string => `${V3}\nkind: Profile\nmetadata:\n  name: ${name}\n  annotations:\n    x: |\n      text\n`
const notes = (text: string): unknown[] => readManifest('m.yaml', Buffer.from(text)).items.map((one) => one.resource.metadata.annotations?.['x'])
const profile = (name: string): string => `${V3}\nkind: Profile\nmetadata:\n  name: ${name}\nspec: {}\n`
const item = (name: string, kind = 'Profile'): string => `- ${V3}\n  kind: ${kind}\n  metadata: {name: ${name}}\n  spec: {}\n`

function names(text: string | Uint8Array, options: ReadOptions = {}): string[] {
  const manifest = readManifest('m.yaml', typeof text === 'string' ? Buffer.from(text) : text, options)
  assert.deepEqual(
    manifest.problems.map((problem) => problem.message),
    [],
  )
  return manifest.items.map((one) => one.resource.metadata.name ?? '')
}

const accepted: readonly (readonly [what: string, text: string | Uint8Array, names: readonly string[]])[] = [
  ['one document', profile('a'), ['a']],
  ['several documents', `${profile('a')}---\n${profile('b')}`, ['a', 'b']],
  ['comments and nothing between documents', `# head\n---\n${profile('a')}---\n# no more\n---\n\n---\n${profile('b')}`, ['a', 'b']],
  ['a YAML list', item('a') + item('b'), ['a', 'b']],
  ['a typed list', `${V3}\nkind: ProfileList\nmetadata: {resourceVersion: "7"}\nitems:\n${item('a')}${item('b')}`, ['a', 'b']],
  ['a List of any kind', `apiVersion: v1\nkind: List\nitems:\n${item('a')}`, ['a']],
  ['an array that holds a typed list', `- ${V3}\n  kind: ProfileList\n  items:\n${item('a').replace(/^/gm, '  ')}\n${item('b')}`, ['a', 'b']],
  ['JSON', JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: 'a' } }), ['a']],
  ['JSON indented with tabs', JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: 'a' } }, null, '\t'), ['a']],
  ['brackets that close at the column of their field', `${V3}\nkind: Profile\nmetadata: {\n  name: a # c\n}\nspec: {\n}\n`, ['a']],
  ['CRLF', `${profile('a')}---\n${profile('b')}`.replaceAll('\n', '\r\n'), ['a', 'b']],
  ['carriage returns alone', profile('a').replaceAll('\n', '\r'), ['a']],
  ['a byte order mark, also at the second document', `\ufeff${profile('a')}---\n\ufeff${profile('b')}`, ['a', 'b']],
  ['UTF-16, little endian', Buffer.from(`\ufeff${profile('a')}`, 'utf16le'), ['a']],
  ['UTF-16, big endian', Buffer.from(`\ufeff${profile('a')}`, 'utf16le').swap16(), ['a']],
  ['field names in any letter case', profile('a').replace('metadata', 'Metadata'), ['a']],
]

for (const [what, text, wanted] of accepted) {
  test(`reads ${what}`, () => assert.deepEqual(names(text), wanted))
}

const refused: readonly (readonly [what: string, text: string | Uint8Array, code: string, at: string, mentions?: string])[] = [
  ['an empty file', '', 'no-resources', '-', 'no resources specified in file m.yaml'],
  ['comments only', '# a\n---\n# b\n', 'no-resources', '-'],
  ['an empty list', '[]', 'no-resources', '-'],
  ['an explicit null', 'null\n', 'wrong-type', '1:1-1:5', 'kind'],
  ['a list of no resources', '- 5\n', 'wrong-type', '1:3-1:4'],
  ['an array in an array', '- - a\n', 'wrong-type', '1:3-1:4'],
  [
    'an unknown kind',
    'kind: Prof\napiVersion: projectcalico.org/v3\n',
    'unknown-kind',
    '1:7-1:11',
    'unknown resource type (Prof) and/or version (projectcalico.org/v3)',
  ],
  ['a kind in another letter case', `${V3}\nkind: profile\n`, 'unknown-kind', '2:7-2:14', 'did you mean "kind: Profile"?'],
  [
    'an unknown version',
    'apiVersion: projectcalico.org/v7\nkind: Profile\n',
    'unknown-kind',
    '1:13-1:33',
    'did you mean "apiVersion: projectcalico.org/v3"?',
  ],
  ['no kind', `${V3}\nmetadata: {}\n`, 'unknown-kind', '1:1-1:11', '"kind" is missing'],
  ['no version', 'kind: Profile\n', 'unknown-kind', '1:1-1:5', 'unknown resource type (Profile) and/or version ()'],
  [
    'apiVersion in another letter case',
    'apiversion: projectcalico.org/v3\nkind: Profile\n',
    'unknown-kind',
    '1:13-1:33',
    'the field is spelt "apiVersion"',
  ],
  [
    'another kind in a typed list',
    `${V3}\nkind: ProfileList\nitems:\n${item('a', 'Node')}`,
    'wrong-item-kind',
    '5:9-5:13',
    'a ProfileList cannot hold a Node',
  ],
  ['a list in a list', `${V3}\nkind: ProfileList\nitems:\n- ${V3}\n  kind: ProfileList\n`, 'nested-list', '5:9-5:20'],
  ['items that are no list', `${V3}\nkind: ProfileList\nitems: {}\n`, 'wrong-type', '3:1-3:6'],
  ['an unknown field of a list', `${V3}\nkind: ProfileList\nitems: []\nitem: []\n`, 'unknown-field', '4:1-4:5', 'item'],
  ['no UTF-8', Buffer.from([...Buffer.from('a: b\nc: é'), 0xe9]), 'bad-encoding', '2:5-2:6'],
  ['a control character', 'a: "b\x01"\n', 'bad-character', '1:6-1:7', 'U+0001'],
  ['a line separator', 'a: "b\u2028"\n', 'bad-character', '1:6-1:7', '\\u2028'],
  ['two JSON objects', '{"a": 1}{"b": 2}', 'dropped-document', '1:9-1:10'],
  ['a document behind an end marker', `${profile('a')}...\n${profile('b')}`, 'dropped-document', '7:1-7:2'],
  ['a document that the peer would drop', `${profile('a')}--- # end`, 'dropped-document', '6:1-6:10'],
  ['a YAML directive', `%YAML 1.2\n---\n${profile('a')}`, 'yaml-directive', '1:1-1:10'],
  ['a tab as indentation', `${V3}\nmetadata:\n\tname: a\n`, 'yaml-syntax', '3:1-3:2'],
  ['a tab on a blank line', `${profile('a')}\t\n`, 'yaml-syntax', '6:1-6:2'],
]

for (const [what, text, code, at, mentions] of refused) {
  test(`refuses ${what}`, () => {
    const { items, problems } = readManifest('m.yaml', typeof text === 'string' ? Buffer.from(text) : text)
    assert.ok(
      items.every((one) => one.resource.metadata.name === 'a'),
      'what is faulty is no item',
    )
    const [problem] = problems
    assert.equal(problem?.code, code, JSON.stringify(problems))
    const range = problem.range
    assert.equal(range ? `${range.start.line}:${range.start.column}-${range.end.line}:${range.end.column}` : '-', at)
    if (mentions !== undefined) assert.ok(`${problem.message} ${problem.help}`.includes(mentions), JSON.stringify(problem))
  })
}

test('with --skip-empty a file without resources is no problem', () => {
  assert.deepEqual(names('# nothing\n', { skipEmpty: true }), [])
})

test('every problem of every document is told', () => {
  const text = `${V3}\nkind: Profile\nmetadata:\n  name: A\n---\na: [\n---\n${V3}\nkind: Profile\nmetadata: {name: b}\nspec: {x: 1, z: 2}\n`
  const { items, problems } = readManifest('m.yaml', Buffer.from(text))
  assert.deepEqual(items, [])
  assert.deepEqual(
    problems.map((problem) => `${problem.range?.start.line}:${problem.range?.start.column} ${problem.code} ${problem.path ?? ''}`.trim()),
    ['4:9 bad-name metadata.name', '6:4 yaml-syntax', '11:8 unknown-field spec.x', '11:14 unknown-field spec.z'],
  )
})

test('a problem names its resource, and an item of a list has its place', () => {
  const text = `${V3}\nkind: ProfileList\nitems:\n${item('good')}- ${V3}\n  kind: Profile\n  metadata: {name: bad, namespace: x}\n  spec:\n    ingres: []\n`
  const { items, problems } = readManifest('m.yaml', Buffer.from(text))
  assert.deepEqual(problems[0]?.resource, { kind: 'Profile', namespace: 'x', name: 'bad' })
  assert.deepEqual(problems[0]?.range, { start: { line: 12, column: 5 }, end: { line: 12, column: 11 } })
  assert.deepEqual(items[0]?.place, ['items', 0])
  assert.deepEqual(items[0]?.locate(['metadata', 'name']), { start: { line: 6, column: 20 }, end: { line: 6, column: 24 } })
})

test('what is not written is located at the nearest name above it', () => {
  const [one] = readManifest('m.yaml', Buffer.from(profile('a'))).items
  assert.deepEqual(one?.locate(['metadata', 'labels', 'x']).start, { line: 3, column: 1 })
  assert.deepEqual(one?.locate(['status']).start, { line: 1, column: 1 })
  assert.deepEqual(one?.locate(['metadata', 'name'], 'key').start, { line: 4, column: 3 })
})

test('a block of text has no line break at its end when only the one before a separator follows, as with the peer', () => {
  assert.deepEqual(notes(`${annotated('a')}---\n${annotated('b')}`), ['text', 'text\n'])
  assert.deepEqual(notes(`${annotated('a')}\n---\n${annotated('b').trimEnd()}`), ['text\n', 'text'])
  assert.deepEqual(notes(`${annotated('a').replace('|', '|+')}\n\n---\n${profile('b')}`), ['text\n\n', undefined])
})

const convert: ConvertV1 = Object.assign(
  (raw: Record<string, unknown>, report: (fault: { code: string; path: string[]; message: string }) => void) => {
    const metadata = raw['metadata'] as { name: string }
    if (metadata.name === 'bad') {
      report({ code: 'bad-value', path: ['metadata', 'name'], message: 'no' })
      return undefined
    }
    return [{ apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: metadata.name }, spec: {} }]
  },
  { kinds: ['profile'] },
)

test('documents and lists of API version v1 go through the converter, mixed with others', () => {
  const list = `apiVersion: v1\nkind: profileList\nitems:\n- apiVersion: v1\n  kind: profile\n  metadata: {name: c}\n`
  assert.deepEqual(names(`${v1('a')}---\n${profile('b')}---\n${list}`, { convertV1: convert }), ['a', 'b', 'c'])
  const { problems } = readManifest('m.yaml', Buffer.from(v1('bad')), { convertV1: convert })
  assert.deepEqual(problems[0]?.range?.start, { line: 4, column: 9 })
  assert.equal(readManifest('m.yaml', Buffer.from(v1('a'))).problems[0]?.code, 'unknown-kind')
})

test('where only names matter, a name that no new resource may have is no problem, but none is', () => {
  assert.deepEqual(names(profile('Old'), { namesOnly: true }), ['Old'])
  assert.equal(readManifest('m.yaml', Buffer.from(`${V3}\nkind: Profile\n`), { namesOnly: true }).problems[0]?.code, 'missing-name')
})

test('aliases and merge keys give what they name', () => {
  const text = `${V3}\nkind: Profile\nmetadata:\n  name: &n a\n  labels: &l {x: *n}\n  annotations:\n    <<: *l\n    z: z\n`
  assert.deepEqual(readManifest('m.yaml', Buffer.from(text)).items[0]?.resource.metadata, {
    name: 'a',
    labels: { x: 'a' },
    annotations: { x: 'a', z: 'z' },
  })
})

const faultyYaml: readonly (readonly [what: string, metadata: string, code: string])[] = [
  ['a field twice', '{name: a, labels: {k: a, k: b}}', 'duplicate-key'],
  ['a field that a merge key brings as well', '{name: a, labels: &l {k: a}, annotations: {k: b, <<: *l}}', 'duplicate-key'],
  ['a merge key without mapping', '{name: a, labels: {<<: x}}', 'bad-merge'],
  ['an alias to nothing', '{name: *a}', 'unknown-alias'],
  ['an alias to itself', '{name: a, labels: &l {k: *l}}', 'recursive-alias'],
  ['null as a name', '{name: a, labels: {null: x}}', 'bad-key'],
  ['a list as a name', '{name: a, labels: {[x]: y}}', 'bad-key'],
  ['an ambiguous name', '{name: a, labels: {yes: x}}', 'ambiguous-scalar'],
  ['an ambiguous value', '{name: a, labels: {x: 010}}', 'ambiguous-scalar'],
  ['an unknown tag', '{name: !foo a}', 'unknown-tag'],
  ['a tag that does not fit', '{name: !!int a}', 'unknown-tag'],
  ['an escape of JSON only', '{name: "a\\/b"}', 'bad-escape'],
  ['an anchor that YAML 1.1 ends elsewhere', '{name: &a.b c}', 'bad-anchor'],
  ['a question mark in brackets', '{name: a, labels: {x: [a?b]}}', 'ambiguous-scalar'],
  ['a colon right before a bracket', '{name: a, labels: {x:}}', 'ambiguous-scalar'],
  ['a value in brackets that begins with a colon', '{name: ::1}', 'ambiguous-scalar'],
  ['a number with more digits than the peer keeps as text', '{name: 1.23456789}', 'ambiguous-scalar'],
  ['a mapping on the line of its name', '&x name: a', 'yaml-syntax'],
  ['a tag glued to what follows', '{name: a, labels: !{x: z}}', 'unknown-tag'],
  ['half a character', '{name: "\\ud83d"}', 'bad-escape'],
]

for (const [what, metadata, code] of faultyYaml) {
  test(`refuses ${what}`, () => {
    const { problems } = readManifest('m.yaml', Buffer.from(`${V3}\nkind: Profile\nmetadata: ${metadata}\n`))
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.range?.start.line]),
      [[code, 3]],
    )
  })
}

const faultyLines: readonly (readonly [what: string, metadata: string, at: string])[] = [
  ['a name over two lines', 'labels: {a\n    b: c}', '4:12'],
  ['a ":" on another line than its name', 'labels: {a\n    : c}', '4:12'],
  ['a tab behind a dash', 'finalizers:\n  - \ta', '5:5'],
  ['a tab that begins a block of text', 'name: |\n  \ta', '5:3'],
]

for (const [what, metadata, at] of faultyLines) {
  test(`refuses ${what}`, () => {
    const { problems } = readManifest('m.yaml', Buffer.from(`${V3}\nkind: Profile\nmetadata:\n  ${metadata}\n`))
    assert.deepEqual(
      problems.map(({ code, range }) => `${code} ${range?.start.line}:${range?.start.column}`),
      [`yaml-syntax ${at}`],
    )
  })
}

test('copies without measure through aliases are refused at once', () => {
  const letters = 'abcdefghij'
  const lines = Array.from(letters).map(
    (letter, i) =>
      `${letter}: &${letter} [${Array(9)
        .fill(i === 0 ? 'x' : `*${letters[i - 1]}`)
        .join(', ')}]\n`,
  )
  const { problems } = readManifest('m.yaml', Buffer.from(`${profile('a')}${lines.join('')}`))
  assert.deepEqual(
    problems.map((problem) => problem.code),
    ['excessive-aliasing'],
  )
})
