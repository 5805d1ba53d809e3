import type { Problem } from '../../model/problem.ts'
import { formatPlace, formatSubject, safeMessage } from './words.ts'

/** A line each, as compilers print them and editors understand them: `web.yaml:6:3: error: unknown field "ingres" [unknown-field] Profile(web) spec.ingres`. */
export function formatConcise(problems: readonly Problem[]): string {
  return problems.map((problem) => `${conciseLine(problem)}\n`).join('')
}

// --- internal ---

function conciseLine(problem: Problem): string {
  const place = formatPlace(problem)
  const subject = formatSubject(problem)
  const end = subject === '' ? '' : ` ${subject}`
  return `${place === undefined ? '' : `${place}: `}${problem.severity}: ${safeMessage(problem)} [${problem.code}]${end}`
}
