import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { PairTable } from '../connections/pair-table.ts'
import { PairPool } from './pool.ts'

/** What may pass from one place to another. What is in neither set is denied. */
export interface Verdict {
  readonly allowed: ConnectionSet
  /** What cannot be told. */
  readonly unknown: ConnectionSet
}

/** Number of an outcome: what the rules at one end may allow and what they may deny. A header in both cannot be told; every header is in one. */
export type Outcome = number

/** Where nothing may pass. */
export const CLOSED: Outcome = 0
/** Where no rule acts. */
export const OPEN: Outcome = 1

/** The outcomes of a space: engines that share it give equal outcomes one number. */
export function outcomesOf(space: ConnectionSpace): Outcomes {
  let outcomes = bySpace.get(space)
  if (!outcomes) bySpace.set(space, (outcomes = new Outcomes(space)))
  return outcomes
}

/** Gives outcomes numbers, and says what two of them, one at each end, come to. Each pair is computed once. */
export class Outcomes {
  readonly #space: ConnectionSpace
  readonly #ids = new PairPool()
  readonly #list: { readonly allowed: ConnectionSet; readonly denied: ConnectionSet }[] = []
  readonly #verdictIds = new PairPool()
  readonly #verdicts: Verdict[] = []
  /** The verdicts plus one of pairs of outcomes below `#width`, 0 where not yet known, and of others: there are seldom many outcomes, and often many pairs asked for. */
  #square = new Int32Array(64 * 64)
  #width = 64
  readonly #both = new PairTable()

  constructor(space: ConnectionSpace) {
    this.#space = space
    this.intern(NOTHING, EVERYTHING)
    this.intern(EVERYTHING, NOTHING)
    this.#verdict(NOTHING, NOTHING)
  }

  intern(allowed: ConnectionSet, denied: ConnectionSet): Outcome {
    const id = this.#ids.intern(allowed, denied)
    if (id === this.#list.length) this.#list.push({ allowed, denied })
    if (id >= this.#width && id < WIDEST) this.#widen()
    return id
  }

  /** The number of the verdict on what has to pass at both ends, in whatever order. */
  both(a: Outcome, b: Outcome): number {
    const width = this.#width
    if (a < width && b < width) {
      const known = this.#square[a * width + b] as number
      return known === 0 ? (this.#square[a * width + b] = this.#combine(a, b) + 1) - 1 : known - 1
    }
    const known = this.#both.get(a, b)
    if (known !== -1) return known
    const verdict = this.#combine(a, b)
    this.#both.set(a, b, verdict)
    return verdict
  }

  /** The verdict of a number. 0 is that nothing may pass. */
  verdict(id: number): Verdict {
    return this.#verdicts[id] ?? { allowed: NOTHING, unknown: NOTHING }
  }

  // --- internal ---

  #widen(): void {
    const [before, width] = [this.#square, this.#width]
    this.#width = 2 * width
    this.#square = new Int32Array(4 * width * width)
    for (let row = 0; row < width; row++) this.#square.set(before.subarray(row * width, (row + 1) * width), 2 * row * width)
  }

  #combine(a: Outcome, b: Outcome): number {
    const [one, other] = [this.#list[a], this.#list[b]]
    if (!one || !other) throw new RangeError('no outcome of this number')
    const may = this.#space.intersect(one.allowed, other.allowed)
    if (may === NOTHING) return this.#verdict(NOTHING, NOTHING)
    const mayNot = this.#space.union(one.denied, other.denied)
    const unknown = this.#space.intersect(may, mayNot)
    return this.#verdict(this.#space.subtract(may, unknown), unknown)
  }

  #verdict(allowed: ConnectionSet, unknown: ConnectionSet): number {
    const id = this.#verdictIds.intern(allowed, unknown)
    if (id === this.#verdicts.length) this.#verdicts.push({ allowed, unknown })
    return id
  }
}

// --- internal ---

/** How many outcomes have all their pairs in one square of memory: that of 1,024 takes four megabytes. */
const WIDEST = 1024

const bySpace = new WeakMap<ConnectionSpace, Outcomes>()
