import { escapeForTerminal } from '../escape.ts'
import { formatPlace, safeText } from '../problems/words.ts'
import type { ReportedCase, ReportedSuite } from './report.ts'

/** Tests in the Test Anything Protocol, version 14: a line for each entry, and below one that did not pass what is wrong. */
export function formatTap(suites: readonly ReportedSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases.map((one) => ({ suite, one })))
  const lines = cases.flatMap(({ suite, one }, index) => {
    const title = `${index + 1} - ${description(`${suite.name}: ${one.name}`)}`
    return one.status === 'passed' ? [`ok ${title}`] : [`not ok ${title}`, ...diagnosis(suite, one)]
  })
  return ['TAP version 14', `1..${cases.length}`, ...lines, ''].join('\n')
}

// --- internal ---

/** A number sign would begin a directive. */
function description(text: string): string {
  return escapeForTerminal(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#')
}

/** A block of YAML; JSON strings are YAML. */
function diagnosis({ file }: ReportedSuite, { status, position, problem }: ReportedCase): string[] {
  const place = problem && formatPlace(problem)
  const texts = (values: readonly string[]) => values.map((value) => `    - ${JSON.stringify(safeText(value))}`)
  return [
    '  ---',
    `  message: ${JSON.stringify(safeText(problem?.message ?? ''))}`,
    `  severity: ${status === 'failed' ? 'fail' : 'unknown'}`,
    `  code: ${problem?.code ?? ''}`,
    `  at: ${JSON.stringify(place ?? `${escapeForTerminal(file)}:${position.line}:${position.column}`)}`,
    ...(problem?.notes ? ['  notes:', ...texts(problem.notes)] : []),
    ...(problem?.help === undefined ? [] : ['  help:', ...texts(problem.help.split('\n'))]),
    '  ...',
  ]
}
