/** Gives each pair of numbers one number, in order of appearance. Numbers are below 2^26. */
export class PairPool {
  readonly #ids = new Map<number, number>()

  get size(): number {
    return this.#ids.size
  }

  intern(first: number, second: number): number {
    const key = first * 2 ** 26 + second
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(key, id)
    }
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
