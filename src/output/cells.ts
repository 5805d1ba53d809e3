import { escapeForTerminal } from './escape.ts'
import { layOutColumns } from './tabwriter.ts'

/** A table of plain rows under headings, as `get` prints them, without the blank line at its end. Cells are made safe to show on a terminal. */
export function formatCells(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return layOutColumns([headings, ...rows.map((row) => row.map(escapeForTerminal))].map((row) => [...row]))
}
