import type { Position } from '../model/problem.ts'

/**
 * Turns offsets of a text into lines and columns. Lines end with line feed, carriage return, or both; columns count characters (code points) from 1, a byte
 * order mark not counted.
 */
export class Lines {
  readonly #text: string
  #starts: number[] | undefined
  /** The place asked for last: on a line of megabytes, the next one is counted from there. */
  #last = { start: 0, offset: 0, count: 0 }

  constructor(text: string) {
    this.#text = text
  }

  position(offset: number): Position {
    const starts = this.#lineStarts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    const start = starts[low] ?? 0
    const from = this.#last.start === start && this.#last.offset <= offset ? this.#last : { offset: start, count: 0 }
    const count = from.count + characters(this.#text, from.offset, offset)
    this.#last = { start, offset, count }
    return { line: low + 1, column: count + 1 }
  }

  #lineStarts(): number[] {
    if (this.#starts) return this.#starts
    const starts = [0]
    for (const match of this.#text.matchAll(/\r\n?|\n/g)) starts.push(match.index + match[0].length)
    this.#starts = starts
    return starts
  }
}

// --- internal ---

function characters(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at)
    const second = unit >= 0xdc00 && unit <= 0xdfff && at > 0 && isHigh(text.charCodeAt(at - 1))
    if (!second && unit !== 0xfeff) count++
  }
  return count
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
