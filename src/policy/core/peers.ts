import { type Bits, hasBit, nextBit } from './bits.ts'

/**
 * Places sorted into classes that no set of places, as far as sets were cut out, tells apart. Classes are only ever cut: what stays keeps its number, what
 * is cut off gets the next one. So what was said by class of fewer classes still holds, a class being like the one that it was cut off from.
 */
export class PeerClasses {
  /** The class of each place. */
  readonly of: Int32Array
  /** For each class, the one that it was cut off from. */
  readonly #origins = [0]
  readonly #sizes: number[]
  /** Of each class, a place that was in it when it was cut off. It may have been cut off itself since, and lies in the same sets that were cut out before. */
  readonly #samples = [0]
  readonly #sets = new Map<Bits, PeerSet>()
  /** Of each class, for a cut alone; 0 between cuts. */
  readonly #shares: number[] = []

  constructor(places: number) {
    this.of = new Int32Array(places)
    this.#sizes = [places]
  }

  /** How many classes there are. */
  get size(): number {
    return this.#sizes.length
  }

  /** The class that stands for a class in what was said when there were no more than `size`. */
  among(size: number, peerClass: number): number {
    let found = peerClass
    while (found >= size) found = this.#origins[found] ?? 0
    return found
  }

  /** Cuts a set of places out, so that it consists of whole classes. Nobody changes it afterwards. */
  cut(places: Bits): PeerSet {
    const known = this.#sets.get(places)
    if (known) return known
    const [of, sizes, shares] = [this.of, this.#sizes, this.#shares]
    const met: number[] = []
    for (let place = nextBit(places, 0); place !== -1; place = nextBit(places, place + 1)) {
      const own = of[place] as number
      const share = shares[own] ?? 0
      if (share === 0) met.push(own)
      shares[own] = share + 1
    }
    const before = this.size
    const classes: number[] = []
    // From here on, what is in a class that is cut has to go to the one at `shares`.
    for (let i = 0; i < met.length; i++) {
      const own = met[i] as number
      const [share, size] = [shares[own] as number, sizes[own] as number]
      shares[own] = 0
      if (share === size) classes.push(own)
      else {
        shares[own] = this.size
        classes.push(this.size)
        this.#origins.push(own)
        sizes.push(share)
        sizes[own] = size - share
      }
    }
    if (this.size > before) {
      for (let place = nextBit(places, 0); place !== -1; place = nextBit(places, place + 1)) {
        const to = shares[of[place] as number] ?? 0
        if (to === 0) continue
        of[place] = to
        this.#samples[to] ??= place
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
