import type { TextFault } from './text-fault.ts'

/** The text of a file: UTF-8, or UTF-16 with a byte order mark, as the peer reads them. A fault when it is neither; the text then has replacement characters. */
export function decodeText(bytes: Uint8Array): { readonly text: string; readonly wide: boolean; readonly fault?: TextFault } {
  const mark = bytes.length >= 2 ? ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0) : 0
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8'
  const wide = encoding !== 'utf-8'
  try {
    return { text: new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes), wide }
  } catch {
    const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
    const at = wide ? Math.max(0, text.indexOf('\ufffd')) : firstReplaced(text, bytes)
    const help = 'save the file as UTF-8'
    return { text, wide, fault: { code: 'bad-encoding', start: at, end: at + 1, message: `this is no ${wide ? 'UTF-16' : 'UTF-8'} text`, help } }
  }
}

/** Characters that the peer's YAML reader refuses (controls), or takes for line breaks while YAML 1.2 does not. `starts`: where a byte order mark may stand. */
export function checkCharacters(text: string, starts: ReadonlySet<number>, report: (fault: TextFault) => void): void {
  if (!FORBIDDEN.test(text)) return
  for (const match of text.matchAll(ALL_FORBIDDEN)) {
    const code = match[0].charCodeAt(0)
    if (code === 0xfeff && starts.has(match.index)) continue
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
    if (code === 0xfeff) {
      const message = 'a byte order mark (U+FEFF), which nobody sees, stands in the text'
      report({ code: 'bad-character', start: match.index, end: match.index + 1, message, help: 'remove it' })
      return
    }
    const breaks = code === 0x85 || code === 0x2028 || code === 0x2029
    report({
      code: 'bad-character',
      start: match.index,
      end: match.index + 1,
      message: breaks ? `${name} is a line break for YAML 1.1 and none for YAML 1.2` : `the character ${name} is not allowed in YAML`,
      help: `remove it, or write it as "\\${code < 0x100 ? `x${hex(code, 2)}` : `u${hex(code, 4)}`}" in double quotes`,
    })
    return
  }
}

// --- internal ---

const CLASS = '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff]'
const FORBIDDEN = new RegExp(CLASS)
const ALL_FORBIDDEN = new RegExp(CLASS, 'g')

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

/** The first replacement character of a text that does not stand in its bytes. */
function firstReplaced(text: string, bytes: Uint8Array): number {
  let byte = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0xfffd && !(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)) return at
    byte += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3
  }
  return 0
}
