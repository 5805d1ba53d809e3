import type { TextFault } from './text-fault.ts'
import { quoteHelp } from './tags.ts'

/** The parser's complaint in the words of someone who writes manifests. */
export function syntaxFault(text: string, position: number, reason: string): TextFault {
  // At the end of the text there is nothing to see: the last character written is shown.
  const start = position >= text.length ? Math.max(0, text.trimEnd().length - 1) : position
  const end = Math.min(text.length, start + 1)
  const fault = (code: string, message: string, help?: string): TextFault => ({ code, start, end, message, ...(help === undefined ? {} : { help }) })
  for (const [pattern, message, help] of PHRASES) if (pattern.test(reason)) return fault('yaml-syntax', message, help)
  if (/[dD]irective/.test(reason)) return directiveFault(text)
  if (/deficient indentation/.test(reason)) return notClosed(text, start)
  if (/\btag\b/.test(reason)) return tagFault(text, start, reason)
  if (/alias node must contain/.test(reason)) return fault('yaml-syntax', 'a value cannot begin with "*"', quoteHelp(text, start - 1))
  if (/end of the stream or a document separator/.test(reason)) return afterTheEnd(text, start, fault)
  if (/bad indentation of a mapping entry/.test(reason)) return badEntry(text, start, fault)
  return fault('yaml-syntax', `this is no YAML: ${reason}`)
}

// --- internal ---

type MakeFault = (code: string, message: string, help?: string) => TextFault

const PHRASES: readonly (readonly [RegExp, string, string?])[] = [
  [/tab characters must not/, 'a tab stands where YAML wants spaces', 'indent with spaces'],
  [/within a (?:single|double) quoted/, 'a quoted text has no closing quote', 'close it, or double the quote inside it if it is meant as text'],
  [/stream within a flow collection/, 'a list or mapping in brackets has no end', 'close it with ] or }'],
  [/missed comma/, 'a comma is missing before this', 'write "," between the items of [ ] and { }'],
  [/expected the node content, but found ','/, 'nothing stands before this comma', 'remove the comma'],
  [
    /bad indentation of a sequence entry/,
    'the indentation of this line does not fit',
    'begin all "-" of a list in the same column, and their fields in one',
  ],
  [/expected ':' after a mapping key|multiline key/, 'a ":" is missing after this field name', 'write "name: value"'],
  [/whitespace character is expected after the key-value/, 'a blank is missing after ":"', 'write "name: value"'],
  [/unknown escape sequence/, 'this is no escape of YAML', 'write \\\\ for a backslash, or use single quotes'],
  [/expected hexadecimal character/, 'hexadecimal digits are missing in this escape'],
  [/a line break is expected/, 'a value cannot begin with "|" or ">"', 'quote it, or begin the text on the next line'],
  [/nesting exceeded/, 'lists and mappings are nested too deep', 'no manifest needs more than 500 levels'],
  [/document within a (?:single|double)/, 'a document ends within a quoted text', 'close the quote'],
]

function tagFault(text: string, start: number, reason: string): TextFault {
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1
  const bang = text.indexOf('!', lineStart)
  const from = bang >= 0 && bang <= start ? bang : start
  const help = quoteHelp(text, from)
  return {
    code: 'unknown-tag',
    start: from,
    end: Math.max(from + 1, start),
    message: `what begins with "!" is a YAML tag, and no valid one (${reason})`,
    ...(help === undefined ? {} : { help }),
  }
}

/** `%YAML 1.2` and the like, which the peer refuses one way or another. */
export function directiveFault(text: string): TextFault {
  const start = text.search(/^%/m)
  const line = /^[^\r\n]*/.exec(text.slice(start))?.[0] ?? ''
  return {
    code: 'yaml-directive',
    start,
    end: start + Math.max(1, line.length),
    message: 'YAML directives are not read here',
    help: 'remove the line',
  }
}

/** The parser stumbles over the first line that is not deep enough; what is to blame mostly stands on the line before. */
function notClosed(text: string, start: number): TextFault {
  const before = text.slice(0, start).trimEnd()
  const from = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1
  const quote = openQuote(before.slice(from))
  if (quote !== undefined) {
    const at = from + quote
    const help = 'close it, or indent the lines in which it goes on deeper than the field'
    return { code: 'yaml-syntax', start: at, end: at + 1, message: 'this quote is not closed on its line', help }
  }
  const help = 'close them with ] or }, or indent this line deeper than the field'
  return { code: 'yaml-syntax', start, end: start + 1, message: 'the brackets before this are not closed', help }
}

/** Where a quoted text begins on a line that does not end on it. */
function openQuote(line: string): number | undefined {
  for (let at = 0; at < line.length; at++) {
    const char = line[at]
    if ((char !== '"' && char !== "'") || (at > 0 && !' \t[{,:'.includes(line[at - 1] ?? ''))) continue
    let end = at + 1
    while (end < line.length && line[end] !== char) end += char === '"' && line[end] === '\\' ? 2 : 1
    if (end >= line.length) return at
    at = end
  }
  return undefined
}

function afterTheEnd(text: string, start: number, fault: MakeFault): TextFault {
  if ('{['.includes(text[start] ?? ' ')) {
    const help = 'begin it with a line "---", or put both into a list'
    return fault('dropped-document', 'Calico would drop this second document', help)
  }
  if (text[start] === ':') {
    return fault('yaml-syntax', 'this ":" belongs to no field', 'a field is written "name: value" on a line of its own, with a blank after ":"')
  }
  return fault('yaml-syntax', 'this line belongs to nothing above it', 'check its indentation, and the line before')
}

function badEntry(text: string, start: number, fault: MakeFault): TextFault {
  const char = text[start] ?? ''
  if ('@`%'.includes(char)) return fault('yaml-syntax', `a value cannot begin with "${char}"`, quoteHelp(text, start))
  if (char === ':' && isSecondOnLine(text, start)) {
    return fault('yaml-syntax', '": " stands a second time here', 'quote the value, or give the field a line of its own')
  }
  if (char === '-' && isFirstOnLine(text, start)) {
    return fault('yaml-syntax', 'this list belongs to nothing above it', 'check its indentation, and whether the field above has a value already')
  }
  if (char === '-') return fault('yaml-syntax', 'a list cannot begin here', 'begin the list on the next line, or quote the value')
  if (/["'\]}][ \t]*$/.test(text.slice(Math.max(0, start - 20), start))) {
    return fault('yaml-syntax', 'text stands behind the end of this value', 'quote the whole value')
  }
  return fault('yaml-syntax', 'the indentation of this line does not fit', 'begin all fields of a mapping in the same column')
}

function isSecondOnLine(text: string, start: number): boolean {
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1
  return /:\s/.test(text.slice(lineStart, start))
}

function isFirstOnLine(text: string, start: number): boolean {
  return /(?:^|[\r\n])[ \t]*$/.test(text.slice(Math.max(0, start - 200), start))
}
