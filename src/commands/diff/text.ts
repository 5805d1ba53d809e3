import { describeSet } from '../../policy/connections/describe.ts'
import type { Row } from '../../policy/diff/compare.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import type { Paint, Theme } from '../../output/theme.ts'
import { endpointTitle } from '../../policy/words.ts'
import { type Cluster, clusterRows } from './clusters.ts'
import { oneSided, type Reachability, type Report, summaryOf } from './report.ts'
import type { ResourceDifference } from './resources.ts'
import {
  addressesChanged,
  changeWord,
  decisionWords,
  familyWords,
  fieldPath,
  fieldPlace,
  resourceWords,
  sideWords,
  valueWords,
  witnessWords,
} from './words.ts'

export interface TextOptions {
  readonly theme: Theme
  /** Everything, however long. */
  readonly all: boolean
}

/** Both parts for people, in lines; of many rows with the same cause only some, unless all are asked for. */
export function formatDiff(report: Report, options: TextOptions): string {
  const lines: string[] = []
  if (report.fields) for (const difference of report.fields) lines.push(...resourceLines(difference, options.theme))
  if (report.reach) lines.push(...reachLines(report.reach, options, lines.length > 0))
  if (lines.length > 0) lines.push('')
  lines.push(summaryOf(report))
  return `${lines.join('\n')}\n`
}

// --- internal ---

/** So many rows of one cause, and so many causes, fit a page. */
const ROWS_SHOWN = 4
const CLUSTERS_SHOWN = 6
const NAMES_SHOWN = 8
const FIELDS_SHOWN = 40

function resourceLines({ change, resource, before, after, fields, unreadable }: ResourceDifference, theme: Theme): string[] {
  const place = fieldPlace(after ?? before, ['metadata', 'name'])
  const [sign, paint] = ({ added: ['+', theme.good], removed: ['-', theme.error], changed: ['~', theme.warning] } as const)[change]
  const note = unreadable ? ': what is stored cannot be read, and would be replaced' : ''
  const lines = [`${paint(`${sign} ${resourceWords(resource)}`)}${place === undefined ? '' : `  ${theme.place(place)}`}${note}`]
  for (const field of fields.slice(0, FIELDS_SHOWN)) {
    const { beforePath, afterPath } = field
    const [old, now] = [fieldPlace(before, beforePath ?? []), fieldPlace(after, afterPath ?? [])]
    lines.push(`    ${fieldPath(field)}`)
    if (beforePath) lines.push(`      ${theme.error(`- ${valueWords(field.before)}`)}${old === undefined ? '' : `  ${theme.faint(old)}`}`)
    if (afterPath) lines.push(`      ${theme.good(`+ ${valueWords(field.after)}`)}${now === undefined ? '' : `  ${theme.faint(now)}`}`)
  }
  if (fields.length > FIELDS_SHOWN) lines.push(`    and ${fields.length - FIELDS_SHOWN} more fields: -o json has them`)
  return lines
}

function reachLines(reach: Reachability, { theme, all }: TextOptions, afterFields: boolean): string[] {
  const { appeared, disappeared } = oneSided(reach.comparison)
  const lines: string[] = []
  for (const [sign, paint, list, word] of [
    ['+', theme.good, appeared.flatMap(({ after }) => after ?? []), 'new'],
    ['-', theme.error, disappeared.flatMap(({ before }) => before ?? []), 'gone'],
  ] as const) {
    if (list.length === 0) continue
    const names = list.slice(0, NAMES_SHOWN).map((endpoint) => escapeForTerminal(endpointTitle(endpoint)))
    const more = list.length > names.length ? ` and ${list.length - names.length} more` : ''
    lines.push(paint(`${sign} ${word}: ${names.join(', ')}${more}`))
  }
  const clusters = clusterRows(reach.comparison.rows)
  const shown = all ? clusters : clusters.slice(0, CLUSTERS_SHOWN)
  for (const cluster of shown) lines.push(...clusterLines(reach, cluster, theme, all))
  if (shown.length < clusters.length) {
    const rest = clusters.slice(shown.length)
    lines.push(theme.faint(`and ${rest.reduce((sum, { rows }) => sum + rows.length, 0)} more, for ${rest.length} other reasons: --all shows them`))
  }
  return lines.length > 0 && afterFields ? ['', ...lines] : lines
}

function clusterLines(reach: Reachability, { change, rows }: Cluster, theme: Theme, all: boolean): string[] {
  const [first] = rows
  if (!first) return []
  const lines = [...rowLines(reach, first, theme)]
  const others = all ? rows.slice(1) : rows.slice(1, ROWS_SHOWN)
  for (const row of others) lines.push(rowLine(reach, row, theme))
  const rest = rows.length - 1 - others.length
  if (rest > 0) lines.push(theme.faint(`  and ${rest} more ${change} for the same reason: --all shows them`))
  return lines
}

function rowLine({ comparison, names }: Reachability, row: Row, theme: Theme): string {
  const change = changeWord(row)
  const [sign, paint]: readonly [string, Paint] =
    change === 'gained' ? ['+', theme.good] : change === 'lost' ? ['-', theme.error] : ['?', theme.warning]
  const ends = `${escapeForTerminal(names.name(row.source))} -> ${escapeForTerminal(names.name(row.destination))}`
  const family = familyWords(row)
  return `${paint(`${sign} ${change}`)}  ${ends}: ${theme.strong(describeSet(comparison.space, row.connections))}${family === '' ? '' : ` (${family})`}`
}

/** A row with its witness, and what decides about it before and after. */
function rowLines(reach: Reachability, row: Row, theme: Theme): string[] {
  const { witness } = row
  const lines = [rowLine(reach, row, theme), `    for example ${witnessWords(witness)}${addressesChanged(witness)}`]
  for (const pair of witness.decisions) {
    lines.push(`    ${sideWords(pair, witness)}`, `      before: ${decisionWords(pair.before)}`, `      after:  ${decisionWords(pair.after)}`)
  }
  return lines
}
