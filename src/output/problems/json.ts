import type { Problem } from '../../model/problem.ts'

/**
 * Problems as data: `{"version": 1, "problems": [...]}`, each with the fields of `Problem`. New fields may come; what is there keeps its name and meaning as
 * long as `version` is 1.
 */
export function formatJson(problems: readonly Problem[]): string {
  const envelope = { version: 1, problems: problems.map(orderFields) }
  return `${escapeUnsafe(JSON.stringify(envelope, undefined, 2))}\n`
}

/** JSON text with every character that a terminal could act on written as an escape; the text means the same. */
export function escapeUnsafe(json: string): string {
  return json.replace(UNSAFE, (char) => {
    let text = ''
    for (let i = 0; i < char.length; i++) text += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`
    return text
  })
}

// --- internal ---

// Line feeds are the document's own here: within strings they are escapes already.
const UNSAFE =
  /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/gu

function orderFields(problem: Problem): Problem {
  const { code, severity, message, file, range, resource, path, notes, help, fix } = problem
  return {
    code,
    severity,
    message,
    ...(file === undefined ? {} : { file }),
    ...(range === undefined ? {} : { range }),
    ...(resource === undefined ? {} : { resource }),
    ...(path === undefined ? {} : { path }),
    ...(notes === undefined ? {} : { notes }),
    ...(help === undefined ? {} : { help }),
    ...(fix === undefined ? {} : { fix }),
  }
}
