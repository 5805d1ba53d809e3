import { EVENT_ID, type Event } from 'js-yaml'
import { construct } from './construct.ts'
import { eventRange } from './event-range.ts'
import { END_MARK, parse, tryParse } from './parse.ts'
import { readPlainBlocks } from './plain-block.ts'
import type { Chunk } from './split.ts'
import { directiveFault } from './syntax.ts'
import { checkTabs, hasDoubtfulTab } from './tabs.ts'
import type { ReportText, TextFault } from './text-fault.ts'

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
  let others: Chunk[] = []
  for (const chunk of chunks) {
    const value = readPlainBlocks(text, chunk)
    if (value === undefined) {
      others.push(chunk)
      continue
    }
    yield* parseDocuments(text, others)
    others = []
    yield { chunk, empty: false, value, faults: [] }
  }
  yield* parseDocuments(text, others)
}

/** The same by the parser alone, which knows all of YAML. */
export function* parseDocuments(text: string, chunks: readonly Chunk[]): Generator<YamlDocument> {
  for (const batch of batches(text, chunks)) {
    const together = batch.length > 1 ? parseTogether(text, batch) : undefined
    for (const [index, chunk] of batch.entries()) yield together ? fromTogether(together, chunk, index) : readAlone(text, chunk)
  }
}

// --- internal ---

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
  if (hasDoubtfulTab(part) || END_MARK.test(part) || part.indexOf('\ufeff', 1) > 0) return undefined
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

function isEmpty(events: readonly Event[]): boolean {
  const first = events[1]
  if (first === undefined) return true
  return first.type === EVENT_ID.SCALAR && first.valueStart < 0 && first.tagStart < 0 && first.anchorStart < 0
}

/** The peer reads the first document only; separators that it knows were cut before. */
function checkDocuments(events: readonly Event[], text: string, report: ReportText): void {
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
