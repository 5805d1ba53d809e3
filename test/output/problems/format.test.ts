import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, property, string } from 'fast-check'
import type { Problem } from '../../../src/model/problem.ts'
import { formatProblems, PROBLEM_FORMATS } from '../../../src/output/problems/format.ts'

const problem: Problem = {
  code: 'unknown-field',
  severity: 'error',
  message: 'unknown field "ingres"',
  file: 'policies/web 1.yaml',
  range: { start: { line: 6, column: 3 }, end: { line: 6, column: 9 } },
  resource: { kind: 'NetworkPolicy', namespace: 'prod', name: 'web' },
  path: 'spec.ingres',
  help: 'did you mean "ingress"?',
  fix: { text: 'ingress' },
}
const note: Problem = { code: 'no-order', severity: 'warning', message: 'no order, so it comes last' }

test('concise: a line each, as compilers print them', () => {
  assert.equal(
    formatProblems('concise', [problem, note]),
    'policies/web 1.yaml:6:3: error: unknown field "ingres" [unknown-field] NetworkPolicy(prod/web) spec.ingres\n' +
      'warning: no order, so it comes last [no-order]\n',
  )
})

test('json: a versioned envelope with the fields of the problems', () => {
  assert.deepEqual(JSON.parse(formatProblems('json', [note, problem])), { version: 1, problems: [note, problem] })
  assert.equal(formatProblems('json', []), '{\n  "version": 1,\n  "problems": []\n}\n')
})

test('github: annotations at file and line', () => {
  assert.equal(
    formatProblems('github', [problem, note]),
    '::error file=policies/web 1.yaml,line=6,endLine=6,col=3,endColumn=9,title=unknown-field::unknown field "ingres"' +
      '%0Aat: NetworkPolicy(prod/web) spec.ingres%0Ahelp: did you mean "ingress"?\n' +
      '::warning title=no-order::no order, so it comes last\n',
  )
})

test('github: what commands are made of is escaped', () => {
  const tricky: Problem = { ...note, message: '50% ::error::\nx', file: 'a,b:c%.yaml' }
  assert.equal(formatProblems('github', [tricky]), '::warning file=a%2Cb%3Ac%25.yaml,title=no-order::50%25 ::error::\\nx\n')
})

test('sarif: results with rule, level, region and fix', () => {
  const log = JSON.parse(formatProblems('sarif', [problem, note, problem])) as {
    version: string
    runs: { tool: { driver: { rules: unknown } }; columnKind: string; results: unknown[] }[]
  }
  assert.equal(log.version, '2.1.0')
  const [run] = log.runs
  assert.equal(run?.columnKind, 'unicodeCodePoints')
  assert.deepEqual(run.tool.driver.rules, [{ id: 'unknown-field' }, { id: 'no-order' }])
  const region = { startLine: 6, startColumn: 3, endLine: 6, endColumn: 9 }
  const artifactLocation = { uri: 'policies/web%201.yaml' }
  assert.deepEqual(run.results, [
    {
      ruleId: 'unknown-field',
      ruleIndex: 0,
      level: 'error',
      message: { text: 'unknown field "ingres"\ndid you mean "ingress"?' },
      locations: [
        { physicalLocation: { artifactLocation, region }, logicalLocations: [{ fullyQualifiedName: 'NetworkPolicy(prod/web) spec.ingres' }] },
      ],
      fixes: [{ artifactChanges: [{ artifactLocation, replacements: [{ deletedRegion: region, insertedContent: { text: 'ingress' } }] }] }],
    },
    { ruleId: 'no-order', ruleIndex: 1, level: 'warning', message: { text: 'no order, so it comes last' } },
    run.results[0],
  ])
})

test('junit: a suite for each file, a failure for each error', () => {
  const tricky: Problem = { code: 'c', severity: 'error', message: '<"a" & \x01>', file: 'a&b.yaml' }
  assert.equal(
    formatProblems('junit', [tricky, note]),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="calicoctl" tests="2" failures="1">
  <testsuite name="a&amp;b.yaml" tests="1" failures="1">
    <testcase classname="a&amp;b.yaml" name="c a&amp;b.yaml"><failure type="c" message="&lt;&quot;a&quot; &amp; \\x01&gt;">a&amp;b.yaml</failure></testcase>
  </testsuite>
  <testsuite name="manifests" tests="1" failures="0">
    <testcase classname="manifests" name="no-order"><system-out>warning: no order, so it comes last
</system-out></testcase>
  </testsuite>
</testsuites>
`,
  )
})

test('junit: without problems one case passes', () => {
  assert.match(formatProblems('junit', []), /tests="1" failures="0">\n {2}<testsuite name="manifests" tests="1" failures="0">\n {4}<testcase/)
})

for (const format of PROBLEM_FORMATS) {
  test(`${format}: nothing of the input can act on a terminal, and JSON stays JSON`, () => {
    const text = string({ unit: 'binary', maxLength: 40 })
    always(
      property(text, text, text, (message, file, help) => {
        const printed = formatProblems(format, [{ ...problem, message, file, help, path: message, resource: { kind: file, name: help } }])
        assert.doesNotMatch(printed.replaceAll('\n', ''), /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/u)
        if (format === 'json') assert.equal((JSON.parse(printed) as { problems: Problem[] }).problems[0]?.message, message)
      }),
    )
  })
}
