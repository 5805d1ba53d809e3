import { formatIp, type Ip, parseIp } from '../../model/net.ts'
import { type Header, ICMP, ICMPV6, PORTED, TYPED } from '../connections/packet.ts'
import { findSubject, isSubjectFault, type SubjectFault } from '../subject.ts'
import type { Endpoint, World } from '../world/world.ts'
import type { End } from './examine.ts'
import { addressesOf } from './places.ts'

/** A question about one packet, for machines. Fields that are not known to it stay with it. */
export interface Probe {
  readonly from: End
  readonly to: End
  readonly header: Header
}

/** A probe that cannot be asked. */
export interface ProbeFault {
  readonly fault: string
  readonly help?: string
}

/**
 * Reads a probe: `from` and `to` as `{endpoint: "namespace/name"}`, `{hostEndpoint: "name"}` or `{ip}`, an address of the endpoint beside it, or a name as on the
 * command line (an `ip` alone is outside, whoever has it; as a name it stands for the endpoint); `protocol` by name or number; `srcPort` and `dstPort`, or `icmpType` and `icmpCode`.
 */
export function readProbe(world: World, raw: unknown): Probe | ProbeFault {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { fault: 'a probe is a JSON object', help: EXAMPLE }
  const fields = raw as Readonly<Record<string, unknown>>
  const ends: { from: Ends; to: Ends } = { from: [], to: [] }
  for (const side of ['from', 'to'] as const) {
    const found = readEnd(world, fields[side])
    if ('fault' in found) return { ...found, fault: `"${side}": ${found.fault}` }
    ends[side] = found
  }
  const header = readHeader(fields)
  if ('fault' in header) return header
  const needed = header.protocol === ICMP ? 4 : header.protocol === ICMPV6 ? 6 : undefined
  for (const from of ends.from) {
    const to = ends.to.find(({ ip }) => ip.family === from.ip.family)
    if (to && (needed === undefined || needed === from.ip.family)) return { from, to, header }
  }
  return { fault: needed === undefined ? 'the two have no addresses of the same IP version' : `the two have no IPv${needed} addresses in common` }
}

// --- internal ---

const EXAMPLE = 'as in: {"from":{"ip":"10.0.0.1"},"to":{"endpoint":"prod/web"},"protocol":"TCP","srcPort":49152,"dstPort":80}'

type Ends = readonly End[]

function readEnd(world: World, raw: unknown): Ends | ProbeFault {
  if (typeof raw === 'string') return named(world, raw)
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { fault: 'give {"endpoint": ...}, {"hostEndpoint": ...}, {"ip": ...} or a name', help: EXAMPLE }
  const fields = raw as Readonly<Record<string, unknown>>
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined) return { fault: `unknown field "${unknown}"`, help: `known: ${FIELDS.join(', ')}` }
  const wrong = FIELDS.find((name) => fields[name] !== undefined && typeof fields[name] !== 'string')
  if (wrong !== undefined) return { fault: `"${wrong}" has to be text` }
  const { endpoint, hostEndpoint, ip } = fields as Readonly<Partial<Record<string, string>>>
  const address = ip === undefined ? undefined : parseIp(ip)
  if (ip !== undefined && !address) return { fault: `"${ip}" is not an address` }
  if (endpoint !== undefined && hostEndpoint !== undefined) return { fault: 'an end is an endpoint or a host endpoint, not both' }
  const id = endpoint ?? (hostEndpoint === undefined ? undefined : `host:${hostEndpoint}`)
  if (id === undefined) return address ? [{ endpoint: undefined, ip: address }] : { fault: 'give an endpoint, a hostEndpoint or an ip' }
  const found = indexOf(world).get(id)
  if (found) return atAddress(found, address)
  const { help } = findSubject(world, `endpoint:${id}`) as Partial<SubjectFault>
  return {
    fault: `there is no ${hostEndpoint === undefined ? '' : 'host '}endpoint "${endpoint ?? hostEndpoint ?? ''}"`,
    ...(help === undefined ? {} : { help }),
  }
}

const FIELDS: readonly string[] = ['endpoint', 'hostEndpoint', 'ip']

/** The addresses of an endpoint, or the one that is asked about. */
function atAddress(endpoint: Endpoint, address: Ip | undefined): Ends | ProbeFault {
  const own = addressesOf(endpoint)
  if (!address) return own.length > 0 ? own.map((ip) => ({ endpoint, ip })) : { fault: `${endpoint.id} has no address` }
  // The addresses of a host need not be known.
  if (endpoint.kind === 'host' || own.some(({ value }) => value === address.value)) return [{ endpoint, ip: address }]
  return { fault: `${formatIp(address)} is no address of ${endpoint.id}`, help: `it has ${own.map(formatIp).join(', ')}` }
}

function named(world: World, word: string): Ends | ProbeFault {
  const subject = findSubject(world, word)
  if (isSubjectFault(subject)) return { fault: subject.message, ...(subject.help === undefined ? {} : { help: subject.help }) }
  if (subject.type === 'address' && subject.endpoints.length === 0) {
    const ip = parseIp(word)
    return ip ? [{ endpoint: undefined, ip }] : { fault: `"${word}" is a network: a probe is about one address` }
  }
  const [endpoint, other] = subject.endpoints
  if (!endpoint || other) return { fault: `"${word}" is ${subject.endpoints.length} endpoints: a probe is about one` }
  return atAddress(endpoint, subject.type === 'address' ? parseIp(word) : undefined)
}

function readHeader({ protocol: written, srcPort, dstPort, icmpType, icmpCode }: Readonly<Record<string, unknown>>): Header | ProbeFault {
  const protocol = protocolOf(written)
  if (protocol === undefined)
    return {
      fault: written === undefined ? 'a probe needs a "protocol"' : `${JSON.stringify(written)} is not a protocol`,
      help: 'TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite, or a number from 0 to 255',
    }
  for (const [name, value, most] of [
    ['srcPort', srcPort, 65_535],
    ['dstPort', dstPort, 65_535],
    ['icmpType', icmpType, 255],
    ['icmpCode', icmpCode, 255],
  ] as const) {
    if (value !== undefined && !(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most))
      return { fault: `"${name}" has to be a number from 0 to ${most}` }
  }
  if (PORTED.includes(protocol) && dstPort === undefined) return { fault: 'a packet of this protocol needs a "dstPort"' }
  const given = {
    srcPort: srcPort ?? (PORTED.includes(protocol) ? CLIENT_PORT : undefined),
    dstPort,
    icmpType: icmpType ?? (TYPED.includes(protocol) ? ECHO[protocol] : undefined),
    icmpCode,
  }
  return { protocol, ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Omit<Header, 'protocol'>) }
}

/** A source port that clients use. */
const CLIENT_PORT = 49_152
const ECHO: Readonly<Record<number, number>> = { [ICMP]: 8, [ICMPV6]: 128 }
const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, sctp: 132, udplite: 136 }

function protocolOf(written: unknown): number | undefined {
  const number = typeof written === 'string' ? (NUMBERS[written.toLowerCase()] ?? (/^\d{1,3}$/.test(written) ? Number(written) : undefined)) : written
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 255 ? number : undefined
}

const byId = new WeakMap<World, ReadonlyMap<string, Endpoint>>()

function indexOf(world: World): ReadonlyMap<string, Endpoint> {
  let index = byId.get(world)
  if (!index) byId.set(world, (index = new Map(world.endpoints.map((endpoint) => [endpoint.id, endpoint]))))
  return index
}
