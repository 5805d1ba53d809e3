/**
 * Rows as columns, as the peer's tables are laid out (Go's `text/tabwriter` with minimum width 5, padding 3): every cell, the last of a row too, is
 * filled with spaces up to its column's width. Widths count code points. Cells must hold neither tabs nor line feeds.
 */
export function layOutColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (let column = 0; column < row.length; column++) {
      const width = Math.max(MIN_WIDTH, runes(row[column] ?? '') + PADDING)
      if (width > (widths[column] ?? 0)) widths[column] = width
    }
  }
  let text = ''
  for (const row of rows) {
    for (let column = 0; column < row.length; column++) {
      const cell = row[column] ?? ''
      text += cell.padEnd((widths[column] ?? 0) + cell.length - runes(cell))
    }
    text += '\n'
  }
  return text
}

// --- internal ---

const MIN_WIDTH = 5
const PADDING = 3

function runes(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // A pair of surrogates is one code point.
    if (unit >= 0xd800 && unit <= 0xdbff) count--
  }
  return count
}
