import type { Problem } from '../../model/problem.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import { formatFrames } from '../../output/problems/frame.ts'
import type { ReportedSuite } from '../../output/tests/report.ts'
import type { Theme } from '../../output/theme.ts'
import { countResults, type TestResult } from './run.ts'
import { entryProblem, entryTitle, testTitle } from './words.ts'

/** Results as all printers take them. */
export function reportedSuites(results: readonly TestResult[]): ReportedSuite[] {
  return results.map(({ test, entries }) => ({
    name: testTitle(test),
    file: test.file,
    cases: entries.map(({ entry, result }) => ({
      name: entryTitle(entry),
      status: result.status,
      position: test.locate(entry.path).start,
      problem: entryProblem(test, entry, result),
    })),
  }))
}

/** What is wrong with the entries that did not pass. */
export function problemsOf(suites: readonly ReportedSuite[]): Problem[] {
  return suites.flatMap(({ cases }) => cases.flatMap(({ problem }) => problem ?? []))
}

export interface Page {
  readonly theme: Theme
  readonly width: number | undefined
  readonly source: (file: string) => string | undefined
}

/** Results for a person: a line for each test, below it a frame for each entry that did not pass, and the sum. Ends with a line feed. */
export function formatTestText(suites: readonly ReportedSuite[], results: readonly TestResult[], page: Page): string {
  const parts = suites.map((suite) => suiteText(suite, page))
  return `${parts.join('')}${summaryOf(results)}\n`
}

/** `9 entries in 2 tests: 7 passed, 1 failed, 1 could not be told`. */
export function summaryOf(results: readonly TestResult[]): string {
  const { passed, failed, unknown } = countResults(results)
  const parts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : []), ...(unknown > 0 ? [`${unknown} could not be told`] : [])]
  return `${count(passed + failed + unknown, 'entry', 'entries')} in ${count(results.length, 'test', 'tests')}: ${parts.join(', ')}`
}

// --- internal ---

function suiteText({ name, file, cases }: ReportedSuite, page: Page): string {
  const { theme } = page
  const problems = problemsOf([{ name, file, cases }])
  const title = escapeForTerminal(name === file ? file : `${file}: ${name}`)
  if (problems.length === 0) return `${theme.good('ok  ')} ${title} (${count(cases.length, 'entry', 'entries')})\n`
  const failed = cases.some(({ status }) => status === 'failed')
  const head = `${failed ? theme.error('FAIL') : theme.warning('????')} ${title} (${problems.length} of ${count(cases.length, 'entry', 'entries')})\n`
  return `${head}\n${formatFrames(problems, page)}\n`
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`
}
