import { type Answer, encode, type OptAnswer, AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, TRUNCATED_RESPONSE } from 'dns-packet'

/** The question of a query, as far as it can be read. */
export interface Question {
  /** In lower case, without the dot at the end; empty for the root. A dot within a label, which no name of ours has, stands as `\.`. */
  readonly name: string
  /** As the asker wrote it. */
  readonly written: string
  readonly type: number
  readonly class: number
  /** Where the question ends in the packet. */
  readonly end: number
}

export const TYPE = { A: 1, PTR: 12, AAAA: 28, ANY: 255 } as const
export const CLASS_IN = 1
export const RCODE = { ok: 0, malformed: 1, failed: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const
export type Rcode = (typeof RCODE)[keyof typeof RCODE]

/** Length of a packet's header. */
export const HEADER = 12

/** Reads the one question of a packet (RFC 1035, 4.1); undefined when it has none, has several, or is broken. */
export function readQuestion(packet: Buffer): Question | undefined {
  if (packet.length < HEADER || packet.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = HEADER
  for (;;) {
    const length = packet[at]
    // Nothing stands before the first name that it could point to.
    if (length === undefined || length > LONGEST_LABEL || at + length - HEADER > LONGEST_NAME) return undefined
    at++
    if (length === 0) break
    if (at + length > packet.length) return undefined
    labels.push(packet.toString('latin1', at, at + length).replaceAll('.', String.raw`\.`))
    at += length
  }
  if (at + 4 > packet.length) return undefined
  const written = labels.join('.')
  return { name: written.toLowerCase(), written, type: packet.readUInt16BE(at), class: packet.readUInt16BE(at + 2), end: at + 4 }
}

/** Whether a packet is an answer already. */
export function isResponse(packet: Buffer): boolean {
  return packet.length < HEADER || (packet.readUInt8(2) & 0x80) !== 0
}

export function opcodeOf(packet: Buffer): number {
  return (packet.readUInt8(2) >> 3) & 0xf
}

export interface Reply {
  readonly rcode: Rcode
  /** Whether we are who knows. */
  readonly authoritative?: boolean
  readonly answers?: readonly Answer[]
  /** Extended DNS, when the asker speaks it. */
  readonly opt?: OptAnswer | undefined
  /** Most bytes that the asker takes; what does not fit is left away, and that is told. */
  readonly limit?: number
}

/** Makes the reply to a query, its question repeated byte by byte; without a question when that could not be read. */
export function makeReply(query: Buffer, question: Question | undefined, reply: Reply): Buffer {
  const { rcode, authoritative = false, answers = [], opt, limit = Infinity } = reply
  const asked = question ? query.subarray(HEADER, question.end) : Buffer.alloc(0)
  for (let count = answers.length; ; count--) {
    const body = encode({
      type: 'response',
      id: query.readUInt16BE(0),
      flags:
        (query.readUInt16BE(2) & (OPCODE | RECURSION_DESIRED)) |
        RECURSION_AVAILABLE |
        (authoritative ? AUTHORITATIVE_ANSWER : 0) |
        (count < answers.length ? TRUNCATED_RESPONSE : 0) |
        rcode,
      answers: answers.slice(0, count),
      additionals: opt ? [opt] : [],
    })
    if (body.length + asked.length > limit && count > 0) continue
    body.writeUInt16BE(question ? 1 : 0, 4)
    return Buffer.concat([body.subarray(0, HEADER), asked, body.subarray(HEADER)])
  }
}

// --- internal ---

const LONGEST_LABEL = 63
const LONGEST_NAME = 254
const OPCODE = 0x7800
const RECURSION_DESIRED = 0x0100
