import type { Column, ColumnFacts, Kind, Resource } from '../model/kind.ts'
import { didYouMean } from '../model/suggest.ts'
import { UserError } from '../model/user-error.ts'
import { escapeForTerminal } from './escape.ts'
import { layOutColumns } from './tabwriter.ts'

/** Which columns a table has: those of a kind's own views, or the ones with these headings. */
export type View = 'default' | 'wide' | { readonly headings: readonly string[] }

/**
 * The columns that a view of a kind has, in order. `namespace`: the namespace comes first, for kinds that have one; chosen headings
 * name it themselves (`reference/calicoctl.md 2.3`).
 * @throws UserError `unknown heading X, valid values are: ...`
 */
export function columnsOf(kind: Kind, view: View, namespace: boolean): readonly Column[] {
  const { columns } = kind.body
  if (typeof view === 'object') return view.headings.map((heading) => columnNamed(kind, heading))
  const shown = columns.filter((column) => column.views?.includes(view) ?? true)
  return namespace && kind.scope === 'namespaced' ? [NAMESPACE, ...shown] : shown
}

/** A table of resources: headings, a line for each, and a blank line, as the peer prints them. Cells are safe to show on a terminal. */
export function formatTable(columns: readonly Column[], resources: Iterable<Resource>, facts: ColumnFacts): string {
  const rows = [columns.map((column) => column.heading)]
  for (const resource of resources) rows.push(columns.map((column) => cell(column.value(resource as never, facts))))
  return `${layOutColumns(rows)}\n`
}

// --- internal ---

const NAMESPACE: Column = { heading: 'NAMESPACE', value: (resource: Resource) => resource.metadata.namespace ?? '' }

const PLAIN = /^[ -~]*$/

function cell(text: string): string {
  return PLAIN.test(text) ? text : escapeForTerminal(text)
}

function columnNamed(kind: Kind, heading: string): Column {
  const known = kind.scope === 'namespaced' ? [...kind.body.columns, NAMESPACE] : kind.body.columns
  const column = known.find((column) => column.heading === heading)
  if (column) return column
  const headings = known.map((column) => column.heading)
  const suggestion = didYouMean(heading, headings)
  throw new UserError(
    `unknown heading ${heading}, valid values are: ${headings.join(', ')}`,
    suggestion === undefined ? `these are the columns of ${kind.kind}` : `did you mean ${suggestion}?`,
  )
}
