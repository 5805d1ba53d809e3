import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { Log } from '../log.ts'
import { answerQuery } from './answer.ts'
import { Frames, frame } from './frames.ts'
import type { Asker, Names } from './names.ts'
import { makeReply, RCODE } from './packet.ts'
import { askUpstream, type Upstream } from './upstream.ts'

export interface NameServerOptions {
  /** Where to listen, UDP and TCP. */
  readonly address: string
  readonly port: number
  readonly names: Names
  /** Whether an address that no workload has is of this host all the same: it may ask for names of the world. */
  readonly isNeighbour: (address: string) => boolean
  /** Who is asked what is not for us to say. */
  readonly upstreams: () => Promise<readonly Upstream[]>
  readonly log: Log
  /** It listens now, or no longer does. */
  readonly changed: () => void
}

/** Answers the containers of this host. Where it cannot listen, it says so and tries again. */
export class NameServer {
  readonly #options: NameServerOptions
  /** Queries that others are asked about, by who asked. */
  readonly #open = new Map<string, number>()
  #allOpen = 0
  readonly #connections = new Set<Socket>()
  #sockets: { readonly udp: UdpSocket; readonly tcp: Server } | undefined
  #retry: NodeJS.Timeout | undefined
  #failure: string | undefined
  #isClosed = false

  constructor(options: NameServerOptions) {
    this.#options = options
  }

  get isListening(): boolean {
    return this.#sockets !== undefined
  }

  /** Why it does not listen, if it should. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Begins; resolves when it listens or has found that it cannot now. */
  async start(): Promise<void> {
    const { address, port, log, changed } = this.#options
    const udp = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', ipv6Only: isIPv6(address) })
    const tcp = createServer()
    try {
      udp.bind({ address, port, exclusive: true })
      await once(udp, 'listening')
      tcp.listen({ host: address, port, exclusive: true })
      await once(tcp, 'listening')
    } catch (error) {
      closeQuietly(udp, tcp)
      return this.#failed(error)
    }
    if (this.#isClosed) return closeQuietly(udp, tcp)
    udp.on('message', (query, from) => {
      this.#handle(query, from.address, 'udp', (reply) => {
        // Whoever asked may be gone since.
        if (this.#sockets?.udp === udp) udp.send(reply, from.port, from.address, () => {})
      })
    })
    tcp.on('connection', (socket) => this.#converse(socket))
    for (const socket of [udp, tcp]) {
      socket.on('error', (error: Error) => {
        if (this.#sockets?.udp !== udp) return
        this.#sockets = undefined
        closeQuietly(udp, tcp)
        this.#failed(error)
        changed()
      })
    }
    this.#sockets = { udp, tcp }
    this.#failure = undefined
    log('info', 'names of containers are answered', { address, port })
    changed()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    const sockets = this.#sockets
    this.#sockets = undefined
    if (!sockets) return
    const closed = Promise.all([once(sockets.udp, 'close'), once(sockets.tcp, 'close')])
    closeQuietly(sockets.udp, sockets.tcp)
    for (const socket of this.#connections) socket.destroy()
    await closed
  }

  // --- internal ---

  #failed(error: unknown): void {
    const { address, port, log } = this.#options
    if (this.#isClosed) return
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? `another program has port ${port} of ${address}` : message
    if (why !== this.#failure) log('error', 'names of containers on other hosts are not answered', { address, port, why })
    this.#failure = why
    this.#retry = setTimeout(() => void this.start(), RETRY_MILLISECONDS)
  }

  #converse(socket: Socket): void {
    const asker = socket.remoteAddress
    if (asker === undefined || this.#connections.size >= MOST_CONNECTIONS) return void socket.destroy()
    if ([...this.#connections].filter(({ remoteAddress }) => remoteAddress === asker).length >= MOST_OF_ONE) return void socket.destroy()
    this.#connections.add(socket)
    const frames = new Frames()
    socket.setTimeout(IDLE_MILLISECONDS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => this.#connections.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      for (const query of frames.push(chunk)) {
        this.#handle(query, asker, 'tcp', (reply) => {
          // Who does not read gets no more.
          if (!socket.destroyed && !socket.write(frame(reply))) socket.destroy()
        })
      }
    })
  }

  /** Never throws, whatever the query is. */
  #handle(query: Buffer, from: string, transport: 'udp' | 'tcp', send: (reply: Buffer) => void): void {
    const { names, log } = this.#options
    try {
      const verdict = answerQuery(query, this.#askerOf(from), names, transport)
      if (verdict === 'ignore') return
      if ('reply' in verdict) return send(verdict.reply)
      const { forward: question } = verdict
      const fail = () => send(makeReply(query, question, { rcode: RCODE.failed }))
      const open = this.#open.get(from) ?? 0
      if (open >= MOST_OPEN || this.#allOpen >= MOST_OPEN_OF_ALL) return fail()
      this.#open.set(from, open + 1)
      this.#allOpen++
      void this.#forward(query, question.end, transport)
        .then((answer) => (answer ? send(answer) : fail()))
        .catch((error: unknown) => log('error', 'a name cannot be asked for', { why: String(error) }))
        .finally(() => {
          this.#allOpen--
          const left = (this.#open.get(from) ?? 1) - 1
          if (left === 0) this.#open.delete(from)
          else this.#open.set(from, left)
        })
    } catch (error) {
      log('error', 'a query cannot be answered', { asker: from, why: String(error) })
    }
  }

  #askerOf(address: string): Asker | 'neighbour' | 'stranger' {
    return this.#options.names.asker(address) ?? (this.#options.isNeighbour(address) ? 'neighbour' : 'stranger')
  }

  async #forward(query: Buffer, end: number, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    return await askUpstream(query, end, transport, await this.#options.upstreams())
  }
}

// --- internal ---

const RETRY_MILLISECONDS = 5000
/** Connections that ask nothing for so long are ended. */
const IDLE_MILLISECONDS = 10_000
const MOST_CONNECTIONS = 500
const MOST_OF_ONE = 50
/** Queries of one asker that may wait for others at a time: whoever floods waits alone. */
const MOST_OPEN = 100
/** Each takes a few open files, which the agent needs for other things too; and who asks may pretend to be many. */
const MOST_OPEN_OF_ALL = 1000

function closeQuietly(udp: UdpSocket, tcp: Server): void {
  // An error may come after the one that ended them.
  for (const socket of [udp, tcp]) socket.on('error', () => {})
  try {
    udp.close()
  } catch {
    // It was not open.
  }
  tcp.close()
}
