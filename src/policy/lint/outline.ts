import type { Intervals } from '../connections/intervals.ts'
import type { ConnectionSet, ConnectionSpace } from '../connections/space.ts'

/**
 * Tells quickly, and without leaving a trace in the space, that two sets have nothing in common: their protocols differ, or all ports of one lie apart from
 * those of the other. Proofs compare many a rule with many others, most of which are about other ports.
 */
export class Outlines {
  readonly #space: ConnectionSpace
  readonly #known: (Outline | undefined)[] = []

  constructor(space: ConnectionSpace) {
    this.#space = space
  }

  /** False: the sets have nothing in common. True: they may have. */
  mayMeet(a: ConnectionSet, b: ConnectionSet): boolean {
    const [one, two] = [this.#of(a), this.#of(b)]
    for (let i = 0; i < one.length; i += 2) {
      if (Math.max(one[i] ?? 0, two[i] ?? 0) <= Math.min(one[i + 1] ?? 0, two[i + 1] ?? 0)) return true
    }
    return false
  }

  // --- internal ---

  #of(set: ConnectionSet): Outline {
    return (this.#known[set] ??= this.#make(set))
  }

  #make(set: ConnectionSet): Outline {
    const { others, ports, types } = this.#space.parts(set)
    const outline: number[] = []
    const add = (lists: readonly Intervals[]) => {
      let [low, high] = [Infinity, -Infinity]
      for (const list of lists) {
        low = Math.min(low, list[0] ?? low)
        high = Math.max(high, list.at(-1) ?? high)
      }
      outline.push(low, high)
    }
    add([others])
    for (const blocks of ports) add(blocks.map(({ destinations }) => destinations))
    for (const list of types) add([list])
    return outline
  }
}

// --- internal ---

/** First and last number of each part of a set: other protocols, destination ports of each protocol that has ports, types of each that has types. */
type Outline = readonly number[]
