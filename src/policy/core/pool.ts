import { PairTable } from '../connections/pair-table.ts'

/** Gives each pair of numbers one number, in order of appearance. */
export class PairPool {
  readonly #ids = new PairTable()

  get size(): number {
    return this.#ids.size
  }

  /** -1 when the pair has none yet. */
  find(first: number, second: number): number {
    return this.#ids.get(first, second)
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

  /** -1 when the text has none yet. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1
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
