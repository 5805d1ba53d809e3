import { PairTable } from '../connections/pair-table.ts'

/** Gives each pair of numbers one number, in order of appearance. */
export class PairPool {
  readonly #ids = new PairTable()

  get size(): number {
    return this.#ids.size
  }

  intern(first: number, second: number): number {
    const known = this.#ids.get(first, second)
    if (known !== -1) return known
    const id = this.#ids.size
    this.#ids.set(first, second, id)
    return id
  }
}

/** Gives each text one number, in order of appearance. */
export class TextPool {
  readonly #ids = new Map<string, number>()

  get size(): number {
    return this.#ids.size
  }

  intern(text: string): number {
    let id = this.#ids.get(text)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(text, id)
    }
    return id
  }
}
