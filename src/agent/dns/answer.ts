import { type Answer, decode, type OptAnswer } from 'dns-packet'
import { formatIp, type Ip, parseIp } from '../../model/net.ts'
import type { Asker, Names } from './names.ts'
import { CLASS_IN, HEADER, isResponse, makeReply, opcodeOf, type Question, RCODE, readQuestion, type Reply, TYPE } from './packet.ts'

/** What becomes of a packet: it is answered, is not worth an answer, or asks for what others know. */
export type Verdict = { readonly reply: Buffer } | 'ignore' | { readonly forward: Question }

/**
 * Answers a query from the names of containers. `stranger`: nobody of this host, and refused; `neighbour`: of this host, but in none of our networks.
 */
export function answerQuery(query: Buffer, asker: Asker | 'neighbour' | 'stranger', names: Names, transport: 'udp' | 'tcp'): Verdict {
  // Whoever answers answers could be made to answer itself.
  if (isResponse(query)) return 'ignore'
  const question = readQuestion(query)
  const reply = (what: Reply): Verdict => ({ reply: makeReply(query, question, what) })
  if (asker === 'stranger') return reply({ rcode: RCODE.refused })
  if (opcodeOf(query) !== 0) return reply({ rcode: RCODE.notImplemented })
  if (!question) return reply({ rcode: RCODE.malformed })
  const member: Asker = asker === 'neighbour' ? NOBODY : asker
  const found = answersOf(question, member, names)
  if (found === 'elsewhere') return { forward: question }
  let opt: OptAnswer | undefined
  try {
    opt = optOf(query)
  } catch {
    return reply({ rcode: RCODE.malformed })
  }
  const rcode = found === undefined ? RCODE.noSuchName : RCODE.ok
  const limit = transport === 'tcp' ? LARGEST_TCP : Math.min(Math.max(opt?.udpPayloadSize ?? 0, SMALLEST_UDP), LARGEST_UDP)
  return reply({ rcode, authoritative: true, answers: found ?? [], opt: opt && { ...OPT, udpPayloadSize: LARGEST_UDP }, limit })
}

// --- internal ---

const NOBODY: Asker = { networks: new Set() }
/** Seconds that an answer may be kept: containers come and go. */
const TTL = 5
/** What every asker takes over UDP, and the most that we send: more is torn apart on the way (RFC 1035, 4.2.1; DNS flag day 2020). */
const SMALLEST_UDP = 512
const LARGEST_UDP = 1232
const LARGEST_TCP = 65_535
const OPT: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: LARGEST_UDP,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** `elsewhere`: not for us to say. Undefined: there is no such name. */
function answersOf(question: Question, asker: Asker, names: Names): readonly Answer[] | undefined | 'elsewhere' {
  const { name, written } = question
  const address = reverseAddress(name)
  if (address) {
    const found = names.namesOf(formatIp(address), asker)
    if (!found) return 'elsewhere'
    if (found.length === 0) return undefined
    return asks(question, TYPE.PTR) ? found.map((data) => ({ type: 'PTR', name: written, ttl: TTL, data })) : []
  }
  const found = names.addresses(name, asker)
  if (!found) return names.isOurs(name) && name !== '' ? undefined : 'elsewhere'
  return turned(found).flatMap((ip): Answer[] => {
    const [type, number] = ip.family === 4 ? (['A', TYPE.A] as const) : (['AAAA', TYPE.AAAA] as const)
    return asks(question, number) ? [{ type, name: written, ttl: TTL, data: formatIp(ip) }] : []
  })
}

function asks({ type, class: of }: Question, wanted: number): boolean {
  return of === CLASS_IN && (type === wanted || type === TYPE.ANY)
}

/** Whoever takes the first of several addresses shall not always get the same. */
function turned<T>(list: readonly T[]): T[] {
  const first = Math.floor(Math.random() * list.length)
  return [...list.slice(first), ...list.slice(0, first)]
}

/** The address that a name below `in-addr.arpa` or `ip6.arpa` stands for (RFC 1035, 3.5; RFC 3596, 2.5). */
function reverseAddress(name: string): Ip | undefined {
  const four = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1]
  if (four !== undefined) return parseIp(four.slice(0, -1).split('.').reverse().join('.'))
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1]
  if (six === undefined) return undefined
  return parseIp((six.replaceAll('.', '').split('').reverse().join('').match(/.{4}/g) ?? []).join(':'))
}

function optOf(query: Buffer): OptAnswer | undefined {
  // Nothing to be read in most queries.
  if (query.readUInt16BE(HEADER - 2) === 0) return undefined
  return decode(query).additionals?.find((record): record is OptAnswer => record.type === 'OPT')
}
