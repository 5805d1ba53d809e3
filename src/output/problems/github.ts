import type { Problem } from '../../model/problem.ts'
import { escapeForTerminal } from '../escape.ts'
import { formatSubject, safeMessage, safeText } from './words.ts'

/** Annotations of a GitHub workflow, a line each: `::error file=web.yaml,line=6,col=3,title=unknown-field::unknown field "ingres"`. */
export function formatGithub(problems: readonly Problem[]): string {
  return problems.map((problem) => `${annotation(problem)}\n`).join('')
}

// --- internal ---

function annotation(problem: Problem): string {
  const { file, range } = problem
  const properties: (readonly [string, string | number])[] = []
  if (file !== undefined && file !== '-') properties.push(['file', escapeForTerminal(file)])
  if (range) {
    properties.push(['line', range.start.line], ['endLine', range.end.line])
    if (range.end.line === range.start.line) properties.push(['col', range.start.column], ['endColumn', range.end.column])
  }
  properties.push(['title', problem.code])
  const subject = formatSubject(problem)
  const lines = [
    safeMessage(problem),
    ...(subject === '' ? [] : [`at: ${subject}`]),
    ...(problem.notes ?? []).map(safeText),
    ...(problem.help?.split('\n') ?? []).map((line) => `help: ${safeText(line)}`),
  ]
  const command = problem.severity === 'info' ? 'notice' : problem.severity
  return `::${command} ${properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',')}::${escapeData(lines.join('\n'))}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
