/** Groups on two sides, every pair of which has the same cell; a group does not stand for itself where it has a single member. */
export interface Block {
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly cell: number
}

/** What each group has towards each other, where it is something: for each cell number the groups, in order. */
export type Rows = readonly ReadonlyMap<number, readonly number[]>[]

/** Puts pairs with the same cell into few blocks. `single(group)`: there is nobody else in it, so that its pair with itself says nothing. */
export function blocksOf(rows: Rows, single: (group: number) => boolean): Block[] {
  const byTargets = new Map<string, Candidate>()
  const candidates: { readonly from: number; readonly cell: number; readonly others: Candidate; readonly mutual: Candidate | undefined }[] = []
  const candidate = (cell: number, to: readonly number[]): Candidate => {
    const key = `${cell}:${to.join()}`
    let found = byTargets.get(key)
    if (!found) byTargets.set(key, (found = { cell, to, from: [] }))
    return found
  }
  for (const [from, row] of rows.entries()) {
    for (const [cell, to] of row) {
      if (!single(from)) {
        candidates.push({ from, cell, others: candidate(cell, to), mutual: undefined })
        continue
      }
      // Singles that all reach each other are one block, though none of them reaches itself.
      const others = to.includes(from) ? to.filter((group) => group !== from) : to
      if (others.length === 0) continue
      const withItself = others === to ? [...to, from].sort((a, b) => a - b) : to
      candidates.push({ from, cell, others: candidate(cell, others), mutual: candidate(cell, withItself) })
    }
  }
  for (const { from, others, mutual } of candidates) {
    others.from.push(from)
    mutual?.from.push(from)
  }
  const blocks = new Map<Candidate, number[]>()
  for (const { from, others, mutual } of candidates) {
    const best = mutual && mutual.from.length > others.from.length ? mutual : others
    const block = blocks.get(best)
    if (block) block.push(from)
    else blocks.set(best, [from])
  }
  return [...blocks].map(([{ cell, to }, from]) => ({ from, to, cell }))
}

// --- internal ---

interface Candidate {
  readonly cell: number
  readonly to: readonly number[]
  readonly from: number[]
}
