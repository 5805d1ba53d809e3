/** A stretch of text and what stands there instead, as long as it was. */
export interface Patch {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Turns the line breaks from `position` to the end of the bracketed collection around it into blanks; undefined when there is none to turn. YAML 1.2's
 * parsers want the lines within `[ ]` and `{ }` indented deeper than the field; YAML 1.1's do not care:
 *
 *     nets: [
 *       10.0.0.0/8
 *     ]
 *
 * Line breaks within quotes stay: folded, they would mean another text.
 */
export function joinFlow(text: string, position: number): Patch | undefined {
  const start = breakBefore(text, position)
  if (start === undefined) return undefined
  const pieces: string[] = [blank(start, position)]
  let at = position
  let depth = 0
  while (at < text.length) {
    const end = endOfToken(text, at)
    const char = text[at]
    if (char === '[' || char === '{') depth++
    else if (char === ']' || char === '}') depth--
    const next = endOfSeparation(text, end)
    const goesOn = depth >= 0 || ',]}'.includes(text[next] ?? ' ')
    pieces.push(text.slice(at, end))
    at = end
    if (!goesOn) break
    pieces.push(isJoint(text[end - 1], text[next]) ? blank(end, next) : text.slice(end, next))
    at = next
  }
  return { start, end: at, text: pieces.join('') }
}

/** The same for every collection from `position` on that seems to begin at the end of a line; some may be no collections but text that looks so. */
export function joinLikelyFlows(text: string, position: number): Patch[] {
  const patches: Patch[] = []
  const opening = new RegExp(OPENING)
  opening.lastIndex = position
  for (let found = opening.exec(text); found; found = opening.exec(text)) {
    const patch = joinFlow(text, endOfSeparation(text, opening.lastIndex))
    if (!patch) continue
    patches.push(patch)
    opening.lastIndex = patch.end
  }
  return patches
}

/** Blanks in place of the tabs between the tokens before `position` on its line: YAML 1.2's parsers do not want them before a bracket. */
export function blankTabs(text: string, position: number): Patch | undefined {
  const lineStart = Math.max(text.lastIndexOf('\n', position - 1), text.lastIndexOf('\r', position - 1)) + 1
  let patched = ''
  for (let at = lineStart; at < position; ) {
    const isBlank = ' \t'.includes(text[at] ?? '')
    const end = isBlank ? at + 1 : Math.min(position, endOfToken(text, at))
    patched += isBlank ? ' ' : text.slice(at, end)
    at = end
  }
  return patched === text.slice(lineStart, position) ? undefined : { start: lineStart, end: position, text: patched }
}

/** The text with patches, which are in order and do not overlap. */
export function applyPatches(text: string, patches: readonly Patch[]): string {
  const pieces: string[] = []
  let at = 0
  for (const patch of patches) {
    pieces.push(text.slice(at, patch.start), patch.text)
    at = patch.end
  }
  pieces.push(text.slice(at))
  return pieces.join('')
}

// --- internal ---

const OPENING = /[:,-][ \t]+[[{][ \t]*(?:[ \t]#[^\r\n]*)?(?=[\r\n])/g

/** Between two words a line break folds to one blank, and many blanks would stay many: only at brackets and commas and after colons is it nothing. */
function isJoint(before: string | undefined, after: string | undefined): boolean {
  return before === ':' || INDICATORS.includes(before ?? ' ') || INDICATORS.includes(after ?? ' ')
}

const INDICATORS = '[]{},'

/** Where the separation (blanks, comments, line breaks) begins that ends at `position`, if it has a line break. */
function breakBefore(text: string, position: number): number | undefined {
  let from = position
  while (from > 0 && ' \t\r\n'.includes(text[from - 1] ?? '')) from--
  if (!/[\r\n]/.test(text.slice(from, position))) return undefined
  // What ends the line before may be a comment; then the separation begins earlier. A token before it must be one that a line break can follow.
  const lineStart = Math.max(text.lastIndexOf('\n', from - 1), text.lastIndexOf('\r', from - 1)) + 1
  const comment = commentStart(text.slice(lineStart, from))
  if (comment !== undefined) from = lineStart + comment
  return isJoint(text.slice(0, from).trimEnd().at(-1), text[position]) ? from : undefined
}

/** Where a comment begins on a line, quotes respected. */
function commentStart(line: string): number | undefined {
  for (let at = 0; at < line.length; ) {
    if (line[at] === '#' && (at === 0 || ' \t'.includes(line[at - 1] ?? ''))) return at
    at = line[at] === '"' || line[at] === "'" ? endOfToken(line, at) : at + 1
  }
  return undefined
}

/** A bracket, a comma, a colon, a quoted text, or a run of anything else up to one of these, a blank or a line break. */
function endOfToken(text: string, at: number): number {
  const char = text[at]
  if (char === undefined || char === ':' || INDICATORS.includes(char)) return at + 1
  if (char === '"' || char === "'") {
    const pattern = char === '"' ? DOUBLE : SINGLE
    pattern.lastIndex = at
    const found = pattern.exec(text)
    return found ? pattern.lastIndex : at + 1
  }
  WORD.lastIndex = at
  WORD.exec(text)
  return Math.max(at + 1, WORD.lastIndex)
}

const DOUBLE = /"(?:[^"\\]|\\[\s\S])*"/y
const SINGLE = /'(?:[^']|'')*'/y
const WORD = /[^\s,[\]{}]*/y

function endOfSeparation(text: string, at: number): number {
  SEPARATION.lastIndex = at
  SEPARATION.exec(text)
  return Math.max(at, SEPARATION.lastIndex)
}

const SEPARATION = /\s*(?:(?<=\s)#[^\r\n]*\s*)*/y

/** Blanks in place of blanks, line breaks and comments. */
function blank(from: number, to: number): string {
  return ' '.repeat(to - from)
}
