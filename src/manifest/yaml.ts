import { COLLECTION_STYLE, EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { construct, eventRange, type TextFault } from './construct.ts'
import { applyPatches, blankTabs, joinFlow, joinLikelyFlows, type Patch } from './flow.ts'
import type { Chunk } from './split.ts'
import { directiveFault, syntaxFault } from './syntax.ts'

export interface YamlDocument {
  readonly chunk: Chunk
  /** Nothing but blanks and comments: not even an explicit null. */
  readonly empty: boolean
  readonly value: unknown
  /** All that the peer would refuse, or not mean, in this document; offsets in the whole text. */
  readonly faults: readonly TextFault[]
}

/**
 * Reads the documents of a text, cut into chunks, as YAML or JSON in the peer's dialect: YAML 1.1 syntax as go-yaml 2 knows it, scalars as `resolvePlain`
 * says, no directives, one document a chunk (`reference/model.md 0.9`). Lazily, a batch at a time, so that a file of many megabytes is never held twice.
 */
export function* readDocuments(text: string, chunks: readonly Chunk[]): Generator<YamlDocument> {
  for (const batch of batches(text, chunks)) {
    const together = batch.length > 1 ? parseTogether(text, batch) : undefined
    for (const [index, chunk] of batch.entries()) yield together ? fromTogether(together, chunk, index) : readAlone(text, chunk)
  }
}

/** The parser's events of one document's text; undefined when it cannot be parsed. */
export function parseDocument(text: string): readonly Event[] | undefined {
  const parsed = parse(text)
  return 'fault' in parsed ? undefined : parsed.events
}

// --- internal ---

/** Far more than any manifest has, and far less than the parser's recursion can bear. */
const MAX_DEPTH = 500
/** How much text may be parsed again to mend the line breaks of flow collections. */
const MOST_WORK = 20_000_000

interface Together {
  readonly text: string
  /** Where `text` begins in the file's. */
  readonly base: number
  readonly events: readonly Event[]
  /** For each chunk, the index of its document's first event; undefined: it has none. */
  readonly documents: readonly (number | undefined)[]
}

/** Enough for the parser to run at its best (each call costs it dearly), little enough to keep memory low. */
const BATCH = 2_000_000

/** Runs of chunks between which there are plain separators: the parser cuts there too. */
function* batches(text: string, chunks: readonly Chunk[]): Generator<readonly Chunk[]> {
  let batch: Chunk[] = []
  for (const chunk of chunks) {
    const last = batch.at(-1)
    const first = batch[0]
    if (last && first && (chunk.end - first.start > BATCH || !PLAIN_SEPARATOR.test(text.slice(last.end, chunk.start)))) {
      yield batch
      batch = []
    }
    batch.push(chunk)
  }
  if (batch.length > 0) yield batch
}

const PLAIN_SEPARATOR = /^\n---[ \t]*(?:[ \t]#[^\n]*)?\r?\n$/

/** The events of several documents at once; undefined when there is any doubt that each chunk alone would give the same. */
function parseTogether(text: string, batch: readonly Chunk[]): Together | undefined {
  const base = batch[0]?.start ?? 0
  const part = text.slice(base, batch.at(-1)?.end)
  if (TAB_BEFORE_CONTENT.test(part) || END_MARK.test(part) || part.indexOf('\ufeff', 1) > 0) return undefined
  const events = tryParse(part)
  if (!events) return undefined
  const documents: (number | undefined)[] = batch.map(() => undefined)
  let at = 0
  for (let i = 0; i < events.length; i++) {
    const event = events[i]
    if (event?.type !== EVENT_ID.DOCUMENT) continue
    if (event.directives.length > 0) return undefined
    const next = events[i + 1]
    const offset = next && eventRange(next)?.[0]
    if (offset === undefined) continue
    while (at < batch.length && (batch[at]?.end ?? 0) <= base + offset) at++
    if (at === batch.length || documents[at] !== undefined) return undefined
    documents[at] = i
  }
  return { text: part, base, events, documents }
}

function fromTogether(together: Together, chunk: Chunk, index: number): YamlDocument {
  const { text, base, events, documents } = together
  const first = documents[index]
  if (first === undefined) return { chunk, empty: true, value: undefined, faults: [] }
  const faults: TextFault[] = []
  const value = construct(events, text, (fault) => faults.push(shift(fault, base)), { first, end: chunk.end - base })
  return { chunk, empty: false, value, faults }
}

function readAlone(whole: string, chunk: Chunk): YamlDocument {
  const text = whole.slice(chunk.start, chunk.end)
  const faults: TextFault[] = []
  const report = (fault: TextFault): void => void faults.push(shift(fault, chunk.start))
  const parsed = parse(text)
  if ('fault' in parsed) {
    report(parsed.fault)
    return { chunk, empty: false, value: undefined, faults }
  }
  const value = construct(parsed.events, text, report)
  checkDocuments(parsed.events, text, report)
  checkTabs(text, parsed.events, report)
  return { chunk, empty: isEmpty(parsed.events) && faults.length === 0, value, faults }
}

function shift(fault: TextFault, offset: number): TextFault {
  return { ...fault, start: fault.start + offset, end: fault.end + offset }
}

function tryParse(text: string): readonly Event[] | undefined {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof YAMLException) return undefined
    throw error
  }
}

type Parsed = { readonly events: readonly Event[] } | { readonly fault: TextFault }

function parse(text: string): Parsed {
  const guessing = parseJoining(text, joinLikelyFlows)
  return guessing ?? (parseJoining(text, () => []) as Parsed)
}

/**
 * Parses, and where the parser finds a line in brackets not indented as it wants, joins the lines there and tries again. `guess` gives what may be joined
 * behind such a place at once; undefined when it guessed wrong.
 */
function parseJoining(text: string, guess: (text: string, from: number) => readonly Patch[]): Parsed | undefined {
  let source = text
  let guesses: readonly Patch[] = []
  const joined: Patch[] = []
  for (let work = 0; ; work += text.length + 1000) {
    try {
      const events = parseEvents(source, { maxDepth: MAX_DEPTH })
      if (guesses.some((patch) => isWithinScalar(events, patch.start))) return undefined
      const wrong = joined.find((patch) => isWithinScalar(events, patch.start))
      return wrong ? { fault: syntaxFault(text, wrong.start, 'deficient indentation') } : { events }
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error
      const position = error.mark?.position ?? 0
      const isMendable = error.reason === 'deficient indentation' && work < MOST_WORK && !END_MARK.test(text)
      const patch = isMendable ? (joinFlow(source, position) ?? blankTabs(source, position)) : undefined
      if (patch && work === 0) guesses = guess(source, patch.end)
      const patched = patch && applyPatches(source, work === 0 ? [patch, ...guesses] : [patch])
      if (patched === undefined || patched === source) return guesses.length > 0 ? undefined : { fault: syntaxFault(text, position, error.reason) }
      joined.push(patch as Patch)
      source = patched
    }
  }
}

/** Events stand in the order of the text: the last that begins before a place is the one it could be in. */
function isWithinScalar(events: readonly Event[], place: number): boolean {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (startFrom(events, middle) <= place) low = middle + 1
    else high = middle
  }
  for (let i = low - 1; i >= 0; i--) {
    const event = events[i] as Event
    const range = eventRange(event)
    if (range && event.type === EVENT_ID.SCALAR) return place < range[1]
    if (range) return false
  }
  return false
}

/** Where the event, or the next one that is written, begins. */
function startFrom(events: readonly Event[], index: number): number {
  for (let i = index; i < events.length; i++) {
    const range = eventRange(events[i] as Event)
    if (range) return range[0]
  }
  return Number.POSITIVE_INFINITY
}

function isEmpty(events: readonly Event[]): boolean {
  const first = events[1]
  if (first === undefined) return true
  return first.type === EVENT_ID.SCALAR && first.valueStart < 0 && first.tagStart < 0 && first.anchorStart < 0
}

/** The peer reads the first document only; separators that it knows were cut before. */
function checkDocuments(events: readonly Event[], text: string, report: (fault: TextFault) => void): void {
  let isFirst = true
  for (const [i, event] of events.entries()) {
    if (event.type !== EVENT_ID.DOCUMENT) continue
    if (event.directives.length > 0) report(directiveFault(text))
    const first = events[i + 1]
    const [start, end] = (first && eventRange(first)) ?? [text.length - 1, text.length]
    const isDropped = !isEmpty(events.slice(i, i + 2)) && (!isFirst || END_MARK.test(text.slice(0, start)))
    isFirst = false
    if (!isDropped) continue
    const help = 'begin it with a line "---", and end lines with line feeds'
    report({ code: 'dropped-document', start, end, message: 'Calico would drop this second document', help })
    return
  }
}

/** The mark of a document's end; the parser passes over one before the first document. */
const END_MARK = /^\.\.\.(?:\s|$)/m

const TAB_BEFORE_CONTENT = /(?:^|[\r\n]) *(?:[-?] +)*[-?]?\t/

/** go-yaml takes no tab before a line's content, behind a "-", or on a blank line, but within quotes, block scalars, [ ] and { }, and before comments at the end. */
function checkTabs(text: string, events: readonly Event[], report: (fault: TextFault) => void): void {
  if (!TAB_BEFORE_CONTENT.test(text)) return
  const free = freeRanges(events, text)
  let next = 0
  for (const match of text.matchAll(new RegExp(TAB_BEFORE_CONTENT, 'g'))) {
    const position = match.index + match[0].length - 1
    while ((free[next]?.[1] ?? Number.POSITIVE_INFINITY) <= position) next++
    const range = free[next]
    if (range && range[0] <= position) continue
    report({
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
