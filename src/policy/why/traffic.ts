import { didYouMean } from '../../model/suggest.ts'
import { type Header, ICMP, ICMPV6, PORTED, SCTP, TCP, TYPED, UDP, UDPLITE } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING } from '../connections/space.ts'
import { IP_IN_IP, VXLAN_PORT } from '../failsafe.ts'
import type { EntityFacts, Facts, RuleFacts } from '../facts.ts'

/** Which connections a question is about. What is absent is not restricted. */
export interface Traffic {
  /** As it is said in a sentence: `tcp/80`, `icmp`, `anything`. */
  readonly words: string
  readonly protocol?: number
  /** Destination ports, first and last. */
  readonly ports?: readonly [number, number]
  readonly icmpType?: number
  readonly icmpCode?: number
}

export interface TrafficFault {
  readonly fault: string
  readonly help: string
}

/** Reads `tcp/80`, `udp/5000-5010`, `icmp`, `icmp/8`, `icmp/3/4`, a protocol's number, or `any`. */
export function parseTraffic(text: string): Traffic | TrafficFault {
  const lower = text.trim().toLowerCase()
  if (lower === 'any' || lower === 'all' || lower === '') return ANYTHING
  const [word = '', ...rest] = lower.split('/')
  const protocol = /^\d+$/.test(word) ? numberBelow(word, 255) : NUMBERS[word]
  if (protocol === undefined || NUMBERS[rest[0] ?? ''] !== undefined) return unknownProtocol(text, word, rest)
  if (rest.length === 0) return { words: /^\d+$/.test(word) ? `IP protocol ${word}` : word, protocol }
  if (TYPED.includes(protocol)) return typed(text, protocol, rest)
  const [port = '', more] = rest
  if (!PORTED.includes(protocol) || more !== undefined) return { fault: `"${text}": ${word} has no ports`, help: HELP }
  const [, first, last = first] = /^(\d+)(?:[-:](\d+))?$/.exec(port) ?? []
  const ports = [numberBelow(first, MAX_PORT), numberBelow(last, MAX_PORT)] as const
  if (ports[0] === undefined || ports[1] === undefined) return { fault: `"${port}" is not a port`, help: HELP }
  if (ports[0] > ports[1]) return { fault: `the port range "${port}" runs backwards`, help: HELP }
  return { words: lower, protocol, ports: [ports[0], ports[1]] }
}

/** All connections of the traffic, for packets of one IP version. Without a type, `icmp` is the ICMP of that version. */
export function connectionsOf(space: ConnectionSpace, traffic: Traffic, family: 4 | 6): ConnectionSet {
  const { protocol, ports, icmpType, icmpCode } = ofFamily(traffic, family) ?? { protocol: -1 }
  if (protocol === undefined) return EVERYTHING
  if (protocol === -1) return NOTHING
  if (ports) return space.ports(protocol, [0, MAX_PORT], ports)
  if (icmpType !== undefined) return space.icmp(protocol, [[icmpType, icmpType]], icmpCode === undefined ? [[0, 255]] : [[icmpCode, icmpCode]])
  return space.protocol(protocol)
}

/** Tunnels, which no policy lets a workload build: a question about anything does not mean them. */
export function tunnels(space: ConnectionSpace): ConnectionSet {
  return space.union(space.ports(UDP, [0, MAX_PORT], [VXLAN_PORT, VXLAN_PORT]), space.protocol(IP_IN_IP))
}

/** One header that stands for all of the traffic; undefined when rules of these facts can tell some of it from the rest, or there is none of this IP version. */
export function headerFor(facts: Facts, traffic: Traffic, family: 4 | 6): Header | undefined {
  const own = ofFamily(traffic, family)
  if (own?.protocol === undefined) return undefined
  const { protocol, ports, icmpType, icmpCode } = own
  if (PORTED.includes(protocol)) {
    if (!ports || ports[0] !== ports[1] || someRule(facts, ({ source }) => asksPorts(source))) return undefined
    return { protocol, srcPort: CLIENT_PORT, dstPort: ports[0] }
  }
  if (!TYPED.includes(protocol)) return { protocol }
  if (icmpCode === undefined && someRule(facts, ({ icmp, notIcmp }) => icmp !== undefined || notIcmp !== undefined)) return undefined
  return { protocol, icmpType: icmpType ?? (protocol === ICMP ? 8 : 128), icmpCode: icmpCode ?? 0 }
}

/** A protocol as rules name it. */
export function protocolName(protocol: number): string | number {
  return NAMES[protocol] ?? protocol
}

// --- internal ---

const NAMES: Readonly<Record<number, string>> = {
  [TCP]: 'TCP',
  [UDP]: 'UDP',
  [ICMP]: 'ICMP',
  [ICMPV6]: 'ICMPv6',
  [SCTP]: 'SCTP',
  [UDPLITE]: 'UDPLite',
}
const ANYTHING: Traffic = { words: 'anything' }
const NUMBERS: Readonly<Record<string, number>> = { tcp: TCP, udp: UDP, icmp: ICMP, icmpv6: ICMPV6, icmp6: ICMPV6, sctp: SCTP, udplite: UDPLITE }
const HELP = 'as in: tcp/80, udp/5000-5010, icmp, icmp/8, icmp/3/4, a protocol number, any'
/** A source port that clients use. */
const CLIENT_PORT = 49_152

function unknownProtocol(text: string, word: string, rest: readonly string[]): TrafficFault {
  const reversed = /^\d+$/.test(word) && NUMBERS[rest[0] ?? ''] !== undefined
  if (reversed) return { fault: `"${text}" has the port in front`, help: `write ${rest[0]}/${word}` }
  const [, protocol = '', port] = /^([a-z]+)[:\- ](\d+)$/.exec(word) ?? []
  if (NUMBERS[protocol] !== undefined) return { fault: `"${text}" is not a protocol and port`, help: `write ${protocol}/${port}` }
  if (/^\d+$/.test(word))
    return { fault: `"${text}" is not a protocol number: they go up to 255`, help: `for a port, write tcp/${word} or udp/${word}` }
  const suggestion = didYouMean(word, Object.keys(NUMBERS))
  return {
    fault: `"${word}" is not a protocol`,
    help: suggestion === undefined ? HELP : `did you mean "${[suggestion, ...rest].join('/')}"?`,
  }
}

function typed(text: string, protocol: number, rest: readonly string[]): Traffic | TrafficFault {
  const [type, code, more] = rest
  const [icmpType, icmpCode] = [numberBelow(type, 255), numberBelow(code, 255)]
  if (icmpType === undefined || (code !== undefined && icmpCode === undefined) || more !== undefined) {
    return { fault: `"${text}" is not an ICMP type and code`, help: 'as in: icmp/8, icmp/3/4; both go up to 255' }
  }
  return { words: text.toLowerCase(), protocol, icmpType, ...(icmpCode === undefined ? {} : { icmpCode }) }
}

function numberBelow(digits: string | undefined, most: number): number | undefined {
  return digits !== undefined && /^\d{1,5}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined
}

/** The traffic as packets of an IP version have it; undefined when they cannot. */
function ofFamily(traffic: Traffic, family: 4 | 6): Traffic | undefined {
  const { protocol, icmpType } = traffic
  if (protocol === ICMP && family === 6) return icmpType === undefined ? { ...traffic, protocol: ICMPV6 } : undefined
  return protocol === ICMPV6 && family === 4 ? undefined : traffic
}

function asksPorts({ ports = [], notPorts = [] }: EntityFacts): boolean {
  return ports.length > 0 || notPorts.length > 0
}

function someRule({ tiers, profiles }: Facts, holds: (rule: RuleFacts) => boolean): boolean {
  const some = (lists: { readonly ingress?: readonly RuleFacts[]; readonly egress?: readonly RuleFacts[] }) =>
    (lists.ingress?.some(holds) ?? false) || (lists.egress?.some(holds) ?? false)
  return tiers.some(({ policies }) => policies.some(some)) || [...profiles.values()].some(some)
}
