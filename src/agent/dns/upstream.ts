import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { HEADER, isResponse, RCODE } from './packet.ts'
import { frame, Frames } from './frames.ts'

/** A server that knows the names of the world. */
export interface Upstream {
  readonly address: string
  readonly port: number
}

/**
 * Asks servers in their order, each some time after the one before; whoever answers first has it, an answer that is a failure only when there is no other. Undefined
 * when nobody answers in time. The query goes out byte by byte, but for its id.
 */
export async function askUpstream(query: Buffer, end: number, transport: 'udp' | 'tcp', servers: readonly Upstream[]): Promise<Buffer | undefined> {
  // A packet may be lost: one server is asked twice.
  const attempts = servers.length === 1 ? [...servers, ...servers] : servers.slice(0, MOST_SERVERS)
  const ask = transport === 'udp' ? askByUdp : askByTcp
  const stop = new AbortController()
  const deadline = setTimeout(() => stop.abort(), TIMEOUT)
  let failure: Buffer | undefined
  try {
    return await new Promise((resolve) => {
      let open = attempts.length
      let next = 0
      const over = () => resolve(failure)
      stop.signal.addEventListener('abort', over, { once: true })
      const begin = (): void => {
        const server = attempts[next++]
        if (!server || stop.signal.aborted) return
        const later = setTimeout(begin, TIMEOUT / attempts.length)
        stop.signal.addEventListener('abort', () => clearTimeout(later), { once: true })
        void ask(query, end, server, stop.signal).then((answer) => {
          open--
          if (answer && isGood(answer)) resolve(answer)
          else if (open === 0) resolve(failure ?? answer)
          else {
            failure ??= answer
            clearTimeout(later)
            begin()
          }
          return undefined
        })
      }
      if (attempts.length === 0) over()
      else begin()
    })
  } finally {
    clearTimeout(deadline)
    stop.abort()
  }
}

// --- internal ---

/** Milliseconds until nobody answers; Docker itself waits for four seconds. */
const TIMEOUT = 3500
/** As the resolvers of the host do (resolv.conf(5)). */
const MOST_SERVERS = 3

function isGood(answer: Buffer): boolean {
  const rcode = answer.readUInt8(3) & 0xf
  return rcode === RCODE.ok || rcode === RCODE.noSuchName
}

/** Undefined when it fails or is given up. */
function askByUdp(query: Buffer, end: number, server: Upstream, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    const asked = withFreshId(query)
    let over = false
    const settle = (answer: Buffer | undefined) => {
      if (over) return
      over = true
      socket.close()
      resolve(answer)
    }
    signal.addEventListener('abort', () => settle(undefined), { once: true })
    socket.on('error', () => settle(undefined))
    socket.on('message', (message) => {
      if (answers(message, asked, end)) settle(withId(message, query.readUInt16BE(0)))
    })
    // The kernel takes packets of that server alone, and tells when nobody is there.
    socket.connect(server.port, server.address, (error?: Error) => {
      if (error) settle(undefined)
      else if (!over) socket.send(asked)
    })
  })
}

function askByTcp(query: Buffer, end: number, server: Upstream, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port })
    const asked = withFreshId(query)
    const frames = new Frames()
    const settle = (answer: Buffer | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    signal.addEventListener('abort', () => settle(undefined), { once: true })
    socket.on('error', () => settle(undefined))
    socket.on('close', () => settle(undefined))
    socket.on('data', (chunk: Buffer) => {
      const message = frames.push(chunk).find((message) => answers(message, asked, end))
      if (message) settle(withId(message, query.readUInt16BE(0)))
    })
    socket.write(frame(asked))
  })
}

/** Ids that cannot be guessed, whatever the asker's are. */
function withFreshId(query: Buffer): Buffer {
  return withId(query, randomInt(0x1_0000))
}

function withId(packet: Buffer, id: number): Buffer {
  const copy = Buffer.from(packet)
  copy.writeUInt16BE(id, 0)
  return copy
}

/** Whether a packet answers that question: letters may come back in another case. */
function answers(packet: Buffer, query: Buffer, end: number): boolean {
  if (packet.length < HEADER || !isResponse(packet) || packet.readUInt16BE(0) !== query.readUInt16BE(0)) return false
  // A server that did not understand may repeat nothing.
  if (packet.readUInt16BE(4) === 0) return !isGood(packet)
  const lower = (of: Buffer) => of.toString('latin1', HEADER, end).toLowerCase()
  return lower(packet) === lower(query)
}
