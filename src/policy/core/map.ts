import type { Engine, Verdict } from './engine.ts'
import { PairPool } from './pool.ts'

/**
 * Who may reach whom, for all places of a world at once. Places that may send the same to every place and get the same from every place are one group;
 * a world of 10,000 endpoints has some hundreds of groups, and no list of pairs of endpoints is ever made.
 */
export interface WholeMap {
  /** The places of each group, in order; groups in the order of their first places. All places of a group are of one IP version. */
  readonly groups: readonly (readonly number[])[]
  /** The group of each place. */
  readonly groupOf: Int32Array
  /** What may pass from each place of one group to each place of another, or of the same. */
  verdict(source: number, destination: number): Verdict
}

/**
 * Groups the places of a world (`reference/beyond.md 4.2`, step 9). Places outside of all endpoints are there too; between two of them everything
 * passes, since no rule acts. Numbers of sets are those of `engine.space`.
 */
export function wholeMap(engine: Engine): WholeMap {
  const { list } = engine.places
  const rows = classify(list.length, (place, allowed, unknown) => engine.row(place, allowed, unknown))
  const columns = classify(list.length, (place, allowed, unknown) => engine.column(place, allowed, unknown))
  const [pairs, ids] = [new PairPool(), new PairPool()]
  const groupOf = new Int32Array(list.length)
  const groups: number[][] = []
  for (let place = 0; place < list.length; place++) {
    // A place that reaches nothing and is not reached would be like one of the other version.
    const group = ids.intern(pairs.intern(rows[place] ?? 0, columns[place] ?? 0), list[place]?.family ?? 4)
    groupOf[place] = group
    const members = groups[group]
    if (members) members.push(place)
    else groups.push([place])
  }
  return {
    groups,
    groupOf,
    verdict: (source, destination) => engine.verdict(groups[source]?.[0] ?? -1, groups[destination]?.[0] ?? -1),
  }
}

// --- internal ---

type Fill = (place: number, allowed: Int32Array, unknown: Int32Array) => void

/** Gives places with equal lines of the map one number. */
function classify(size: number, fill: Fill): Int32Array {
  const classes = new Int32Array(size)
  const byHash = new Map<number, { readonly example: number; readonly id: number }[]>()
  const [allowed, unknown, otherAllowed, otherUnknown] = [new Int32Array(size), new Int32Array(size), new Int32Array(size), new Int32Array(size)]
  let next = 0
  for (let place = 0; place < size; place++) {
    fill(place, allowed, unknown)
    const hash = hashOf(allowed, unknown)
    const candidates = byHash.get(hash)
    const same = candidates?.find(({ example }) => {
      fill(example, otherAllowed, otherUnknown)
      return areEqual(allowed, otherAllowed) && areEqual(unknown, otherUnknown)
    })
    if (same) {
      classes[place] = same.id
      continue
    }
    classes[place] = next
    if (candidates) candidates.push({ example: place, id: next++ })
    else byHash.set(hash, [{ example: place, id: next++ }])
  }
  return classes
}

function hashOf(allowed: Int32Array, unknown: Int32Array): number {
  let [first, second] = [1, 7]
  for (let i = 0; i < allowed.length; i++) {
    first = Math.imul(first ^ (allowed[i] ?? 0), 0x01000193)
    second = Math.imul(second ^ (unknown[i] ?? 0), 0x01000193)
  }
  return first ^ Math.imul(second, 31)
}

function areEqual(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
