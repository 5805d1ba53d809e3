import { didYouMean } from './suggest.ts'

/** Packets as people write them in a word: what is absent is not restricted. Ranges are inclusive. */
export interface Traffic {
  /** Number of the IP protocol; absent: any packet. */
  readonly protocol?: number
  /** Destination ports, of a protocol that has ports. */
  readonly ports?: readonly (readonly [first: number, last: number])[]
  /** Type and perhaps code, of ICMP and ICMPv6. */
  readonly icmp?: { readonly type: number; readonly code?: number }
}

export interface TrafficFault {
  readonly fault: string
  readonly help: string
}

/** Reads `any`, `tcp`, `tcp/80`, `udp/53,5353`, `tcp/8000-8100` (or `8000:8100`, as in rules), `icmp`, `icmp/8`, `icmp/8/0`, `protocol/47`. Letter case does not count. */
export function parseTraffic(text: string): Traffic | TrafficFault {
  const [name = '', detail, ...more] = text.trim().toLowerCase().split('/')
  if (name === 'any' || name === 'all') return detail === undefined ? {} : wrong(text, 'any stands alone')
  if (/^[\d,:-]+$/.test(name)) return wrong(text, `a port needs its protocol: tcp/${name}`)
  if (name === 'protocol') {
    if (detail === undefined || more.length > 0 || !isWithin(detail, 0, 255))
      return wrong(text, 'a protocol is a number from 0 to 255, as in protocol/47')
    return { protocol: Number(detail) }
  }
  const protocol = PROTOCOLS.get(name)
  if (protocol === undefined) {
    const suggestion = didYouMean(name, [...PROTOCOLS.keys(), 'any'])
    return wrong(
      text,
      suggestion === undefined ? FORMS : `did you mean "${[suggestion, detail, ...more].filter((part) => part !== undefined).join('/')}"?`,
    )
  }
  if (detail === undefined) return { protocol }
  if (name.startsWith('icmp')) {
    const [code] = more
    if (more.length > 1 || !isWithin(detail, 0, 255) || (code !== undefined && !isWithin(code, 0, 255)))
      return wrong(text, `type and code are numbers from 0 to 255, as in ${name}/8 or ${name}/8/0`)
    return { protocol, icmp: { type: Number(detail), ...(code === undefined ? {} : { code: Number(code) }) } }
  }
  if (more.length > 0) return wrong(text, FORMS)
  const ports: [number, number][] = []
  for (const part of detail.split(',')) {
    const [, first, last = first] = /^(\d+)(?:[-:](\d+))?$/.exec(part.trim()) ?? []
    if (first === undefined || last === undefined || !isWithin(first, 0, 65_535) || !isWithin(last, 0, 65_535))
      return wrong(text, `ports are numbers up to 65535 and ranges of them, as in ${name}/80,8000-8100`)
    if (Number(first) > Number(last)) return wrong(text, `write ${name}/${last}-${first}: the range runs backwards`)
    ports.push([Number(first), Number(last)])
  }
  return { protocol, ports }
}

export function isTrafficFault(parsed: Traffic | TrafficFault): parsed is TrafficFault {
  return 'fault' in parsed
}

// --- internal ---

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['icmp', 1],
  ['icmpv6', 58],
  ['sctp', 132],
  ['udplite', 136],
])
const FORMS = 'packets are written as any, tcp, tcp/80, udp/53,5353, tcp/8000-8100, icmp, icmp/8 or protocol/47'

function wrong(text: string, help: string): TrafficFault {
  return { fault: `"${text}" does not say which packets`, help }
}

function isWithin(text: string, first: number, last: number): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= first && Number(text) <= last
}
