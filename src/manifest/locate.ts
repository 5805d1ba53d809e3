import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml'
import { eventRange } from './event-range.ts'
import type { Path } from '../model/problem.ts'
import { parse } from './parse.ts'

export type Span = readonly [start: number, end: number]

/** Finds where the fields of one document stand. Made for messages: parses the document once more and keeps an index. */
export class Locator {
  readonly #root: Node | undefined

  constructor(text: string) {
    const parsed = parse(text)
    this.#root = 'fault' in parsed ? undefined : indexEvents(parsed.events, text)
  }

  /**
   * Where the value at a path stands, or its name. Field names match in any letter case, as they decode. For what is not written, or is a block, the nearest
   * field name above it; a whole document: its first token.
   */
  find(path: Path, at: 'value' | 'key'): Span {
    let node = this.#root
    let reached = 0
    for (const step of path) {
      const child = node && childOf(node, step)
      if (!child) break
      node = child
      reached++
    }
    if (!node) return [0, 1]
    // Within an alias nothing is written: the alias itself is shown.
    const wantsKey = reached === path.length ? at === 'key' : node.value === undefined
    return (wantsKey ? node.key : undefined) ?? node.value ?? node.key ?? node.first ?? [0, 1]
  }
}

// --- internal ---

interface Node {
  /** The field name, with its quotes. */
  key: Span | undefined
  /** What is written on one place: a scalar or alias. Blocks and brackets are shown by their name. */
  value: Span | undefined
  /** The first token of a collection. */
  first: Span | undefined
  readonly fields: Map<string, Node> | undefined
  readonly items: Node[] | undefined
}

function childOf(node: Node, step: string | number): Node | undefined {
  if (typeof step === 'number') return node.items?.[step]
  const exact = node.fields?.get(step)
  if (exact || !node.fields) return exact
  const lower = step.toLowerCase()
  for (const [name, field] of node.fields) if (name.toLowerCase() === lower) return field
  return undefined
}

interface Open {
  readonly node: Node
  /** In a mapping: the name read last. */
  name: string | undefined
  nameSpan: Span | undefined
}

function indexEvents(events: readonly Event[], text: string): Node | undefined {
  const stack: Open[] = []
  let root: Node | undefined
  const place = (node: Node, event: Event): void => {
    const parent = stack.at(-1)
    if (!parent) root ??= node
    else if (parent.node.items) {
      parent.node.items.push(node)
    } else if (parent.name === undefined) {
      const span = eventRange(event) ?? [0, 1]
      parent.name = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : text.slice(...span)
      parent.nameSpan = span
    } else {
      node.key = parent.nameSpan
      if (!parent.node.fields?.has(parent.name)) parent.node.fields?.set(parent.name, node)
      parent.name = undefined
    }
  }
  let documents = 0
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        if (++documents > 1) return root
        break
      case EVENT_ID.SCALAR:
      case EVENT_ID.ALIAS: {
        const span = shownRange(event, text)
        place({ key: undefined, value: span, first: span, fields: undefined, items: undefined }, event)
        break
      }
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        const isMapping = event.type === EVENT_ID.MAPPING
        const first = eventRange(event)
        const node: Node = { key: undefined, value: undefined, first, fields: isMapping ? new Map() : undefined, items: isMapping ? undefined : [] }
        place(node, event)
        stack.push({ node, name: undefined, nameSpan: undefined })
        break
      }
      case EVENT_ID.POP: {
        const closed = stack.pop()?.node
        if (closed?.fields) closed.first = [...closed.fields.values()][0]?.key ?? closed.first
        break
      }
    }
  }
  return root
}

/** Of a block of text its first line with content. */
function shownRange(event: Event, text: string): Span | undefined {
  const range = eventRange(event)
  if (event.type !== EVENT_ID.SCALAR || !range) return range
  if (event.style !== SCALAR_STYLE.LITERAL_BLOCK && event.style !== SCALAR_STYLE.FOLDED_BLOCK) return range
  const line = /\S[^\r\n]*/.exec(text.slice(event.valueStart, event.valueEnd))
  return line ? [event.valueStart + line.index, event.valueStart + line.index + line[0].length] : undefined
}
