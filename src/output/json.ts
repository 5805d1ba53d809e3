import { escapeMarkup, needsCare, orderedKeys } from '../model/json.ts'

/**
 * JSON as Go's `json.MarshalIndent` with two spaces writes it: fields in the order they have, `<` `>` `&` U+2028 U+2029 escaped, big integers in full.
 * and, beyond Go's, all characters that could do more on a terminal than be read. No line feed at the end. `indent`, an even number of spaces, is put before every line but the first.
 */
export function formatJson(value: unknown, indent = ''): string {
  const careful = typeof value === 'object' && value !== null && needsCare(value)
  return escapeUnseen(escapeMarkup(careful ? write(value, indent) : indented(value ?? null, indent)))
}

// --- internal ---

const UNSEEN = /[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u
const ALL_UNSEEN = new RegExp(UNSEEN, 'gu')

/** Outside of texts JSON has no such characters. */
function escapeUnseen(json: string): string {
  return UNSEEN.test(json) ? json.replace(ALL_UNSEEN, unicodeEscape) : json
}

function unicodeEscape(char: string): string {
  return char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** Lists around it bring its lines to their place faster than going through them would. */
function indented(value: unknown, indent: string): string {
  let wrapped = value
  let [before, after] = [0, 0]
  for (let depth = indent.length / 2; depth > 0; depth--) {
    wrapped = [wrapped]
    // `[`, a line feed and the next indent; a line feed, this indent and `]`.
    before += 2 + 2 * depth
    after += 2 * depth
  }
  const text = JSON.stringify(wrapped, undefined, 2)
  return before === 0 ? text : text.slice(before, text.length - after)
}

function write(value: unknown, indent: string): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    return block(
      '[',
      ']',
      indent,
      value.map((item) => inner + write(item, inner)),
    )
  }
  const fields = value as Record<string, unknown>
  const keys = orderedKeys(value).filter((key) => fields[key] !== undefined)
  return block(
    '{',
    '}',
    indent,
    keys.map((key) => `${inner}${JSON.stringify(key)}: ${write(fields[key], inner)}`),
  )
}

function block(open: string, close: string, indent: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`
}
