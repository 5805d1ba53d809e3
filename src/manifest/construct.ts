import { CHOMPING_MODE, COLLECTION_STYLE, EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import { define } from '../model/decode.ts'
import type { Path } from '../model/problem.ts'
import { AmbiguousScalar, FloatScalar } from '../model/scalar.ts'
import { checkAnchorName, checkBlockStart, checkFieldName, checkScalar } from './dialect.ts'
import { eventRange } from './event-range.ts'
import { resolvePlain } from './plain.ts'
import { expandTag, quoteHelp, resolveTagged } from './tags.ts'
import type { ReportText } from './text-fault.ts'

/**
 * The value of the first document among parser events. Mappings are objects, plain scalars as `resolvePlain` reads them. All that the peer refuses at this
 * stage is reported, each fault at its place: a key twice (also through `<<`), keys that are no text, unknown tags, aliases to nothing, to themselves
 * or without measure. The value then holds what was good.
 */
export function construct(
  events: readonly Event[],
  source: string,
  report: ReportText,
  part: { readonly first: number; readonly end: number } = { first: 0, end: source.length },
): unknown {
  return new Constructor(source, part.end, report).run(events, part.first)
}

// --- internal ---

interface Frame {
  readonly value: Record<string, unknown> | unknown[]
  readonly anchor: Anchor | undefined
  /** In brackets. */
  readonly inFlow: boolean
  /** Nodes read before this collection. */
  readonly nodesBefore: number
  /** In a mapping: the key read last, until its value comes. */
  key: string | undefined
  keyEvent: Event | undefined
  expectsValue: boolean
}

interface Anchor {
  value: unknown
  /** Nodes that using it adds. */
  size: number
  open: boolean
}

class Constructor {
  readonly #source: string
  readonly #report: ReportText
  readonly #frames: Frame[] = []
  readonly #anchors = new Map<string, Anchor>()
  readonly #end: number
  #nodes = 0
  #aliased = 0
  #result: unknown = null

  constructor(source: string, end: number, report: ReportText) {
    this.#source = source
    this.#end = end
    this.#report = report
  }

  run(events: readonly Event[], first: number): unknown {
    for (let i = first; i < events.length; i++) {
      const event = events[i] as Event
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          if (i > first) return this.#result
          break
        case EVENT_ID.SCALAR: {
          this.#nodes++
          const value = this.#scalar(event)
          if (event.anchorStart >= 0) this.#anchor(event, { value, size: 1, open: false })
          this.#add(value, event)
          break
        }
        case EVENT_ID.SEQUENCE:
        case EVENT_ID.MAPPING:
          this.#open(event)
          break
        case EVENT_ID.ALIAS:
          checkAnchorName(this.#source, event, this.#report)
          if (!this.#alias(event)) return this.#result
          break
        case EVENT_ID.POP:
          this.#close()
      }
    }
    return this.#result
  }

  #scalar(event: ScalarEvent): unknown {
    const text = event.valueEnd >= this.#end ? this.#lastValue(event) : getScalarValue(this.#source, event)
    checkScalar(this.#source, event, text, this.#frames.at(-1)?.inFlow ?? false, this.#report)
    if (event.tagStart >= 0) {
      const tag = this.#source.slice(event.tagStart, event.tagEnd)
      const isGlued = /\S/.test(this.#source[event.tagEnd] ?? ' ')
      const resolved = isGlued ? { fault: `a blank has to follow the YAML tag ${tag}` } : resolveTagged(expandTag(tag), text)
      if (typeof resolved !== 'object' || resolved === null || !('fault' in resolved)) return resolved
      this.#fault(event, 'unknown-tag', resolved.fault, tag.startsWith('!!') ? undefined : quoteHelp(this.#source, event.tagStart))
      return text
    }
    return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text
  }

  /** A block of text that ends with the document, without a line break, has none for the peer either: it cuts the one before a separator off. */
  #lastValue(event: ScalarEvent): string {
    const text = getScalarValue(this.#source, { ...event, valueEnd: Math.min(event.valueEnd, this.#end) })
    const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
    const isCut = isBlock && event.chomping !== CHOMPING_MODE.STRIP && !'\r\n'.includes(this.#source[this.#end - 1] ?? '\n')
    return isCut && text.endsWith('\n') ? text.slice(0, -1) : text
  }

  #open(event: Extract<Event, { type: 2 | 3 }>): void {
    const isMapping = event.type === EVENT_ID.MAPPING
    this.#nodes++
    if (event.tagStart >= 0) {
      const tag = expandTag(this.#source.slice(event.tagStart, event.tagEnd))
      const known = isMapping ? tag === '' || tag === 'map' || tag === 'set' : tag === '' || tag === 'seq'
      const written = this.#source.slice(event.tagStart, event.tagEnd)
      const isGlued = /\S/.test(this.#source[event.tagEnd] ?? ' ')
      if (isGlued || !known) {
        const message = isGlued ? `a blank has to follow the YAML tag ${written}` : `unknown YAML tag ${written}`
        this.#fault(event, 'unknown-tag', message, quoteHelp(this.#source, event.tagStart))
      }
    }
    const value = isMapping ? {} : []
    const anchor = event.anchorStart >= 0 ? this.#anchor(event, { value, size: 0, open: true }) : undefined
    const frame = this.#frames.at(-1)
    if (frame && !Array.isArray(frame.value) && !frame.expectsValue) frame.keyEvent = event
    const inFlow = event.style === COLLECTION_STYLE.FLOW
    if (!inFlow && frame?.expectsValue) checkBlockStart(this.#source, event, frame.keyEvent, this.#report)
    this.#frames.push({ value, anchor, inFlow, nodesBefore: this.#nodes - 1, key: undefined, keyEvent: undefined, expectsValue: false })
  }

  #close(): void {
    const frame = this.#frames.pop()
    if (!frame) return
    if (frame.anchor) {
      frame.anchor.size = this.#nodes - frame.nodesBefore
      frame.anchor.open = false
    }
    this.#add(frame.value, this.#frames.at(-1)?.keyEvent)
  }

  #anchor(event: Extract<Event, { anchorStart: number }>, anchor: Anchor): Anchor {
    checkAnchorName(this.#source, event, this.#report)
    this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), anchor)
    return anchor
  }

  /** False when the document uses aliases beyond measure: nothing more can be said about it. */
  #alias(event: Extract<Event, { type: 5 }>): boolean {
    const name = this.#source.slice(event.anchorStart, event.anchorEnd)
    const anchor = this.#anchors.get(name)
    if (!anchor) {
      this.#fault(event, 'unknown-alias', `no anchor "&${name}" stands before "*${name}"`, quoteHelp(this.#source, event.anchorStart - 1))
      this.#add(null, event)
      return true
    }
    if (anchor.open) {
      this.#fault(event, 'recursive-alias', `"*${name}" stands inside what it names`)
      this.#add(null, event)
      return true
    }
    this.#nodes += anchor.size + 1
    this.#aliased += anchor.size
    if (this.#aliased > 100 && this.#nodes > 1000 && this.#aliased / this.#nodes > allowedShare(this.#nodes)) {
      this.#fault(event, 'excessive-aliasing', 'aliases make too many copies of what they name', 'write the values out, or split the document')
      return false
    }
    this.#add(anchor.value, event)
    return true
  }

  #add(value: unknown, event: Event | undefined): void {
    const frame = this.#frames.at(-1)
    if (!frame) this.#result = value
    else if (Array.isArray(frame.value)) frame.value.push(value)
    else if (!frame.expectsValue) this.#key(frame, value, event)
    else {
      frame.expectsValue = false
      if (frame.key === undefined) return
      if (frame.key === '<<' && isMergeKey(frame.keyEvent)) this.#merge(frame, frame.value, value)
      else this.#set(frame.value, frame.key, value, frame.keyEvent, '')
    }
  }

  #key(frame: Frame, value: unknown, event: Event | undefined): void {
    frame.expectsValue = true
    frame.keyEvent = event
    frame.key = undefined
    if (event?.type === EVENT_ID.SCALAR) checkFieldName(this.#source, event, frame.inFlow, this.#report)
    const bad = (code: string, message: string, help: string): void => this.#fault(event, code, message, help, this.#path())
    if (typeof value === 'string') frame.key = value
    else if (typeof value === 'boolean' || typeof value === 'number') frame.key = String(value)
    else if (typeof value === 'bigint' && value < 2n ** 63n) frame.key = String(value)
    else if (value instanceof FloatScalar && Number.isFinite(value.value) && value.text !== undefined) frame.key = value.text
    else if (value === null) bad('bad-key', 'null cannot be a field name', 'quote it if it is meant as text: "null"')
    else if (value instanceof AmbiguousScalar) {
      bad('ambiguous-scalar', `${value.text} is read differently by YAML 1.1 and 1.2`, `quote it: "${value.text}"`)
    } else if (typeof value === 'bigint' || value instanceof FloatScalar) {
      bad('bad-key', 'a number like this is no field name', 'quote it')
    } else bad('bad-key', 'a list or mapping cannot be a field name', 'quote it if it is meant as text')
  }

  #merge(frame: Frame, target: Record<string, unknown>, value: unknown): void {
    const sources = Array.isArray(value) ? value : [value]
    for (const source of sources) {
      if (typeof source !== 'object' || source === null || Array.isArray(source) || Object.getPrototypeOf(source) !== Object.prototype) {
        this.#fault(frame.keyEvent, 'bad-merge', '"<<" wants a mapping or a list of mappings')
        return
      }
      for (const [key, item] of Object.entries(source)) this.#set(target, key, item, frame.keyEvent, ' (it comes in through "<<")')
    }
  }

  #set(target: Record<string, unknown>, key: string, value: unknown, event: Event | undefined, addition: string): void {
    if (!Object.hasOwn(target, key)) define(target, key, value)
    else {
      const path = [...this.#path(), key]
      const message = `field "${key}" stands here twice${addition}`
      this.#fault(event, 'duplicate-key', message, 'keep one of them', path)
    }
  }

  /** The way to the collection that is being read. */
  #path(): Path {
    const path: (string | number)[] = []
    for (const frame of this.#frames.slice(0, -1)) path.push(Array.isArray(frame.value) ? frame.value.length : (frame.key ?? '?'))
    return path
  }

  #fault(event: Event | undefined, code: string, message: string, help?: string, path?: Path): void {
    const [start, end] = (event && eventRange(event)) ?? [0, 1]
    this.#report({ code, start, end, message, ...(help === undefined ? {} : { help }), ...(path === undefined ? {} : { path }) })
  }
}

function isMergeKey(event: Event | undefined): boolean {
  return event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN
}

/** The share of a document's nodes that may come from aliases, as in go-yaml: nearly all of a small one, a tenth of a huge one. */
function allowedShare(nodes: number): number {
  if (nodes <= 400_000) return 0.99
  if (nodes >= 4_000_000) return 0.1
  return 0.99 - 0.89 * ((nodes - 400_000) / 3_600_000)
}
