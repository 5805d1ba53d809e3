import { didYouMean } from '../suggest.ts'

/** What stands at a place of a selector where something else should, and how to name it. */
export interface Found {
  readonly kind: 'end' | 'break' | 'word' | 'string' | 'sign'
  readonly text: string
  readonly shown: string
}

/** Gives a help line about what was found, or nothing when none is obvious. */
export type Hint = (found: Found) => string | undefined

/** Names the token at an index of a selector. */
export function lookAt(text: string, at: number): Found {
  const rest = text.slice(at, at + 200)
  if (rest === '') return { kind: 'end', text: '', shown: 'the end' }
  if (/^[\n\r]/.test(rest)) return { kind: 'break', text: rest[0] ?? '', shown: 'a line break' }
  const string = /^(?:"[^"]*"?|'[^']*'?)/.exec(rest)?.[0]
  if (string !== undefined) return { kind: 'string', text: string, shown: `the string ${shorten(string)}` }
  const word = /^[\w./-]+/.exec(rest)?.[0]
  if (word !== undefined) return { kind: 'word', text: word, shown: `"${shorten(word)}"` }
  const sign = /^(?:&&|\|\||={2,3}|=!|=~|!=|<=|>=|<>|.)/su.exec(rest)?.[0] ?? ''
  return { kind: 'sign', text: sign, shown: visible(sign) ? `"${sign}"` : `the invisible character U+${hex(sign)}` }
}

/** Where a condition should start. */
export const aboutCondition: Hint = (found) => {
  if (found.kind === 'string') return 'labels are written without quotes, as in color == "red"'
  if (found.text === '&&' || found.text === '||') return `a condition such as has(label) or label == "value" stands before and after "${found.text}"`
  return (
    general(found) ??
    (found.kind === 'end' || found.kind === 'sign' ? 'a condition is has(label), all(), or a comparison such as label == "value"' : undefined)
  )
}

/** Where an operator should follow a label. */
export function aboutOperator(found: Found, label: string): string | undefined {
  if (found.kind === 'end' && (label === 'all' || label === 'global')) return `write ${label}()`
  if (found.kind === 'end') return `to ask whether the label is there write has(${label}), else compare it, as in ${label} == "value"`
  if (found.text === '(' && FUNCTIONS.has(label)) return `write ${label}( without a space before the parenthesis`
  if (found.text === '(') {
    const name = didYouMean(label, FUNCTIONS)
    return name === undefined ? 'the functions are has(label), all() and global()' : `did you mean "${name}("?`
  }
  if (label.toLowerCase() === 'not' && found.kind !== 'sign') return 'write "!" in place of "not"'
  if (found.kind === 'sign' && EQUALS.has(found.text)) return 'write "=="'
  if (found.text === '!' || found.text === '<>') return 'write "!="'
  if (found.kind === 'sign' && /^[<>]/.test(found.text))
    return 'labels are text and have no order; compare with ==, !=, in, not in, contains, starts with or ends with'
  if (found.kind === 'word') return aboutWord(found.text)
  return general(found) ?? (found.kind === 'break' ? undefined : `compare the label, as in ${label} == "value", or ask for it with has(${label})`)
}

/** Where a quoted value should stand. */
export function aboutValue(found: Found, operator: string): string | undefined {
  if (found.kind === 'word') return `quote it: "${shorten(found.text)}"`
  if (found.text === '=') return operator === '==' ? 'write "=="' : `leave the "=" out: ${operator} is the whole operator`
  if (found.text === '{') return 'to compare with several values use "in" or "not in"'
  return general(found)
}

/** Where a set should start. */
export const aboutSet: Hint = (found) => {
  if (found.kind === 'string') return `write the values in braces: {${shorten(found.text)}}`
  if (found.text === '(' || found.text === '[') return 'write the values in braces, as in {"a", "b"}'
  return general(found) ?? 'a set is written as in {"a", "b"}'
}

/** Where a whole condition has ended. */
export const aboutRest: Hint = (found) => {
  const word = found.text.toLowerCase()
  if (found.text === '&' || word === 'and' || found.text === ',') return 'write "&&" to ask for both'
  if (found.text === '|' || word === 'or') return 'write "||" to ask for either'
  if (found.text === ')') return 'there is no "(" for it'
  if (found.kind === 'string') return 'there are no escapes: a text with one kind of quote inside goes in the other kind'
  return general(found) ?? (found.kind === 'word' ? 'join conditions with "&&" or "||"' : undefined)
}

// --- internal ---

const FUNCTIONS: ReadonlySet<string> = new Set(['has', 'all', 'global'])
const EQUALS: ReadonlySet<string> = new Set(['=', ':', '=!', '=~', '~', '≠'])
const WORDS = ['in', 'not', 'notin', 'contains', 'starts', 'startswith', 'ends', 'endswith']

function aboutWord(word: string): string | undefined {
  const lower = word.toLowerCase()
  if (lower === 'is' || lower === 'eq' || lower === 'equals') return 'write "=="'
  if (lower === 'ne' || lower === 'isnt') return 'write "!="'
  if (lower === 'not') return 'write "not in" with a set, or "!=" with a string'
  if (lower === 'starts' || lower === 'ends') return `write "${lower} with"`
  if (lower === 'has' || lower === 'exists') return 'to ask whether a label is there write has(label)'
  const meant = didYouMean(lower, WORDS)
  return meant === undefined
    ? 'the operators are ==, !=, in, not in, contains, starts with and ends with'
    : `did you mean "${SPELT[meant] ?? meant}"?`
}

const SPELT: Readonly<Record<string, string>> = {
  not: 'not in',
  starts: 'starts with',
  startswith: 'starts with',
  ends: 'ends with',
  endswith: 'ends with',
  notin: 'not in',
}

function general(found: Found): string | undefined {
  if (found.kind === 'break') return 'a selector stands on one line; in YAML a block of lines under ">-" becomes one, under "|" it does not'
  if (/^[“”„‘’‚«»`´]/.test(found.text)) return 'use plain quotes, " or \''
  return undefined
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text
}

function visible(sign: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(sign)
}

function hex(sign: string): string {
  return (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}
