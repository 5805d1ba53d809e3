import type { Problem } from '../../model/problem.ts'
import { escapeUnsafe } from './json.ts'
import { formatSubject } from './words.ts'

/** Problems as SARIF 2.1.0 (OASIS), which code scanning and editors read. Columns are code points. */
export function formatSarif(problems: readonly Problem[]): string {
  const codes = [...new Set(problems.map((problem) => problem.code))]
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'calicoctl', rules: codes.map((id) => ({ id })) } },
        columnKind: 'unicodeCodePoints',
        results: problems.map((problem) => result(problem, codes.indexOf(problem.code))),
      },
    ],
  }
  return `${escapeUnsafe(JSON.stringify(log, undefined, 2))}\n`
}

// --- internal ---

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const

function result(problem: Problem, ruleIndex: number): object {
  const { file, range, notes = [], help, fix } = problem
  const subject = formatSubject(problem)
  const artifactLocation = file === undefined ? undefined : { uri: uriOf(file) }
  const physicalLocation = artifactLocation && { artifactLocation, ...(range ? { region: region(range) } : {}) }
  const location = {
    ...(physicalLocation ? { physicalLocation } : {}),
    ...(subject === '' ? {} : { logicalLocations: [{ fullyQualifiedName: subject }] }),
  }
  const deleted = fix?.range ?? range
  return {
    ruleId: problem.code,
    ruleIndex,
    level: LEVELS[problem.severity],
    message: { text: [problem.message, ...notes, ...(help === undefined ? [] : [help])].join('\n') },
    ...(Object.keys(location).length > 0 ? { locations: [location] } : {}),
    ...(fix && artifactLocation && deleted
      ? {
          fixes: [
            { artifactChanges: [{ artifactLocation, replacements: [{ deletedRegion: region(deleted), insertedContent: { text: fix.text } }] }] },
          ],
        }
      : {}),
  }
}

function region(range: NonNullable<Problem['range']>): object {
  const { start, end } = range
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column }
}

/** A relative or absolute path as a URI reference; standard input has no path. */
function uriOf(file: string): string {
  if (file === '-') return 'stdin'
  const path = file
    .replace(/\p{Cs}/gu, '\ufffd')
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/')
  return file.startsWith('/') ? `file://${path}` : path
}
