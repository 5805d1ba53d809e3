import type { Row } from '../../policy/diff/compare.ts'
import { escapeMarkdown, formatMarkdownTable } from '../../output/markdown.ts'
import { clusterRows } from './clusters.ts'
import { oneSided, type Reachability, type Report, summaryOf } from './report.ts'
import type { ResourceDifference } from './resources.ts'
import {
  changeWord,
  connectionWords,
  decisionWords,
  familyWords,
  fieldPath,
  fieldPlace,
  resourceWords,
  sideWords,
  valueWords,
  witnessWords,
} from './words.ts'

/** Both parts as a comment of a pull request: what becomes reachable in a table, all else folded away. Texts of resources are never read as Markdown or HTML. */
export function diffMarkdown(report: Report): string {
  const parts = [`### Policy difference\n\n${escapeMarkdown(summaryOf(report))}\n`]
  if (report.reach) parts.push(...reachParts(report.reach))
  if (report.fields && report.fields.length > 0) parts.push(folded('Resources and fields', fieldTable(report.fields)))
  return parts.join('\n')
}

// --- internal ---

/** A comment of a pull request has at most 65,536 characters. */
const ROWS_SHOWN = 60
const FIELDS_SHOWN = 200

function reachParts({ comparison, names, notes }: Reachability): string[] {
  const rows = clusterRows(comparison.rows).flatMap((cluster) => cluster.rows)
  const { appeared, disappeared } = oneSided(comparison)
  const parts: string[] = []
  for (const [word, list] of [
    ['New', appeared],
    ['Gone', disappeared],
  ] as const) {
    if (list.length === 0) continue
    const ids = list.slice(0, ROWS_SHOWN).map(({ before, after }) => escapeMarkdown((after ?? before)?.id ?? ''))
    parts.push(`${word}: ${ids.join(', ')}${list.length > ids.length ? ` and ${list.length - ids.length} more` : ''}\n`)
  }
  const shown = rows.slice(0, ROWS_SHOWN)
  if (shown.length > 0) {
    const cells = shown.map((row, index) => {
      const family = familyWords(row)
      const connections = `${connectionWords(comparison.space, row)}${family === '' ? '' : ` (${family})`}`
      return [String(index + 1), changeWord(row), names.name(row.source), names.name(row.destination), connections]
    })
    const rest = rows.length - shown.length
    parts.push(`${formatMarkdownTable(['#', 'Change', 'From', 'To', 'Connections'], cells)}${rest > 0 ? `\nand ${rest} more rows.\n` : ''}`)
    parts.push(folded('A packet of each row, and what decides about it', witnessTable(shown)))
  }
  if (notes.length > 0) parts.push(`${notes.map(({ message }) => `- ${escapeMarkdown(message)}`).join('\n')}\n`)
  return parts
}

function witnessTable(rows: readonly Row[]): string {
  const cells = rows.flatMap(({ witness }, index) =>
    witness.decisions.map((pair, at) => [
      at === 0 ? String(index + 1) : '',
      at === 0 ? witnessWords(witness) : '',
      sideWords(pair, witness),
      decisionWords(pair.before),
      decisionWords(pair.after),
    ]),
  )
  return formatMarkdownTable(['#', 'Packet', 'Where', 'Before', 'After'], cells)
}

function fieldTable(differences: readonly ResourceDifference[]): string {
  const cells = differences.flatMap(({ change, resource, before, after, fields, unreadable }) => {
    const head = [resourceWords(resource), unreadable ? 'replaced, since it cannot be read' : change]
    if (fields.length === 0) return [[...head, '', '', '', fieldPlace(after ?? before, ['metadata', 'name']) ?? '']]
    return fields.map((field) => [
      ...head,
      fieldPath(field),
      field.beforePath ? valueWords(field.before) : '',
      field.afterPath ? valueWords(field.after) : '',
      (field.afterPath ? fieldPlace(after, field.afterPath) : fieldPlace(before, field.beforePath ?? [])) ?? '',
    ])
  })
  const table = formatMarkdownTable(['Resource', 'Change', 'Field', 'Before', 'After', 'Where'], cells.slice(0, FIELDS_SHOWN))
  return cells.length > FIELDS_SHOWN ? `${table}\nand ${cells.length - FIELDS_SHOWN} more fields.\n` : table
}

function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>\n\n${content}\n</details>\n`
}
