import type { Problem } from '../../model/problem.ts'
import { xml, xmlText } from '../xml.ts'
import { formatPlace, formatSubject, safeMessage, safeText } from './words.ts'

/** Problems as a JUnit report: a suite for each file, a failed case for each problem; without problems one case that passed. Notes and warnings do not fail. */
export function formatJunit(problems: readonly Problem[]): string {
  const suites = new Map<string, Problem[]>()
  for (const problem of problems) {
    const name = problem.file ?? 'manifests'
    const suite = suites.get(name)
    if (suite) suite.push(problem)
    else suites.set(name, [problem])
  }
  const body = [...suites].map(([name, cases]) => suite(name, cases))
  if (body.length === 0)
    body.push('  <testsuite name="manifests" tests="1" failures="0">\n    <testcase classname="manifests" name="valid"/>\n  </testsuite>\n')
  const failures = problems.filter((problem) => problem.severity === 'error').length
  const total = Math.max(1, problems.length)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calicoctl" tests="${total}" failures="${failures}">\n${body.join('')}</testsuites>\n`
}

// --- internal ---

function suite(name: string, cases: readonly Problem[]): string {
  const failures = cases.filter((problem) => problem.severity === 'error').length
  return `  <testsuite name="${xml(name)}" tests="${cases.length}" failures="${failures}">\n${cases.map(testCase).join('')}  </testsuite>\n`
}

function testCase(problem: Problem): string {
  const place = formatPlace(problem) ?? ''
  const subject = formatSubject(problem)
  const notes = (problem.notes ?? []).map(safeText)
  const text = [
    place,
    ...(subject === '' ? [] : [subject]),
    ...notes,
    ...(problem.help?.split('\n') ?? []).map((line) => `help: ${safeText(line)}`),
  ].join('\n')
  const name = [problem.code, place].filter((part) => part !== '').join(' ')
  const content =
    problem.severity === 'error'
      ? `<failure type="${xml(problem.code)}" message="${xml(safeMessage(problem))}">${xmlText(text)}</failure>`
      : `<system-out>${xmlText(`${problem.severity}: ${safeMessage(problem)}\n${text}`)}</system-out>`
  return `    <testcase classname="${xml(problem.file ?? 'manifests')}" name="${xml(name)}">${content}</testcase>\n`
}
