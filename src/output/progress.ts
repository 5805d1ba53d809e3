import { escapeForTerminal } from './escape.ts'

/** One line on stderr that tells how far long work has got. */
export interface Progress {
  /** Says what is being done; shown at once, or as soon as the work has taken long enough to be worth a line. */
  update(text: string): void
  /** Takes the line away. */
  stop(): void
}

/** What a progress line is written to, and how wide that is. */
interface Terminal {
  readonly isTerminal: boolean
  readonly columns?: number | undefined
  write(text: string): void
}

/** Shows nothing where no person watches, and nothing in the first 300 ms: most work is done by then. */
export function startProgress(stream: Terminal, clock: { now(): Date }): Progress {
  if (!stream.isTerminal) return { update: () => {}, stop: () => {} }
  const start = clock.now().getTime()
  let shown = ''
  return {
    update(text) {
      if (clock.now().getTime() - start < DELAY) return
      // A line that wraps could not be taken away again.
      const line = escapeForTerminal(text).slice(0, (stream.columns || 80) - 1)
      if (line === shown) return
      stream.write(`${ERASE}${line}`)
      shown = line
    },
    stop() {
      if (shown !== '') stream.write(ERASE)
      shown = ''
    },
  }
}

// --- internal ---

const DELAY = 300
/** To the start of the line, and nothing on it. */
const ERASE = '\r\x1b[K'
