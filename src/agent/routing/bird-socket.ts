import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A line of BIRD's answer: its four-digit code, and what follows. */
export interface BirdLine {
  readonly code: number
  readonly text: string
}

/** A connection to BIRD's control socket: commands one after another, and the news that BIRD is gone. */
export class BirdConnection {
  /** What BIRD said of itself at the beginning. */
  readonly banner: string
  /** Resolves when the connection is over, and so is BIRD, unless it was closed from here. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #replies: Replies
  #last: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket, replies: Replies, banner: string) {
    this.#socket = socket
    this.#replies = replies
    this.banner = banner
    this.closed = replies.over
  }

  /** @throws when nobody answers there, or not as BIRD does */
  static async open(path: string, timeout = 2000): Promise<BirdConnection> {
    const socket = connect(path)
    socket.setTimeout(timeout, () => socket.destroy(new Error(`no answer within ${timeout / 1000} s`)))
    const replies = new Replies(socket)
    await once(socket, 'connect')
    const [first] = await replies.next()
    if (first?.code !== READY) {
      socket.destroy()
      throw new Error(`unexpected greeting "${first?.text ?? ''}"`)
    }
    socket.setTimeout(0)
    return new BirdConnection(socket, replies, first.text)
  }

  /** Sends a command and gives its answer. @throws when BIRD goes away before the answer's end, or does not answer; the connection is over then */
  async ask(command: string): Promise<readonly BirdLine[]> {
    const asked = this.#last
      .catch(() => {})
      .then(async () => {
        const timer = setTimeout(() => this.#socket.destroy(new Error(`BIRD does not answer within ${PATIENCE / 1000} s`)), PATIENCE)
        this.#socket.write(`${command}\n`)
        try {
          return await this.#replies.next()
        } finally {
          clearTimeout(timer)
        }
      })
    this.#last = asked
    return await asked
  }

  close(): void {
    this.#socket.destroy()
  }
}

// --- internal ---

const READY = 1
/** Milliseconds that an answer may take; BIRD reads a large configuration in far less. */
const PATIENCE = 10_000

/** Cuts what comes from the socket into answers: `1002-line`, ` another line with the same code`, `0000 the end`. */
class Replies {
  readonly over: Promise<void>
  readonly #waiting: { resolve: (lines: readonly BirdLine[]) => void; reject: (error: Error) => void }[] = []
  #lines: BirdLine[] = []
  #text = ''
  #end: Error | undefined

  constructor(socket: Socket) {
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => this.#take(chunk))
    socket.on('error', (error) => void (this.#end = error))
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end ??= new Error('BIRD has closed the connection')
        for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
        resolve()
      })
    })
  }

  async next(): Promise<readonly BirdLine[]> {
    if (this.#end) throw this.#end
    return await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #take(chunk: string): void {
    const lines = (this.#text + chunk).split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines) {
      const [, code, mark, text = ''] = /^(\d{4})([ -])(.*)$/.exec(line) ?? []
      this.#lines.push({
        code: code === undefined ? (this.#lines.at(-1)?.code ?? 0) : Number(code),
        text: code === undefined ? line.replace(/^[ +]/, '') : text,
      })
      if (mark === ' ') this.#waiting.shift()?.resolve(this.#lines.splice(0))
    }
  }
}
