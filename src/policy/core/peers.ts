import { type Bits, hasBit, nextBit } from './bits.ts'

/**
 * Places sorted into classes that no set of places, as far as sets were cut out, tells apart. Classes are only ever cut: what stays keeps its number, what
 * is cut off gets the next one. So what was said by class of fewer classes still holds, a class being like the one that it was cut off from.
 */
export class PeerClasses {
  /** The class of each place. */
  readonly of: Int32Array
  /** For each class, the one that it was cut off from. */
  readonly #origins: Int32Array
  readonly #sizes: Int32Array
  /** Of each class, a place that was in it when it was cut off. It may have been cut off itself since, and lies in the same sets that were cut out before. */
  readonly #samples: Int32Array
  readonly #sets = new Map<Bits, PeerSet>()
  /** Of each class, for a cut alone; 0 between cuts. */
  readonly #shares: Int32Array
  #size = 1

  constructor(places: number) {
    this.of = new Int32Array(places)
    // There are no more classes than places, but one where there is no place.
    this.#origins = new Int32Array(places + 1)
    this.#sizes = new Int32Array(places + 1)
    this.#samples = new Int32Array(places + 1)
    this.#shares = new Int32Array(places + 1)
    this.#sizes[0] = places
  }

  /** How many classes there are. */
  get size(): number {
    return this.#size
  }

  /** The class that stands for a class in what was said when there were no more than `size`. */
  among(size: number, peerClass: number): number {
    let found = peerClass
    while (found >= size) found = this.#origins[found] as number
    return found
  }

  /** Cuts a set of places out, so that it consists of whole classes. Nobody changes it afterwards. */
  cut(places: Bits): PeerSet {
    const known = this.#sets.get(places)
    if (known) return known
    const { of } = this
    const sizes = this.#sizes
    const shares = this.#shares
    const met: number[] = []
    for (let place = nextBit(places, 0); place !== -1; place = nextBit(places, place + 1)) {
      const own = of[place] as number
      const share = shares[own] as number
      if (share === 0) met.push(own)
      shares[own] = share + 1
    }
    const before = this.size
    const classes: number[] = []
    // From here on, what is in a class that is cut has to go to the one at `shares`.
    for (let i = 0; i < met.length; i++) {
      const own = met[i] as number
      const share = shares[own] as number
      const size = sizes[own] as number
      shares[own] = 0
      if (share === size) classes.push(own)
      else {
        const next = this.#size++
        shares[own] = next
        classes.push(next)
        this.#origins[next] = own
        this.#samples[next] = -1
        sizes[next] = share
        sizes[own] = size - share
      }
    }
    if (this.size > before) {
      for (let place = nextBit(places, 0); place !== -1; place = nextBit(places, place + 1)) {
        const to = shares[of[place] as number] as number
        if (to === 0) continue
        of[place] = to
        if (this.#samples[to] === -1) this.#samples[to] = place
      }
      for (let i = 0; i < met.length; i++) shares[met[i] as number] = 0
    }
    const set: PeerSet = { places, classes, among: this.size }
    this.#sets.set(places, set)
    return set
  }

  /** The classes of a set that was cut out, as they are now. */
  classesOf(set: PeerSet): readonly number[] {
    for (; set.among < this.size; set.among++) if (hasBit(set.places, this.#samples[set.among] as number)) set.classes.push(set.among)
    return set.classes
  }
}

/** A set of places that was cut out. */
export interface PeerSet {
  readonly places: Bits
  /** Of the first `among` classes, those that it consists of. */
  readonly classes: number[]
  among: number
}
