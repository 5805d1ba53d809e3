import type { Column, Resource } from './kind.ts'

/** The column that every table has. */
export function nameColumn(views?: Column['views']): Column {
  return { heading: 'NAME', ...(views === undefined ? {} : { views }), value: (resource: Resource) => resource.metadata.name ?? '' }
}

/** A list in one cell. */
export function join(values: readonly string[] | undefined): string {
  return (values ?? []).join(',')
}

/** A list that may be long in one cell: at most 80 characters, the last three are dots when some are missing (`reference/calicoctl.md 2.3`). */
export function joinCut(values: readonly string[] | undefined): string {
  const text = join(values)
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 3)}...` : text
}

// --- internal ---

const MAX_CELL = 80
