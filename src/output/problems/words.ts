import { formatResourceName, type Problem } from '../../model/problem.ts'
import { escapeForTerminal } from '../escape.ts'

/** A problem's message on one line, safe to print, cut in the middle when it quotes the input at length. */
export function safeMessage(problem: Problem): string {
  return safeText(problem.message)
}

/** Any text of a problem, made safe and short in the same way. */
export function safeText(text: string): string {
  const short = text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 60)}…${text.slice(-50)}`
  return escapeForTerminal(short)
}

/** `file:line:column` as far as it is known; undefined without a file. */
export function formatPlace(problem: Problem): string | undefined {
  if (problem.file === undefined) return undefined
  const file = escapeForTerminal(problem.file)
  return problem.range ? `${file}:${problem.range.start.line}:${problem.range.start.column}` : file
}

/** The resource and the field in it: `Profile(web) spec.ingress[0].action`; empty when neither is known. */
export function formatSubject(problem: Problem): string {
  const resource = problem.resource && (problem.resource.name === undefined ? problem.resource.kind : formatResourceName(problem.resource))
  return [resource, problem.path]
    .filter((part) => part !== undefined)
    .map(safeText)
    .join(' ')
}

// --- internal ---

const LONGEST = 400
