import { SourceLines } from './problems/source.ts'

/** Lines of a file with their numbers. */
export interface SourceBlock {
  readonly lines: readonly { readonly number: number; readonly text: string }[]
  /** Whether the item goes on behind the last line. */
  readonly cut: boolean
}

/** An item of a block list as it is written, from the line where it stands to its last; at most `most` lines. In brackets, only its first line. */
export function itemBlock(text: string, line: number, most: number): SourceBlock {
  const source = new SourceLines(text)
  const first = source.line(line) ?? ''
  const lines = [{ number: line, text: first }]
  const [, before] = /^(\s*)- /.exec(first) ?? []
  if (before === undefined) return { lines, cut: false }
  for (let number = line + 1; ; number++) {
    const next = source.line(number)
    if (next === undefined || next.trim() === '' || !next.startsWith(`${before} `)) return { lines, cut: false }
    if (lines.length === most) return { lines, cut: true }
    lines.push({ number, text: next })
  }
}
