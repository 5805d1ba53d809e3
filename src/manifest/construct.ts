import { CHOMPING_MODE, COLLECTION_STYLE, EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import { define } from '../model/decode.ts'
import type { Path } from '../model/problem.ts'
import { AmbiguousScalar, FloatScalar } from '../model/scalar.ts'
import { resolvePlain } from './plain.ts'
import { expandTag, quoteHelp, resolveTagged } from './tags.ts'

/** What is wrong in a text; offsets count UTF-16 units from its start, the end is exclusive. */
export interface TextFault {
  readonly code: string
  readonly start: number
  readonly end: number
  readonly message: string
  readonly help?: string
  readonly path?: Path
}

/**
 * The value of the first document among parser events. Mappings are objects, plain scalars as `resolvePlain` reads them. All that the peer refuses at this
 * stage is reported, each fault at its place: a key twice (also through `<<`), keys that are no text, unknown tags, aliases to nothing, to themselves
 * or without measure. The value then holds what was good.
 */
export function construct(
  events: readonly Event[],
  source: string,
  report: (fault: TextFault) => void,
  part: { readonly first: number; readonly end: number } = { first: 0, end: source.length },
): unknown {
  return new Constructor(source, part.end, report).run(events, part.first)
}

/** Where an event's text begins and ends; undefined for what is not written (an empty value). */
export function eventRange(event: Event): readonly [start: number, end: number] | undefined {
  switch (event.type) {
    case EVENT_ID.SCALAR: {
      if (event.valueStart < 0) return event.tagStart < 0 ? undefined : [event.tagStart, event.tagEnd]
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0
      return [event.tagStart < 0 ? event.valueStart - quoted : event.tagStart, event.valueEnd + quoted]
    }
    case EVENT_ID.ALIAS:
      return [event.anchorStart - 1, event.anchorEnd]
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.tagStart < 0 ? [event.start, event.start + 1] : [event.tagStart, event.tagEnd]
    default:
      return undefined
  }
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
  readonly #report: (fault: TextFault) => void
  readonly #frames: Frame[] = []
  readonly #anchors = new Map<string, Anchor>()
  readonly #end: number
  #nodes = 0
  #aliased = 0
  #result: unknown = null

  constructor(source: string, end: number, report: (fault: TextFault) => void) {
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
          this.#checkName(event)
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
    if (event.style === SCALAR_STYLE.DOUBLE_QUOTED && !event.fast) this.#checkEscapes(event)
    if (event.style === SCALAR_STYLE.PLAIN && this.#frames.at(-1)?.inFlow) this.#checkInFlow(event, text)
    if (event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK) this.#checkBlockIndent(event)
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
    if (!inFlow && frame?.expectsValue) this.#checkNewLine(event, frame)
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
    this.#checkName(event)
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
    if (event?.type === EVENT_ID.SCALAR) this.#checkKeyText(event, frame.inFlow)
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

  /** YAML 1.1 ends a name at the first other character, and takes the rest for the value. */
  #checkName(event: Extract<Event, { anchorStart: number }>): void {
    const name = this.#source.slice(event.anchorStart, event.anchorEnd)
    // Behind an unknown tag it is no anchor but the rest of a selector: `!has(a) && has(b)`.
    const isTold = 'tagStart' in event && event.tagStart >= 0 && !this.#source.startsWith('!!', event.tagStart)
    if (/^[\w-]+$/.test(name) || isTold) return
    const start = event.anchorStart - 1
    const help = quoteHelp(this.#source, start)
    const message = `"${name}" is no name of an anchor: letters, digits, "-" and "_" are allowed`
    this.#report({ code: 'bad-anchor', start, end: event.anchorEnd, message, ...(help === undefined ? {} : { help }) })
  }

  /** Where YAML 1.1 and 1.2 part within brackets: question marks, and a colon that begins a value. */
  #checkInFlow(event: ScalarEvent, text: string): void {
    if (text.startsWith(':')) this.#fault(event, 'ambiguous-scalar', 'a value in brackets cannot begin with ":" for Calico', `quote it: "${text}"`)
    else if (text.includes('?')) this.#fault(event, 'ambiguous-scalar', 'a "?" in brackets means something else to Calico', `quote it: "${text}"`)
  }

  /** A name goes over no line end; within brackets its ":" stands on the same line, and a blank or line end follows. */
  #checkKeyText(event: ScalarEvent, inFlow: boolean): void {
    const [start, end] = eventRange(event) ?? [0, 0]
    if (/[\r\n]/.test(this.#source.slice(start, end))) this.#fault(event, 'yaml-syntax', 'a field name goes over a line end', 'write it on one line')
    if (!inFlow || start === end) return
    const colon = /^\s*/.exec(this.#source.slice(end, end + 200))?.[0] ?? ''
    if (this.#source[end + colon.length] !== ':') return
    if (/[\r\n]/.test(colon)) this.#fault(event, 'yaml-syntax', 'the ":" of a field stands on another line than its name', 'write both on one line')
    else if (event.style === SCALAR_STYLE.PLAIN && colon === '' && ',[]{}'.includes(this.#source[end + 1] ?? ' ')) {
      const help = 'quote it if the ":" belongs to it, or write a blank after ":"'
      this.#fault(event, 'ambiguous-scalar', `${this.#source.slice(start, end)}: is read differently by YAML 1.1 and 1.2`, help)
    }
  }

  /**
   * `a: &x b: c`, which YAML 1.1 refuses: a block that is a field's value has to begin on a line of its own. And on that, anchor and tag are those of the
   * first name.
   */
  #checkNewLine(event: Extract<Event, { type: 2 | 3 }>, frame: Frame): void {
    const nameEnd = (frame.keyEvent && eventRange(frame.keyEvent))?.[1] ?? event.start
    const ends = [nameEnd, event.anchorEnd, event.tagEnd].filter((end) => end >= 0)
    if (ends.every((end) => /[\r\n]/.test(this.#source.slice(end, event.start)))) return
    this.#fault(event, 'yaml-syntax', 'a list or mapping cannot begin on the line of its name', 'begin it on the next line')
  }

  /** The first line of a block of text says how deep it is indented, in spaces. */
  #checkBlockIndent(event: ScalarEvent): void {
    const start = /^(?: *\r?\n)* *(?=\t)/.exec(this.#source.slice(event.valueStart, event.valueEnd))?.[0].length
    if (start === undefined || /[|>][-+]?[1-9][^\r\n]*[\r\n]*$/.test(this.#source.slice(Math.max(0, event.valueStart - 200), event.valueStart)))
      return
    const at = event.valueStart + start
    const help = 'indent with spaces, or say how deep: |2'
    this.#report({ code: 'yaml-syntax', start: at, end: at + 1, message: 'a tab stands where YAML wants spaces', help })
  }

  #checkEscapes(event: ScalarEvent): void {
    for (const match of this.#source.slice(event.valueStart, event.valueEnd).matchAll(ESCAPE)) {
      const help =
        match[0] === '\\/' ? 'write / as it is' : match[1] === undefined ? undefined : 'write the character itself, or \\U and its eight hex digits'
      if (help === undefined) continue
      const start = event.valueStart + match.index
      this.#report({
        code: 'bad-escape',
        start,
        end: start + match[0].length,
        message: `the escape ${match[0]} is not part of YAML 1.1`,
        help,
      })
      return
    }
  }

  #fault(event: Event | undefined, code: string, message: string, help?: string, path?: Path): void {
    const [start, end] = (event && eventRange(event)) ?? [0, 1]
    this.#report({ code, start, end, message, ...(help === undefined ? {} : { help }), ...(path === undefined ? {} : { path }) })
  }
}

// Escapes that the peer's parser does not know: JSON's slash, and halves of surrogate pairs (also when both halves stand there).
const ESCAPE = /\\(?:u([dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g

function isMergeKey(event: Event | undefined): boolean {
  return event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN
}

/** The share of a document's nodes that may come from aliases, as in go-yaml: nearly all of a small one, a tenth of a huge one. */
function allowedShare(nodes: number): number {
  if (nodes <= 400_000) return 0.99
  if (nodes >= 4_000_000) return 0.1
  return 0.99 - 0.89 * ((nodes - 400_000) / 3_600_000)
}
