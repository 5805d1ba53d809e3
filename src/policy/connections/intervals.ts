/**
 * A set of whole numbers as inclusive ranges, flat: `[80, 80, 443, 445]`. In order, apart from each other by more than one, so that equal
 * sets are equal lists.
 */
export type Intervals = readonly number[]

/** Whether a number is in the result, from whether it is in each operand. Never true for a number that is in neither. */
export type Combination = 'union' | 'intersect' | 'subtract'

/** Brings ranges in any order, overlapping or touching, into the one form of the set. Ranges that run backwards hold nothing. */
export function intervalsOf(ranges: readonly (readonly [number, number])[]): Intervals {
  const sorted = ranges.filter(([first, last]) => first <= last).sort((a, b) => a[0] - b[0])
  const result: number[] = []
  for (const [first, last] of sorted) append(result, first, last)
  return result
}

/** Union, intersection or difference, in time linear in the number of ranges. */
export function combineIntervals(combination: Combination, a: Intervals, b: Intervals): Intervals {
  const result: number[] = []
  let [i, j] = [0, 0]
  let at = Math.min(startAt(a, 0), startAt(b, 0))
  while (at < Infinity) {
    const inA = at >= startAt(a, i)
    const inB = at >= startAt(b, j)
    const next = Math.min(inA ? endAt(a, i) : startAt(a, i), inB ? endAt(b, j) : startAt(b, j))
    if (holds(combination, inA, inB)) append(result, at, next - 1)
    if (endAt(a, i) === next) i += 2
    if (endAt(b, j) === next) j += 2
    at = next
  }
  return result
}

/** Whether a number is in the set. */
export function includes(set: Intervals, value: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (value >= startAt(set, i) && value < endAt(set, i)) return true
  return false
}

/** The set as pairs of first and last number. */
export function ranges(set: Intervals): [number, number][] {
  const result: [number, number][] = []
  for (let i = 0; i < set.length; i += 2) result.push([set[i] ?? 0, set[i + 1] ?? 0])
  return result
}

// --- internal ---

function holds(combination: Combination, inA: boolean, inB: boolean): boolean {
  if (combination === 'union') return inA || inB
  return inA && inB === (combination === 'intersect')
}

function startAt(set: Intervals, index: number): number {
  return set[index] ?? Infinity
}

/** The number behind the range that begins at an index. */
function endAt(set: Intervals, index: number): number {
  return (set[index + 1] ?? Infinity) + 1
}

function append(result: number[], first: number, last: number): void {
  const end = result.length - 1
  const before = result[end]
  if (before !== undefined && first <= before + 1) result[end] = Math.max(before, last)
  else result.push(first, last)
}
