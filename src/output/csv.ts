import { escapeForTerminal } from './escape.ts'

/**
 * One line of comma-separated values (RFC 4180). Controls are made visible; what a spreadsheet would take for a formula gets an apostrophe in front.
 */
export function formatCsvLine(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

// --- internal ---

function cell(text: string): string {
  const safe = escapeForTerminal(text)
  const plain = /^[=+\-@]/.test(safe) ? `'${safe}` : safe
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
