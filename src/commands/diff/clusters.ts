import type { Row } from '../../policy/diff/compare.ts'
import type { Decision } from '../../policy/diff/decision.ts'
import { changeWord, decisionWords } from './words.ts'

/** Rows with the same cause, the one for most pairs first. */
export interface Cluster {
  readonly change: 'gained' | 'lost' | 'unclear'
  readonly rows: readonly Row[]
}

/** Puts rows together that the same rule makes what they are: what there was before it, or comes after it, may be different for each. */
export function clusterRows(rows: readonly Row[]): Cluster[] {
  const clusters: Cluster[] = []
  for (const change of ['lost', 'gained', 'unclear'] as const) {
    const own = rows.filter((row) => changeWord(row) === change)
    const [before, after] = (['before', 'after'] as const).map((side) => groupBy(own, (row) => causeOf(row, side))) as [Row[][], Row[][]]
    for (const group of before.length < after.length ? before : after) clusters.push({ change, rows: group })
  }
  return clusters
}

// --- internal ---

function causeOf({ witness, source, destination }: Row, side: 'before' | 'after'): string {
  const decisions = witness.decisions.map((pair): Decision | undefined => pair[side])
  return [
    source.presence,
    destination.presence,
    ...decisions.map((decision, index) => `${witness.decisions[index]?.direction} ${decisionWords(decision)}`),
  ].join('\n')
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return [...groups.values()]
}
