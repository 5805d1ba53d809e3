import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml'
import { eventRange } from './event-range.ts'
import { applyPatches, blankTabs, joinFlow, joinLikelyFlows, type Patch } from './flow.ts'
import { syntaxFault } from './syntax.ts'
import type { TextFault } from './text-fault.ts'

export type Parsed = { readonly events: readonly Event[] } | { readonly fault: TextFault }

/** The parser's events of one document's text, or why it is no YAML. Lines within brackets may be indented as they like, as the peer has it. */
export function parse(text: string): Parsed {
  const guessing = parseJoining(text, joinLikelyFlows)
  return guessing ?? (parseJoining(text, () => []) as Parsed)
}

/** The events of a text of one or several documents as they stand, quickly; undefined when anything is wrong. */
export function tryParse(text: string): readonly Event[] | undefined {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    if (error instanceof YAMLException) return undefined
    throw error
  }
}

/** The mark of a document's end at the start of a line. */
export const END_MARK = /^\.\.\.(?:\s|$)/m

// --- internal ---

/** Far more than any manifest has, and far less than the parser's recursion can bear. */
const MAX_DEPTH = 500
/** How much text may be parsed again to mend the line breaks of flow collections. */
const MOST_WORK = 20_000_000

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
