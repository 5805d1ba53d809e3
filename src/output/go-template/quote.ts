/** Text as a Go string constant in double quotes (`strconv.Quote`); with `ascii`, nothing else than ASCII in it. */
export function quote(text: string, ascii = false): string {
  return `"${escape(text, '"', ascii)}"`
}

/** A character as a Go constant in single quotes. */
export function quoteChar(code: number, ascii = false): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return `'${escape(valid ? String.fromCodePoint(code) : '\ufffd', "'", ascii)}'`
}

/** Whether Go calls a character printable. */
export function isPrintable(char: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)
}

// --- internal ---

const SIMPLE: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

function escape(text: string, mark: string, ascii: boolean): string {
  if (/^[ !#-&(-[\]-~]*$/.test(text)) return text
  let result = ''
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (char === mark) result += `\\${char}`
    else if (SIMPLE[char] !== undefined) result += SIMPLE[char]
    else if (code < 0x80 ? code >= 0x20 && code < 0x7f : !ascii && isPrintable(char)) result += char
    else if (code < 0x80) result += `\\x${code.toString(16).padStart(2, '0')}`
    else result += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
  }
  return result
}
