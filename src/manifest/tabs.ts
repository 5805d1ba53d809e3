import { COLLECTION_STYLE, EVENT_ID, type Event } from 'js-yaml'
import { eventRange } from './event-range.ts'
import type { ReportText } from './text-fault.ts'

/** go-yaml takes no tab before a line's content, behind a "-", or on a blank line, but within quotes, block scalars, [ ] and { }, and before comments at the end. */
export function checkTabs(text: string, events: readonly Event[], report: ReportText): void {
  if (!hasDoubtfulTab(text)) return
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

/** Quick: whether there is any tab that `checkTabs` could object to. */
export function hasDoubtfulTab(text: string): boolean {
  return TAB_BEFORE_CONTENT.test(text)
}

// --- internal ---

const TAB_BEFORE_CONTENT = /(?:^|[\r\n]) *(?:[-?] +)*[-?]?\t/

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
