/** How many columns of a terminal a text takes: two for East Asian wide characters and emoji, none for combining marks, one for all others. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const char of text) width += characterWidth(char)
  return width
}

/** The same for one character (code point). */
export function characterWidth(char: string): 0 | 1 | 2 {
  if (char >= ' ' && char <= '~') return 1
  return NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1
}

// --- internal ---

const NONE = /[\p{Mn}\p{Me}\u200c\u200d]/u
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u
