import { escapeForTerminal } from './escape.ts'

/** A table of Markdown as GitHub reads it. Cells are plain text: nothing in them is taken for Markdown or HTML. */
export function formatMarkdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings.map(escapeMarkdown), headings.map(() => '---'), ...rows.map((row) => row.map(escapeMarkdown))].map(line).join('')
}

/** Plain text within Markdown. */
export function escapeMarkdown(text: string): string {
  return escapeForTerminal(text).replace(/[\\`*_[\]<>|~&#]/g, (char) => `\\${char}`)
}

// --- internal ---

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`
}
