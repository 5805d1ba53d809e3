import { escapeForTerminal } from './escape.ts'
import { displayWidth } from './width.ts'

/** A table in frames, as the peer prints what is no resource: headings to the left, cells to the left or right. Cells are made safe to show on a terminal. */
export function formatGrid(columns: readonly { readonly heading: string; readonly align?: 'right' }[], rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(escapeForTerminal))
  const widths = columns.map(({ heading }, index) => Math.max(displayWidth(heading), ...safe.map((row) => displayWidth(row[index] ?? ''))))
  const border = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const fill = (index: number, text: string) => ' '.repeat((widths[index] ?? 0) - displayWidth(text))
  const head = line(columns.map(({ heading }, index) => heading + fill(index, heading)))
  const body = safe.map((row) =>
    line(
      columns.map(({ align }, index) =>
        align === 'right' ? fill(index, row[index] ?? '') + (row[index] ?? '') : (row[index] ?? '') + fill(index, row[index] ?? ''),
      ),
    ),
  )
  return border + head + border + body.join('') + border
}
