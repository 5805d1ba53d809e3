import { formatIp, type Ip } from '../../src/model/net.ts'
import { ICMP, ICMPV6, PORTED } from '../../src/policy/connections/packet.ts'
import type { Packet } from '../../src/policy/interpreter/packet.ts'
import { NetworkNamespace, PacketSender } from './netns.ts'
import { packetBytes } from './packet-bytes.ts'

/** Where a packet is sent from and expected at: the wire of a workload, `outside` (`eth0`), `elsewhere` (`eth1`), or the host itself. */
export type LabPlace = number | 'outside' | 'elsewhere' | 'host'

/** A packet, and its ends. Not both are the host. */
export interface Sending {
  readonly from: LabPlace
  readonly to: LabPlace
  readonly packet: Packet
  /** What it is when it arrives, where the host translates its addresses. */
  readonly arriving?: Packet
}

/**
 * A host in a namespace of its own, with wires to workloads (`cali0`, `cali1`, ...) and to an outside (`eth0`, `eth1`): packets go where its kernel lets them, and what
 * comes out is seen. All other ends of the wires are in one namespace, where packets are only sent and noted.
 */
export class PacketLab {
  readonly host: NetworkNamespace
  readonly #ends: NetworkNamespace
  readonly #sender: PacketSender
  readonly #hostSender: PacketSender
  #routes: readonly string[] = []
  #fence = 0

  private constructor(host: NetworkNamespace, ends: NetworkNamespace) {
    this.host = host
    this.#ends = ends
    this.#sender = new PacketSender(ends)
    this.#hostSender = new PacketSender(host)
  }

  /** Builds it with some workloads. */
  static async open(workloads: number): Promise<PacketLab> {
    const [host, ends] = [await NetworkNamespace.open(), await NetworkNamespace.open()]
    for (const namespace of [host, ends]) namespace.run(['sh', '-c', SETTINGS])
    const wires = ['eth0', 'eth1', FENCE_IN, FENCE_OUT, ...Array.from({ length: workloads }, (_, index) => `cali${index}`)]
    const make = (name: string) => [
      `link add ${name} address ${HOST_MAC} type veth peer name ${name} address ${END_MAC} netns ${ends.pid}`,
      `link set ${name} up`,
    ]
    host.run(['ip', '-batch', '-'], wires.flatMap(make).join('\n'))
    ends.run(
      ['ip', '-batch', '-'],
      wires
        .flatMap((name, metric) => [
          `link set ${name} up`,
          `neigh add ${GATEWAY4} lladdr ${HOST_MAC} dev ${name} nud permanent`,
          `neigh add ${GATEWAY6} lladdr ${HOST_MAC} dev ${name} nud permanent`,
          `route add default via ${GATEWAY4} dev ${name} onlink metric ${metric + 1}`,
          `route add ::/0 via ${GATEWAY6} dev ${name} metric ${metric + 1}`,
        ])
        .join('\n'),
    )
    ends.run(['nft', '-f', '-'], notes('prerouting priority -400', 'drop'))
    // What comes to the host itself: behind all that could drop it. Only what goes on is a connection to which there can be answers.
    host.run(['nft', '-f', '-'], notes('input priority 400', 'accept') + FENCE)
    const outside = [
      `neigh add ${GATEWAY4} lladdr ${END_MAC} dev eth0 nud permanent`,
      `neigh add ${GATEWAY6} lladdr ${END_MAC} dev eth0 nud permanent`,
      `route add default via ${GATEWAY4} dev eth0 onlink`,
      `route add ::/0 via ${GATEWAY6} dev eth0`,
      `neigh add ${GATEWAY4} lladdr ${END_MAC} dev eth1 nud permanent`,
      `neigh add ${GATEWAY6} lladdr ${END_MAC} dev eth1 nud permanent`,
      ...ELSEWHERE.map((net) => `route add ${net} via ${net.includes(':') ? GATEWAY6 : GATEWAY4} dev eth1 onlink`),
    ]
    host.run(['ip', '-batch', '-'], outside.join('\n'))
    return new PacketLab(host, ends)
  }

  /** Gives each workload its addresses, and takes those it had. Connections of before are forgotten. */
  route(addresses: readonly (readonly Ip[])[]): void {
    const wanted = addresses.flatMap((ips, index) => ips.map((ip) => [formatIp(ip), `cali${index}`] as const))
    const first = new Map(wanted.toReversed())
    const lines = [...first].flatMap(([address, wire]) => reach(address, wire))
    this.host.run(['ip', '-batch', '-'], [...this.#routes, ...lines].join('\n'))
    this.#routes = [...first].flatMap(([address, wire]) => [`route del ${address} dev ${wire}`, `neigh del ${address} dev ${wire}`])
    this.host.run(['conntrack', '-F'])
  }

  /** Gives an interface of the host an address of its own. */
  address(wire: string, ip: Ip): void {
    this.host.run(['ip', 'address', 'add', `${formatIp(ip)}/${ip.family === 4 ? 32 : 128}`, 'dev', wire, ...(ip.family === 6 ? ['nodad'] : [])])
  }

  /** Makes the host know who has which address on the wires of workloads; for labs in which something else makes the routes. */
  neighbours(addresses: readonly (readonly Ip[])[]): void {
    const lines = addresses.flatMap((ips, index) => ips.map((ip) => `neigh replace ${formatIp(ip)} lladdr ${END_MAC} dev cali${index} nud permanent`))
    this.host.run(['ip', '-batch', '-'], lines.join('\n'))
  }

  /** Sends packets one after another and tells of each whether it came out where it should. Those to one end must differ in what `keyOf` looks at. */
  async deliver(sendings: readonly Sending[]): Promise<boolean[]> {
    for (const namespace of [this.#ends, this.host])
      namespace.run(['nft', '-f', '-'], NOTED.map(({ set }) => `flush set inet notes ${set}\n`).join(''))
    const fence: Packet = { protocol: 17, source: FENCE_FROM, destination: FENCE_TO, srcPort: 1 + (this.#fence++ % 60_000), dstPort: 7 }
    // One after another, even if some are sent by the host: all senders are on one processor.
    for (const run of runsOf(sendings)) {
      const sender = run.fromHost ? this.#hostSender : this.#sender
      await sender.send(run.sendings.map(({ from, to, packet }) => wired(wireOf(run.fromHost ? to : from), packet)))
    }
    await this.#sender.send([wired(FENCE_IN, fence)])
    // What comes last came through the same queues behind all others.
    for (let tries = 0; !seenBy(this.#ends).has(keyOf(FENCE_OUT, fence)); tries++) {
      if (tries === TRIES) throw new Error('nothing comes through the lab')
    }
    // What came while that was listed may be missing from the list.
    const seen = seenBy(this.#ends)
    const atHost = sendings.some(({ to }) => to === 'host') ? seenBy(this.host) : new Set<string>()
    return sendings.map(({ from, to, packet: sent, arriving: packet = sent }) =>
      to === 'host' ? atHost.has(keyOf(wireOf(from), packet)) : seen.has(keyOf(wireOf(to), packet)),
    )
  }

  async close(): Promise<void> {
    await this.#sender.close()
    await this.#hostSender.close()
    await this.#ends.close()
    await this.host.close()
  }
}

// --- internal ---

/** What was noted in a namespace. */
function seenBy(namespace: NetworkNamespace): Set<string> {
  const { nftables } = JSON.parse(namespace.run(['nft', '-n', '-j', 'list', 'table', 'inet', 'notes'])) as { nftables: readonly NftObject[] }
  return new Set(nftables.flatMap(({ set }) => (set?.elem ?? []).map(({ concat }) => `${protocolOf(set?.name ?? '')}${concat.join(' ')}`)))
}

/** Neighbours in the list that are sent from the host, and those that are not. */
function runsOf(sendings: readonly Sending[]): { readonly fromHost: boolean; readonly sendings: Sending[] }[] {
  const runs: { readonly fromHost: boolean; readonly sendings: Sending[] }[] = []
  for (const sending of sendings) {
    const fromHost = sending.from === 'host'
    const last = runs.at(-1)
    if (last?.fromHost === fromHost) last.sendings.push(sending)
    else runs.push({ fromHost, sendings: [sending] })
  }
  return runs
}

interface NftObject {
  readonly set?: { readonly name: string; readonly elem?: readonly { readonly concat: readonly (string | number)[] }[] }
}

/** Listings of what came, until the last packet must be there. */
const TRIES = 200
const END_MAC = '02:00:00:00:00:01'
const HOST_MAC = 'ee:ee:ee:ee:ee:ee'
const GATEWAY4 = '169.254.1.1'
const GATEWAY6 = 'fe80::1'
/** Two wires past all policy, that of host endpoints for all interfaces too, and as far from each other as workloads are. */
const FENCE_IN = 'fence0'
const FENCE_OUT = 'fence1'
/** Networks beyond `eth1`; all others are beyond `eth0`. */
const ELSEWHERE = ['198.18.77.0/24', '2001:db8:e15e::/64']
const FENCE_FROM: Ip = { family: 4, value: 0xa9fe_0707 }
const FENCE_TO: Ip = { family: 4, value: 0xa9fe_0808 }

const SETTINGS = `
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
# Linux takes the checksum of UDP-Lite for that of UDP, and finds every one of them wrong.
echo 0 > /proc/sys/net/netfilter/nf_conntrack_checksum
`

interface Noted {
  readonly name: string
  readonly when: string
  readonly types: string
  readonly fields: string
  readonly only?: 4 | 6
}
/** What of a packet is noted, for each set: nft takes no more than five fields together. */
const KINDS: readonly Noted[] = [
  ...PORTED.map((protocol) => ({
    name: `protocol-${protocol}-`,
    when: `meta l4proto ${protocol}`,
    types: 'inet_service . inet_service',
    fields: 'th sport . th dport',
  })),
  { name: 'icmp', when: 'meta l4proto 1', types: 'icmp_type . icmp_code', fields: 'icmp type . icmp code', only: 4 },
  { name: 'icmpv6-', when: 'icmpv6 type { 128, 139 }', types: 'icmpv6_type . icmpv6_code', fields: 'icmpv6 type . icmpv6 code', only: 6 },
  { name: 'other', when: `meta l4proto != { 1, 58, ${PORTED.join(', ')} }`, types: 'inet_proto', fields: 'meta l4proto' },
]
const NOTED = KINDS.flatMap(({ name, when, types, fields, only }) =>
  ([4, 6] as const)
    .filter((family) => (only ?? family) === family)
    .map((family) => ({
      set: `${name}${family}`,
      type: `iface_index . ipv${family}_addr . ipv${family}_addr . ${types}`,
      rule: `${when} add @${name}${family} { iif . ${family === 4 ? 'ip saddr . ip' : 'ip6 saddr . ip6'} daddr . ${fields} }`,
    })),
)
/** Notes what comes, and then lets it go, without answers, or on. */
const notes = (hook: string, then: 'drop' | 'accept') => `
table inet notes {
${NOTED.map(({ set, type }) => `set ${set} { type ${type}; flags dynamic; size 65535; }`).join('\n')}
chain note {
type filter hook ${hook}; policy accept;
${NOTED.map(({ rule }) => `${rule} ${then}`).join('\n')}
}
}
`

const FENCE = `
table netdev fence {
chain pass {
type filter hook ingress device ${FENCE_IN} priority 0; policy accept;
ether daddr set ${END_MAC} fwd to ${FENCE_OUT}
}
}
`

function reach(address: string, wire: string): string[] {
  return [`route replace ${address} dev ${wire}`, `neigh replace ${address} lladdr ${END_MAC} dev ${wire} nud permanent`]
}

function wireOf(end: LabPlace): string {
  return end === 'outside' ? 'eth0' : end === 'elsewhere' ? 'eth1' : `cali${end}`
}

function wired(wire: string, packet: Packet) {
  return { wire, destination: packet.destination, bytes: packetBytes(packet) }
}

/** The protocol whose packets a set is for, in front of keys. */
function protocolOf(set: string): string {
  return `${/^protocol-(\d+)-/.exec(set)?.[1] ?? ''} `
}

/** As nft's numeric listing has it. */
function keyOf(wire: string, { source, destination, protocol, srcPort = 0, dstPort = 0, icmpType = 0, icmpCode = 0 }: Packet): string {
  const ends = `${wire} ${formatIp(source)} ${formatIp(destination)}`
  if (PORTED.includes(protocol)) return `${protocol} ${ends} ${srcPort} ${dstPort}`
  return protocol === ICMP || protocol === ICMPV6 ? ` ${ends} ${icmpType} ${icmpCode}` : ` ${ends} ${protocol}`
}
