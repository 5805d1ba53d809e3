/**
 * Text that came from a manifest, a datastore or a daemon, made safe to print on a terminal or in a log: one line, nothing that moves the cursor,
 * changes colours, reorders or hides text. Control characters become `\n`, `\t`, `\x1b`; direction controls, invisible and line-breaking
 * characters and halves of surrogate pairs become `\u{202e}`. Everything else, wide and combining characters included, stays.
 */
export function escapeForTerminal(text: string): string {
  return UNSAFE_SOMEWHERE.test(text) ? text.replace(UNSAFE, escapeOne) : text
}

/** As `escapeForTerminal`, for text of several lines: line feeds stay, and a carriage return before one goes. */
export function escapeLinesForTerminal(text: string): string {
  return UNSAFE_SOMEWHERE.test(text)
    ? text
        .split(/\r?\n/)
        .map((line) => escapeForTerminal(line))
        .join('\n')
    : text
}

// --- internal ---

// Controls (Cc), halves of surrogate pairs (Cs), line and paragraph separator (Zl, Zp), direction controls, soft hyphen, zero-width space,
// word joiner and invisible operators, byte order mark, annotation anchors, tag characters. The joiners U+200C and U+200D belong to words and emoji.
const CLASS =
  '[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\u{ad}\\u{61c}\\u{180e}\\u{200b}\\u{200e}\\u{200f}\\u{202a}-\\u{202e}\\u{2060}-\\u{206f}\\u{feff}\\u{fff9}-\\u{fffb}\\u{e0000}-\\u{e007f}]'
const UNSAFE_SOMEWHERE = new RegExp(CLASS, 'u')
const UNSAFE = new RegExp(CLASS, 'gu')

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeOne(char: string): string {
  const short = SHORT[char]
  if (short !== undefined) return short
  const code = char.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
