import { compareNaturally } from './natural-order.ts'
import { doubleQuoted, scalarStyle, singleQuoted, yamlNumber } from './yaml-scalar.ts'

/**
 * YAML as Kubernetes' tools write it (`sigs.k8s.io/yaml`: JSON read and written again by go-yaml 2), byte for byte: keys sorted with numbers in
 * them by value, lists as far left as their key, texts plain where YAML 1.1 reads them back as texts, long ones folded at 80 columns. Ends with
 * a line feed.
 *
 * Takes what JSON knows, and bigint; `undefined` fields are left out. More is quoted than by go-yaml: line breaks other than LF and a key `<<`, which
 * readers of YAML 1.1 and 1.2 understand differently, numbers out of range, and characters that reorder or hide text.
 */
export function formatYaml(value: object): string {
  const writer = new Writer()
  writer.node(value, 0, false)
  return writer.text
}

// --- internal ---

const WIDTH = 80
/** Keys of more bytes than this are written as `? key`. */
const MAX_SIMPLE_KEY = 128

class Writer {
  /** All whole lines. */
  text = ''
  /** The line that is being written. */
  #line = ''

  /**
   * Writes a node and ends its last line. `afterKey`: it stands behind `key:` of a mapping at column `indent`; else it stands where the line has got to,
   * which is column `indent`.
   */
  node(value: unknown, indent: number, afterKey: boolean): void {
    if (typeof value === 'string') return this.#string(value, indent, afterKey)
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) return this.#list(value, indent, afterKey)
      return this.#mapping(value as Record<string, unknown>, indent, afterKey)
    }
    if (afterKey) this.#line += ' '
    if (typeof value === 'number' || typeof value === 'bigint') return this.#end(yamlNumber(value))
    this.#end(typeof value === 'boolean' ? String(value) : 'null')
  }

  #list(value: readonly unknown[], indent: number, afterKey: boolean): void {
    if (value.length === 0) return this.#end(afterKey ? ' []' : '[]')
    if (afterKey) this.#end('')
    const pad = ' '.repeat(indent)
    let begun = !afterKey
    for (const item of value) {
      this.#line += begun ? '- ' : `${pad}- `
      begun = false
      this.node(item, indent + 2, false)
    }
  }

  #mapping(value: Record<string, unknown>, indent: number, afterKey: boolean): void {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined)
    if (keys.length === 0) return this.#end(afterKey ? ' {}' : '{}')
    if (keys.length > 1) keys.sort(compareNaturally)
    if (afterKey) this.#end('')
    const inner = afterKey ? indent + 2 : indent
    const pad = ' '.repeat(inner)
    let begun = !afterKey
    for (const key of keys) {
      if (!begun) this.#line += pad
      begun = false
      this.#entry(key, value[key], inner)
    }
  }

  #entry(key: string, value: unknown, indent: number): void {
    const simple = simpleKey(key)
    if (simple !== undefined) {
      this.#line += `${simple}:`
      return this.node(value, indent, true)
    }
    this.#line += '?'
    this.#string(key, indent, true)
    this.#line += `${' '.repeat(indent)}:`
    if (isEmptyOrScalar(value)) return this.node(value, indent, true)
    this.#line += ' '
    this.node(value, indent + 2, false)
  }

  #string(value: string, indent: number, afterKey: boolean): void {
    if (afterKey) this.#line += ' '
    const short = shortText(value)
    if (short !== undefined && this.#line.length + short.length <= WIDTH) return this.#end(short)
    const inner = afterKey ? indent + 2 : indent
    const style = scalarStyle(value)
    if (style === 'literal') return this.#end(literal(value, inner))
    const written = short ?? quoted(value, style)
    this.#end(written.includes(' ') ? folded(written, style, Array.from(this.#line).length, inner) : written)
  }

  #end(text: string): void {
    this.text += `${this.#line}${text}\n`
    this.#line = ''
  }
}

/** Texts recur a lot in lists of resources: what they look like on one line, as long as that is short. */
const shortTexts = new Map<string, string>()
const simpleKeys = new Map<string, string>()
const SHORT = 64
const MAX_REMEMBERED = 5000
const LINE_BREAK = /[\n\r\x85\u2028\u2029]/

function shortText(value: string): string | undefined {
  if (value.length > SHORT) return undefined
  const known = shortTexts.get(value)
  if (known !== undefined) return known
  const style = scalarStyle(value)
  if (style === 'literal') return undefined
  const written = quoted(value, style)
  if (shortTexts.size < MAX_REMEMBERED) shortTexts.set(value, written)
  return written
}

/** A key as it stands before its colon; undefined when it is too long for that or has several lines. */
function simpleKey(key: string): string | undefined {
  const known = simpleKeys.get(key)
  if (known !== undefined) return known
  if (LINE_BREAK.test(key) || Buffer.byteLength(key) > MAX_SIMPLE_KEY) return undefined
  const written = key === '<<' ? '"<<"' : quoted(key, scalarStyle(key))
  if (simpleKeys.size < MAX_REMEMBERED) simpleKeys.set(key, written)
  return written
}

function isEmptyOrScalar(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined)
}

function quoted(value: string, style: 'plain' | 'single' | 'double' | 'literal'): string {
  return style === 'plain' ? value : style === 'single' ? singleQuoted(value) : doubleQuoted(value)
}

/** `|` and the lines below it. A digit says the indentation when the first line begins with a space; `-` and `+` what becomes of the last break. */
function literal(value: string, indent: number): string {
  const hint = value.startsWith(' ') || value.startsWith('\n') ? '2' : ''
  const keep = !value.endsWith('\n') ? '-' : value === '\n' || value.endsWith('\n\n') ? '+' : ''
  const pad = ' '.repeat(indent)
  const lines = (value.endsWith('\n') ? value.slice(0, -1) : value).split('\n')
  return `|${hint}${keep}${lines.map((line) => `\n${line === '' ? '' : `${pad}${line}`}`).join('')}`
}

/** Breaks a text of one line at the first single space behind each 80th column. */
function folded(written: string, style: 'plain' | 'single' | 'double' | 'literal', start: number, indent: number): string {
  if (start + written.length <= WIDTH) return written
  const pad = `\n${' '.repeat(indent)}`
  const chars = Array.from(written)
  // Quotes: never at the space beside one.
  const [from, to] = style === 'plain' ? [0, chars.length] : [2, chars.length - 2]
  let result = ''
  let column = start
  let afterSpace = false
  for (const [at, char] of chars.entries()) {
    const isSpace = char === ' '
    const nextIsSpace = chars[at + 1] === ' '
    const breaks = isSpace && !afterSpace && column > WIDTH && at >= from && at < to && (style === 'double' || !nextIsSpace)
    if (breaks) {
      result += style === 'double' && nextIsSpace ? `${pad}\\` : pad
      column = indent + (style === 'double' && nextIsSpace ? 1 : 0)
    } else {
      result += char
      column++
    }
    afterSpace = isSpace
  }
  return result
}
