import { COLLECTION_STYLE, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { construct, eventRange, type TextFault } from './construct.ts'
import { joinFlowLines } from './flow.ts'
import { syntaxFault } from './syntax.ts'

export interface YamlDocument {
  /** Nothing but blanks and comments: not even an explicit null. */
  readonly empty: boolean
  readonly value: unknown
  /** All that the peer would refuse, or not mean, in this text. */
  readonly faults: readonly TextFault[]
}

/**
 * Reads one document of YAML or JSON in the peer's dialect: YAML 1.1 syntax as go-yaml 2 knows it, scalars as `resolvePlain` says, without directives,
 * nothing after the document's end (`reference/model.md 0.9`).
 */
export function readYaml(text: string): YamlDocument {
  const faults: TextFault[] = []
  const parsed = parse(text)
  if ('fault' in parsed) return { empty: false, value: undefined, faults: [parsed.fault] }
  const value = construct(parsed.events, text, (fault) => faults.push(fault))
  checkDocuments(parsed.events, text, faults)
  checkTabs(text, parsed.events, faults)
  return { empty: isEmpty(parsed.events) && faults.length === 0, value, faults }
}

/** The parser's events; undefined when the text cannot be parsed. */
export function parseDocument(text: string): readonly Event[] | undefined {
  const parsed = parse(text)
  return 'fault' in parsed ? undefined : parsed.events
}

// --- internal ---

/** Far more than any manifest has, and far less than the parser's recursion can bear. */
const MAX_DEPTH = 500
/** How much text may be parsed again to mend the line breaks of flow collections. */
const MOST_WORK = 20_000_000

function parse(text: string): { events: readonly Event[] } | { fault: TextFault } {
  let source = text
  for (let work = 0; ; work += text.length + 1000) {
    try {
      return { events: parseEvents(source, { maxDepth: MAX_DEPTH }) }
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error
      const position = error.mark?.position ?? 0
      const mended = error.reason === 'deficient indentation' && work < MOST_WORK ? joinFlowLines(source, position) : undefined
      if (mended === undefined) return { fault: syntaxFault(text, position, error.reason) }
      source = mended
    }
  }
}

function isEmpty(events: readonly Event[]): boolean {
  const first = events[1]
  if (first === undefined) return true
  return first.type === EVENT_ID.SCALAR && first.valueStart < 0 && first.tagStart < 0 && first.anchorStart < 0
}

/** The peer reads the first document only; separators that it knows were cut before. */
function checkDocuments(events: readonly Event[], text: string, faults: TextFault[]): void {
  let documents = 0
  for (let i = 0; i < events.length; i++) {
    const event = events[i]
    if (event?.type !== EVENT_ID.DOCUMENT) continue
    if (event.directives.length > 0) {
      const start = /^\uFEFF?%/m.exec(text)?.index ?? 0
      faults.push({ code: 'yaml-directive', start, end: lineEnd(text, start), message: 'YAML directives are not read here', help: 'remove the line' })
    }
    if (++documents > 1 && !isEmpty(events.slice(i, i + 2))) {
      const [start, end] = (events[i + 1] && eventRange(events[i + 1] as Event)) ?? [text.length - 1, text.length]
      faults.push({
        code: 'dropped-document',
        start,
        end,
        message: 'Calico would drop this second document',
        help: 'begin it with a line "---", and end lines with line feeds',
      })
      return
    }
  }
}

const TAB_BEFORE_CONTENT = /(?:^|[\r\n]) *\t/

/** go-yaml takes no tab before a line's content, or on a blank line, but within quotes, block scalars, [ ] and { }, and before comments at the end. */
function checkTabs(text: string, events: readonly Event[], faults: TextFault[]): void {
  if (!TAB_BEFORE_CONTENT.test(text)) return
  const free = freeRanges(events, text)
  let next = 0
  for (const match of text.matchAll(/(^|[\r\n])( *)\t/g)) {
    const position = match.index + (match[1] ?? '').length + (match[2] ?? '').length
    while ((free[next]?.[1] ?? Number.POSITIVE_INFINITY) <= position) next++
    const range = free[next]
    if (range && range[0] <= position) continue
    faults.push({
      code: 'yaml-syntax',
      start: position,
      end: position + 1,
      message: 'a tab stands where YAML wants spaces',
      help: 'use spaces, also on blank lines',
    })
    return
  }
}

/** Where tabs may stand: scalars, and collections in brackets. In order, not overlapping. */
function freeRanges(events: readonly Event[], text: string): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = []
  let depth = 0
  let flowDepth = 0
  let flowStart = 0
  let last = 0
  let closers = 0
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      depth--
      closers++
      if (flowDepth > 0 && depth < flowDepth) {
        ranges.push([flowStart, endOfBrackets(text, last, closers)])
        flowDepth = 0
      }
      continue
    }
    if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) depth++
    const range = eventRange(event)
    if (!range) continue
    last = Math.max(last, range[1])
    closers = 0
    if (event.type === EVENT_ID.SCALAR && flowDepth === 0) ranges.push(range)
    if ((event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) && flowDepth === 0 && event.style === COLLECTION_STYLE.FLOW) {
      flowDepth = depth
      flowStart = event.start
    }
  }
  return ranges
}

/** Behind so many closing brackets after a place; behind the last there is when a pair without brackets of its own is among them. */
function endOfBrackets(text: string, from: number, count: number): number {
  const pattern = /#[^\r\n]*|([\]}])|[^\s,]/g
  pattern.lastIndex = from
  let end = from
  for (let found = pattern.exec(text), left = count; found && left > 0; found = pattern.exec(text)) {
    if (found[0].startsWith('#')) continue
    if (found[1] === undefined) break
    left--
    end = pattern.lastIndex
  }
  return end
}

function lineEnd(text: string, from: number): number {
  const end = text.slice(from).search(/[\r\n]/)
  return end < 0 ? text.length : from + end
}
