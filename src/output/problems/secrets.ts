/**
 * A line of a manifest with the values of fields that look like passwords starred out, character for character, so that a source frame may show it.
 * Calico keeps passwords elsewhere and refers to them; this is for the one who writes one down where a reference belongs, or into the wrong file.
 */
export function hideSecrets(line: string): string {
  return line.replace(SECRET, (_, field: string, value: string) => field + '*'.repeat(Array.from(value).length))
}

// --- internal ---

/** A field by its name; a value in quotes or plain, not what opens a mapping, a list or a block. */
const NAME = /(?:pas+w|passphrase|secret|token)\w{0,40}/
const COLON = /["']\s{0,20}:\s{0,20}|\s{0,20}:(?:\s{1,20}|(?=["']))/
const VALUE = /"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[^\s,{}[\]|>&*!#"'][^,}\]#]*/
const SECRET = new RegExp(`(${NAME.source}(?:${COLON.source}))(${VALUE.source})`, 'gi')
