import type { Problem } from '../../model/problem.ts'
import { formatConcise } from './concise.ts'
import { formatGithub } from './github.ts'
import { formatJson } from './json.ts'
import { formatJunit } from './junit.ts'
import { formatSarif } from './sarif.ts'

/** The forms of problems for programs; for people there is `formatFrames`. */
export const PROBLEM_FORMATS = ['json', 'concise', 'github', 'sarif', 'junit'] as const

export type ProblemFormat = (typeof PROBLEM_FORMATS)[number]

/** All problems in one of these forms. Ends with a line feed, or is empty where the form has nothing to say about no problems. */
export function formatProblems(format: ProblemFormat, problems: readonly Problem[]): string {
  return PRINTERS[format](problems)
}

// --- internal ---

const PRINTERS: Readonly<Record<ProblemFormat, (problems: readonly Problem[]) => string>> = {
  json: formatJson,
  concise: formatConcise,
  github: formatGithub,
  sarif: formatSarif,
  junit: formatJunit,
}
