import type { Problem, Range } from '../../model/problem.ts'
import { escapeForTerminal } from '../escape.ts'
import type { Paint, Theme } from '../theme.ts'
import { characterWidth } from '../width.ts'
import { hideSecrets } from './secrets.ts'
import { SourceLines } from './source.ts'
import { formatPlace, formatSubject, safeMessage, safeText } from './words.ts'

export interface FrameOptions {
  readonly theme: Theme
  /** The text of a file by the name problems have for it; undefined where there is none: then only the place is told. */
  readonly source: (file: string) => string | undefined
  /** Columns of the terminal; longer lines are cut to the part that matters. Default 120. */
  readonly width?: number | undefined
  /** How many problems are shown before "and so many more". Default 50. */
  readonly limit?: number
}

/**
 * Problems for a person, each with the lines of the manifest it is about (`reference/beyond.md 5.3`):
 *
 *     error[unknown-field]: unknown field "ingres"
 *       ┌─ web.yaml:6:3
 *       │
 *     5 │ spec:
 *     6 │   ingres: []
 *       │   ^^^^^^
 *       = at: Profile(web) spec.ingres
 *       = help: did you mean "ingress"?
 *
 * Nothing of the input reaches the terminal unescaped. Ends with a line feed, or is empty.
 */
export function formatFrames(problems: readonly Problem[], options: FrameOptions): string {
  const limit = options.limit ?? 50
  const sources = new Map<string, SourceLines | undefined>()
  const linesOf = (file: string): SourceLines | undefined => {
    if (!sources.has(file)) {
      const text = options.source(file)
      sources.set(file, text === undefined ? undefined : new SourceLines(text))
    }
    return sources.get(file)
  }
  const frames = problems.slice(0, limit).map((problem) => formatFrame(problem, linesOf, options))
  const more = problems.length - frames.length
  if (more > 0) frames.push(`${options.theme.faint(`... and ${more} more problem${more === 1 ? '' : 's'}`)}\n`)
  return frames.join('\n')
}

/** `2 errors and 1 warning in 1 of 3 files`. `files`: how many were read. */
export function summarizeProblems(problems: readonly Problem[], files: number): string {
  const count = (severity: Problem['severity'], word: string): string[] => {
    const number = problems.filter((problem) => problem.severity === severity).length
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]
  }
  const counts = [...count('error', 'error'), ...count('warning', 'warning'), ...count('info', 'note')]
  const what = counts.length === 0 ? 'no problems' : counts.join(' and ')
  const touched = new Set(problems.flatMap((problem) => (problem.file === undefined ? [] : [problem.file]))).size
  if (touched === 0) return what
  return files > touched ? `${what} in ${touched} of ${files} files` : `${what} in ${touched} file${touched === 1 ? '' : 's'}`
}

// --- internal ---

const LINES_BEFORE = 2
const TAB_WIDTH = 4

function formatFrame(problem: Problem, linesOf: (file: string) => SourceLines | undefined, options: FrameOptions): string {
  const { theme } = options
  const paint = problem.severity === 'error' ? theme.error : problem.severity === 'warning' ? theme.warning : theme.note
  const text = [
    `${paint(`${problem.severity === 'info' ? 'note' : problem.severity}[${safeText(problem.code)}]`)}: ${theme.strong(safeMessage(problem))}`,
  ]
  const place = formatPlace(problem)
  const lines = problem.file === undefined || !problem.range ? undefined : linesOf(problem.file)
  const last = problem.range?.start.line ?? 0
  const gutter = lines ? Math.max(String(last).length, 2) : 2
  const margin = ' '.repeat(gutter)
  const isNamed = !problem.range && problem.file !== undefined && problem.message.includes(problem.file)
  if (place !== undefined && !isNamed) text.push(`${margin} ${theme.faint('┌─')} ${theme.place(place)}`)
  if (lines && problem.range) text.push(...formatLines(lines, problem.range, gutter, paint, options))
  const subject = formatSubject(problem)
  if (subject !== '') text.push(`${margin} ${theme.faint('=')} at: ${subject}`)
  for (const note of problem.notes ?? []) text.push(`${margin} ${theme.faint('=')} ${safeText(note)}`)
  for (const [index, line] of (problem.help?.split('\n') ?? []).entries()) {
    text.push(`${margin} ${index === 0 ? `${theme.faint('=')} ${theme.note('help')}:` : '       '} ${safeText(line)}`)
  }
  return `${text.join('\n')}\n`
}

function formatLines(lines: SourceLines, range: Range, gutter: number, paint: Paint, options: FrameOptions): string[] {
  const { theme } = options
  const { line: last, column } = range.start
  const room = Math.max(30, (options.width ?? 120) - gutter - 3)
  const text = [`${' '.repeat(gutter)} ${theme.faint('│')}`]
  const marked = hideSecrets(lines.line(last) ?? '')
  // On one line the mark ends where the range does, on several with the line.
  const until = range.end.line === last ? Math.max(range.end.column, column + 1) : Number.POSITIVE_INFINITY
  const view = viewOf(marked, column, until, room)
  for (let number = Math.max(1, last - LINES_BEFORE); number < last; number++) {
    const shown = cutView(hideSecrets(lines.line(number) ?? ''), view.from, room)
    text.push(`${theme.faint(`${String(number).padStart(gutter)} │`)} ${shown}`.trimEnd())
  }
  text.push(`${theme.faint(`${String(last).padStart(gutter)} │`)} ${view.text}`.trimEnd())
  text.push(`${' '.repeat(gutter)} ${theme.faint('│')} ${' '.repeat(view.before)}${paint('^'.repeat(Math.max(1, view.marked)))}`)
  return text
}

interface View {
  readonly text: string
  /** The first character shown, from 0; the ones before are an ellipsis. */
  readonly from: number
  /** Columns before the mark, and of the mark. */
  readonly before: number
  readonly marked: number
}

/** The part of a line around columns `start` to `end` (exclusive, from 1) that fits, each character made safe and as wide as the terminal shows it. */
function viewOf(line: string, start: number, end: number, room: number): View {
  const all = line.length <= 4 * room ? cells(Array.from(line), 0) : undefined
  if (all && all.width <= room) return markCells('', all.items, '', 0, start, end)
  // Characters enough on both sides of the place; on the left at most so many that the place is seen with something behind it.
  const { offset, count } = offsetOf(line, start - 1)
  const before = cells(Array.from(line.slice(Math.max(0, offset - 2 * room), offset)), 1)
  const head = lastThatFit(before.items, Math.floor(room * 0.6) - 1)
  const from = count - head.length
  const ellipsis = from > 0 ? '…' : ''
  const tail = cells(Array.from(line.slice(offset, offset + 4 * room)), sum(head) + ellipsis.length)
  const shown = firstThatFit(tail.items, room - 1 - sum(head) - ellipsis.length)
  const isCut = shown.length < tail.items.length || offset + 4 * room < line.length
  return markCells(ellipsis, [...head, ...shown], isCut ? '…' : '', from, start, end)
}

/** `items` are the characters from number `from` (from 0) on. */
function markCells(ellipsis: string, items: readonly Cell[], rest: string, from: number, start: number, end: number): View {
  const head = items.slice(0, Math.max(0, start - 1 - from))
  const marked = items.slice(head.length, Math.max(head.length, end - 1 - from))
  const shown = end === Number.POSITIVE_INFINITY ? trimEnd(marked) : marked
  const beyond = Math.max(0, start - 1 - from - items.length)
  const text = `${ellipsis}${items.map((cell) => cell.text).join('')}${rest}`
  return { text, from, before: ellipsis.length + sum(head) + beyond, marked: sum(shown) }
}

function lastThatFit(items: readonly Cell[], room: number): readonly Cell[] {
  let width = 0
  let from = items.length
  while (from > 0 && width + (items[from - 1]?.width ?? 0) <= room) width += items[--from]?.width ?? 0
  return items.slice(from)
}

function firstThatFit(items: readonly Cell[], room: number): readonly Cell[] {
  let width = 0
  let to = 0
  while (to < items.length && width + (items[to]?.width ?? 0) <= room) width += items[to++]?.width ?? 0
  return items.slice(0, to)
}

/** A line above, cut like the one that matters. */
function cutView(line: string, from: number, room: number): string {
  const { offset, count } = offsetOf(line, from)
  if (line.trim() === '') return ''
  const ellipsis = from > 0 ? '…' : ''
  if (count < from || offset === line.length) return ellipsis
  const rest = cells(Array.from(line.slice(offset, offset + 4 * room)), ellipsis.length)
  const isCut = offset + 4 * room < line.length || rest.width + ellipsis.length > room
  const shown = isCut ? firstThatFit(rest.items, room - 1 - ellipsis.length) : rest.items
  return `${ellipsis}${shown.map((cell) => cell.text).join('')}${isCut ? '…' : ''}`
}

interface Cell {
  readonly text: string
  readonly width: number
}

function cells(chars: readonly string[], startWidth: number): { readonly items: readonly Cell[]; readonly width: number } {
  let width = startWidth
  const items = chars.map((char): Cell => {
    const cell = cellOf(char, width)
    width += cell.width
    return cell
  })
  return { items, width: width - startWidth }
}

function cellOf(char: string, at: number): Cell {
  if (char === '\t') {
    const width = TAB_WIDTH - (at % TAB_WIDTH)
    return { text: ' '.repeat(width), width }
  }
  const safe = escapeForTerminal(char)
  return { text: safe, width: safe === char ? characterWidth(char) : safe.length }
}

/** Where character number `index` (from 0) of a line begins, or the line's end and how many characters there are. */
function offsetOf(line: string, index: number): { readonly offset: number; readonly count: number } {
  let offset = 0
  let count = 0
  while (count < index && offset < line.length) {
    offset += (line.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
    count++
  }
  return { offset, count }
}

function trimEnd(items: readonly Cell[]): readonly Cell[] {
  let end = items.length
  while (end > 0 && items[end - 1]?.text.trim() === '') end--
  return items.slice(0, end)
}

function sum(items: readonly Cell[]): number {
  return items.reduce((total, cell) => total + cell.width, 0)
}
