/** A number for pairs of numbers, as a `Map` would keep it but several times faster. Numbers of pairs are whole and below 2^31, values below 2^31 - 1. */
export class PairTable {
  /** Three fields an entry: first, second, value plus one; 0 where there is no entry. Entries that collide follow each other. */
  #fields = new Int32Array(3 * 64)
  #mask = 63
  #size = 0

  get size(): number {
    return this.#size
  }

  /** -1 when there is none. */
  get(first: number, second: number): number {
    const at = this.#find(first, second)
    return (this.#fields[at + 2] ?? 0) - 1
  }

  set(first: number, second: number, value: number): void {
    if (2 * this.#size > this.#mask) this.#grow()
    const at = this.#find(first, second)
    if (this.#fields[at + 2] === 0) this.#size++
    this.#fields[at] = first
    this.#fields[at + 1] = second
    this.#fields[at + 2] = value + 1
  }

  // --- internal ---

  /** Where the entry of a pair is, or would be. */
  #find(first: number, second: number): number {
    const fields = this.#fields
    const hash = Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b)
    let slot = (hash ^ (hash >>> 15)) & this.#mask
    for (;;) {
      const at = 3 * slot
      if (fields[at + 2] === 0 || (fields[at] === first && fields[at + 1] === second)) return at
      slot = (slot + 1) & this.#mask
    }
  }

  #grow(): void {
    const before = this.#fields
    // Fourfold: what grows is mostly about to grow further, and each time all entries move.
    this.#mask = 4 * this.#mask + 3
    this.#fields = new Int32Array(3 * (this.#mask + 1))
    for (let at = 0; at < before.length; at += 3) {
      const value = before[at + 2] as number
      if (value === 0) continue
      const to = this.#find(before[at] as number, before[at + 1] as number)
      this.#fields[to] = before[at] as number
      this.#fields[to + 1] = before[at + 1] as number
      this.#fields[to + 2] = value
    }
  }
}
