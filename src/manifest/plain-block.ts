import { type PlainValue, resolvePlain } from './plain.ts'
import type { Chunk } from './split.ts'

/**
 * Reads a document of the plainest kind, as most manifests are: block mappings and lists, one-line scalars, printable ASCII; some ten times as fast as a YAML
 * parser can. Undefined for a document that has anything else, or anything odd: then the parser is to say what it is.
 */
export function readPlainBlocks(text: string, { start, end }: Chunk): Record<string, unknown> | undefined {
  const part = text.slice(start, end)
  if (OTHER.test(part)) return undefined
  const frames: Frame[] = []
  let root: Record<string, unknown> | undefined
  let begun = false
  for (const written of part.split('\n')) {
    const line = lineOf(written)
    if (line === undefined) {
      // The mark at the very start, which splitting leaves there.
      if (written !== '---' || begun) return undefined
      begun = true
      continue
    }
    if (line === NOTHING) continue
    begun = true
    if (root === undefined) {
      if (line.indent !== 0 || line.dash || line.key === undefined) return undefined
      frames.push({ indent: 0, list: undefined, fields: (root = {}), open: undefined })
    }
    if (!place(frames, line)) return undefined
  }
  return root
}

// --- internal ---

/** An empty line or a comment. */
const NOTHING = lineWith(0, false, 0, undefined, undefined)

/** Many lines stand in many documents. */
const lines = new Map<string, Line | undefined>()

/** Undefined: not plain. */
function lineOf(written: string): Line | undefined {
  const known = lines.get(written)
  if (known !== undefined || lines.has(written)) return known
  if (lines.size > MOST_LINES) lines.clear()
  const line = parseLine(written)
  lines.set(written, line)
  return line
}

/** Anything but printable ASCII and line feeds. */
const OTHER = /[^\n -~]/
/** Lines that recur do so soon; more would only take memory. */
const MOST_LINES = 1000
/** Longer field names than this are no field names to the peer. */
const LONGEST = 1000

interface Line {
  /** Columns before what stands first: a dash or a field's name. */
  readonly indent: number
  readonly dash: boolean
  /** Columns before what stands behind the dash. */
  readonly inner: number
  readonly key: string | undefined
  /** What stands behind: a scalar, `{}`, `[]`, or nothing. */
  readonly content: 'scalar' | 'mapping' | 'list' | 'none'
  readonly value: PlainValue
}

/** A field's name before its colon. */
const KEY = /[A-Za-z_][\w./-]*(?=:(?: |$))/y

function parseLine(written: string): Line | undefined {
  if (written.length > LONGEST) return undefined
  const indent = afterSpaces(written, 0)
  const behindDash = written.startsWith('-', indent) ? afterSpaces(written, indent + 1) : 0
  const dash = behindDash > indent + 1
  const inner = dash ? behindDash : indent
  KEY.lastIndex = inner
  if (!KEY.test(written)) {
    if (dash) return lineWith(indent, dash, inner, undefined, written.slice(inner))
    return /^ *(?:#.*)?$/.test(written) ? NOTHING : undefined
  }
  const colon = KEY.lastIndex
  const key = written.slice(inner, colon)
  // A name that YAML reads as something else than text.
  if (key === '__proto__' || typeof resolvePlain(key) !== 'string') return undefined
  return lineWith(indent, dash, inner, key, colon + 1 === written.length ? undefined : written.slice(afterSpaces(written, colon + 1)))
}

function afterSpaces(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) === 0x20) at++
  return at
}

/** All lines are made in one place: so they are alike to the engine, too. */
function lineWith(indent: number, dash: boolean, inner: number, key: string | undefined, written: string | undefined): Line | undefined {
  const content = written === undefined ? 'none' : written === '{}' ? 'mapping' : written === '[]' ? 'list' : 'scalar'
  const value = written === undefined || content !== 'scalar' ? null : scalarOf(written)
  return value === undefined ? undefined : { indent, dash, inner, key, content, value }
}

/** A scalar in quotes without escapes, or plain; undefined when it is not certain to be one. */
function scalarOf(text: string): PlainValue | undefined {
  if (text.startsWith('"') || text.startsWith("'")) return /^(?:"[^"\\]*"|'[^']*')$/.test(text) ? text.slice(1, -1) : undefined
  if (!/^(?:[\w./(]|-\d)/.test(text) || text.includes(': ') || text.includes(' #') || /[: ]$/.test(text)) return undefined
  return resolvePlain(text)
}

/** A mapping or a list that is being read. */
interface Frame {
  readonly indent: number
  readonly list: unknown[] | undefined
  readonly fields: Record<string, unknown> | undefined
  /** The field read last, while it has no value and a block may follow. */
  open: string | undefined
}

/** Puts a line where it belongs; false when it does not. */
function place(frames: Frame[], line: Line): boolean {
  const { indent, dash, key } = line
  let top = frames[frames.length - 1]
  if (top?.fields && top.open !== undefined && (dash ? indent >= top.indent : indent > top.indent)) {
    const frame: Frame = { indent, list: dash ? [] : undefined, fields: dash ? undefined : {}, open: undefined }
    top.fields[top.open] = frame.list ?? frame.fields
    top.open = undefined
    frames.push(frame)
    top = frame
  }
  while (top && isOver(top, line)) {
    frames.pop()
    top = frames[frames.length - 1]
  }
  if (!top || top.indent !== indent || (top.list !== undefined) !== dash) return false
  if (!top.list) return setField(top, line)
  if (key === undefined) {
    top.list.push(valueOf(line))
    return true
  }
  const item: Frame = { indent: line.inner, list: undefined, fields: {}, open: undefined }
  top.list.push(item.fields)
  frames.push(item)
  return setField(item, line)
}

/** Whether a line ends what is being read: it stands further out, or is a field beside the dashes of a list. */
function isOver(frame: Frame, { indent, dash }: Line): boolean {
  return frame.indent > indent || (frame.list !== undefined && frame.indent === indent && !dash)
}

function setField(frame: Frame, line: Line): boolean {
  const { fields } = frame
  const { key } = line
  // Twice the same name is for the parser to tell.
  if (!fields || key === undefined || Object.hasOwn(fields, key)) return false
  fields[key] = valueOf(line)
  frame.open = line.content === 'none' ? key : undefined
  return true
}

function valueOf({ content, value }: Line): unknown {
  return content === 'mapping' ? {} : content === 'list' ? [] : value
}
