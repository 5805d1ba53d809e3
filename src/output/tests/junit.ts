import { formatPlace, safeMessage, safeText } from '../problems/words.ts'
import { xml, xmlText } from '../xml.ts'
import type { ReportedCase, ReportedSuite } from './report.ts'

/** Tests as a JUnit report. What failed is a failure; what could not be told is an error, as in other tools. */
export function formatTestsJunit(suites: readonly ReportedSuite[]): string {
  const counts = countsOf(suites.flatMap(({ cases }) => cases))
  const body = suites.map(
    (suite) =>
      `  <testsuite name="${xml(suite.name)}" file="${xml(suite.file)}" ${countsOf(suite.cases)}>\n${suite.cases.map((one) => testCase(suite, one)).join('')}  </testsuite>\n`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="calicoctl" ${counts}>\n${body.join('')}</testsuites>\n`
}

// --- internal ---

function countsOf(cases: readonly ReportedCase[]): string {
  const count = (status: ReportedCase['status']) => cases.filter((one) => one.status === status).length
  return `tests="${cases.length}" failures="${count('failed')}" errors="${count('unknown')}"`
}

function testCase(suite: ReportedSuite, { name, status, position, problem }: ReportedCase): string {
  const head = `    <testcase classname="${xml(suite.name)}" name="${xml(name)}" file="${xml(suite.file)}" line="${position.line}"`
  if (!problem) return `${head}/>\n`
  const element = status === 'failed' ? 'failure' : 'error'
  const lines = [
    formatPlace(problem) ?? '',
    ...(problem.notes ?? []).map(safeText),
    ...(problem.help?.split('\n') ?? []).map((line) => `help: ${safeText(line)}`),
  ]
  return `${head}>\n      <${element} type="${xml(problem.code)}" message="${xml(safeMessage(problem))}">${xmlText(lines.join('\n'))}</${element}>\n    </testcase>\n`
}
