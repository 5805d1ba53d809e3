import { EVENT_ID, type Event, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import { eventRange } from './event-range.ts'
import { quoteHelp } from './tags.ts'
import type { ReportText } from './text-fault.ts'

/*
 * Where the peer's parser (YAML 1.1, go-yaml 2) reads a text otherwise than ours (YAML 1.2), or refuses it: such text is refused here too, since a manifest
 * means what it means to the peer or nothing. Held to that parser by comparing both on mutated manifests.
 */

/** A scalar's text: escapes, tabs, and what brackets forbid. */
export function checkScalar(source: string, event: ScalarEvent, text: string, inFlow: boolean, report: ReportText): void {
  switch (event.style) {
    case SCALAR_STYLE.PLAIN:
      if (inFlow) checkPlainInFlow(event, text, report)
      break
    case SCALAR_STYLE.DOUBLE_QUOTED:
      if (!event.fast) checkEscapes(source, event, report)
      break
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK:
      checkBlockIndent(source, event, report)
  }
}

/** A field name goes over no line end; within brackets its ":" stands on the same line, and a blank or line end follows. */
export function checkFieldName(source: string, event: ScalarEvent, inFlow: boolean, report: ReportText): void {
  const [start, end] = eventRange(event) ?? [0, 0]
  const fault = (code: string, message: string, help: string): void => report({ code, start, end, message, help })
  if (/[\r\n]/.test(source.slice(start, end))) fault('yaml-syntax', 'a field name goes over a line end', 'write it on one line')
  if (!inFlow || start === end) return
  const blanks = /^\s*/.exec(source.slice(end, end + 200))?.[0] ?? ''
  if (source[end + blanks.length] !== ':') return
  if (/[\r\n]/.test(blanks)) fault('yaml-syntax', 'the ":" of a field stands on another line than its name', 'write both on one line')
  else if (event.style === SCALAR_STYLE.PLAIN && blanks === '' && ',[]{}'.includes(source[end + 1] ?? ' ')) {
    const help = 'quote it if the ":" belongs to it, or write a blank after ":"'
    fault('ambiguous-scalar', `${source.slice(start, end)}: is read differently by YAML 1.1 and 1.2`, help)
  }
}

/** The name of an anchor or alias: YAML 1.1 ends it at the first other character, and takes the rest for the value. */
export function checkAnchorName(source: string, event: Extract<Event, { anchorStart: number }>, report: ReportText): void {
  const name = source.slice(event.anchorStart, event.anchorEnd)
  // Behind an unknown tag it is no anchor but the rest of a selector: `!has(a) && has(b)`.
  const isTold = 'tagStart' in event && event.tagStart >= 0 && !source.startsWith('!!', event.tagStart)
  if (/^[\w-]+$/.test(name) || isTold) return
  const start = event.anchorStart - 1
  const help = quoteHelp(source, start)
  const message = `"${name}" is no name of an anchor: letters, digits, "-" and "_" are allowed`
  report({ code: 'bad-anchor', start, end: event.anchorEnd, message, ...(help === undefined ? {} : { help }) })
}

/**
 * `a: &x b: c`: a block that is a field's value has to begin on a line of its own. And on that line, anchor and tag would be those of its first name.
 */
export function checkBlockStart(source: string, event: Extract<Event, { type: 2 | 3 }>, name: Event | undefined, report: ReportText): void {
  const nameEnd = (name && eventRange(name))?.[1] ?? event.start
  const ends = [nameEnd, event.anchorEnd, event.tagEnd].filter((end) => end >= 0)
  if (ends.every((end) => /[\r\n]/.test(source.slice(end, event.start)))) return
  const [start, end] = eventRange(event) ?? [event.start, event.start + 1]
  const message = `a ${event.type === EVENT_ID.MAPPING ? 'mapping' : 'list'} cannot begin on the line of its name`
  report({ code: 'yaml-syntax', start, end, message, help: 'begin it on the next line' })
}

// --- internal ---

function checkPlainInFlow(event: ScalarEvent, text: string, report: ReportText): void {
  const [start, end] = eventRange(event) ?? [0, 0]
  const message = text.startsWith(':')
    ? 'a value in brackets cannot begin with ":" for Calico'
    : text.includes('?')
      ? 'a "?" in brackets means something else to Calico'
      : undefined
  if (message !== undefined) report({ code: 'ambiguous-scalar', start, end, message, help: `quote it: "${text}"` })
}

// What the peer does not know of JSON's escapes: the slash, and halves of surrogate pairs (also when both halves stand there).
const ESCAPE = /\\(?:u([dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g

function checkEscapes(source: string, event: ScalarEvent, report: ReportText): void {
  for (const match of source.slice(event.valueStart, event.valueEnd).matchAll(ESCAPE)) {
    const isSlash = match[0] === '\\/'
    if (!isSlash && match[1] === undefined) continue
    const start = event.valueStart + match.index
    const help = isSlash ? 'write / as it is' : 'write the character itself, or \\U and its eight hex digits'
    report({ code: 'bad-escape', start, end: start + match[0].length, message: `the escape ${match[0]} is not part of YAML 1.1`, help })
    return
  }
}

/** The first line of a block of text says how deep it is indented, in spaces. */
function checkBlockIndent(source: string, event: ScalarEvent, report: ReportText): void {
  const blanks = /^(?: *\r?\n)* *(?=\t)/.exec(source.slice(event.valueStart, event.valueEnd))?.[0]
  const header = source.slice(Math.max(0, event.valueStart - 200), event.valueStart)
  if (blanks === undefined || /[|>][-+]?[1-9][^\r\n]*[\r\n]*$/.test(header)) return
  const start = event.valueStart + blanks.length
  const help = 'indent with spaces, or say how deep: |2'
  report({ code: 'yaml-syntax', start, end: start + 1, message: 'a tab stands where YAML wants spaces', help })
}
