/** A text's lines by number, from 1. Lines end with line feed, carriage return or both; a byte order mark at the start of one is not shown. */
export class SourceLines {
  readonly #text: string
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#text = text
    for (const match of text.matchAll(/\r\n?|\n/g)) this.#starts.push(match.index + match[0].length)
  }

  /** Undefined beyond the last line. */
  line(number: number): string | undefined {
    const start = this.#starts[number - 1]
    if (start === undefined) return undefined
    const end = this.#starts[number] ?? this.#text.length
    return this.#text
      .slice(start, end)
      .replace(/[\r\n]+$/, '')
      .replace(/^\ufeff/, '')
  }
}
