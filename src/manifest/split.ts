import type { TextFault } from './text-fault.ts'

/** A part of a file that holds one document; offsets as in `TextFault`. */
export interface Chunk {
  readonly start: number
  readonly end: number
}

/**
 * Cuts a text where the peer does (`reference/calicoctl.md 3.1`): at each line feed with `---` behind it, and what follows on that line goes. A `---` at the
 * very start is left to the YAML parser. What the peer would lose by this, and a user would not expect, is reported: a document before a last separator
 * without line feed, and content on a separator's own line.
 */
export function splitDocuments(text: string, report: (fault: TextFault) => void): Chunk[] {
  const chunks: Chunk[] = []
  let start = 0
  for (;;) {
    const separator = text.indexOf('\n---', start)
    if (separator < 0) break
    const after = separator + 4
    if (after === text.length) {
      chunks.push({ start, end: separator })
      return chunks
    }
    const next = text.indexOf('\n', after)
    const rest = text.slice(after, next < 0 ? text.length : next)
    if (isContent(rest)) {
      const message = `Calico would drop ${next < 0 ? 'this line' : 'what stands on this line'}`
      report({ code: 'dropped-text', start: after, end: after + rest.trimEnd().length, message, help: 'begin the document on the next line' })
    } else if (next < 0 && text.slice(start, separator).trim() !== '') {
      const message = 'Calico would drop the document before this last separator'
      report({ code: 'dropped-document', start: separator + 1, end: text.length, message, help: 'end the line with a line feed, or remove it' })
    }
    chunks.push({ start, end: separator })
    if (next < 0) return chunks
    start = next + 1
  }
  if (start < text.length) chunks.push({ start, end: text.length })
  return chunks
}

// --- internal ---

/** Behind `---`: words and dashes are decoration for the peer and for us, what YAML reads as a value or field is not. */
function isContent(rest: string): boolean {
  const text = rest.replace(/(?:^|\s)#.*$/, '').trim()
  return (/^\s/.test(rest) && /^[[{"'|>&!*]/.test(text)) || /:(?:\s|$)/.test(text)
}
