import { formatIp, type Ip } from '../../src/model/net.ts'
import { ICMP, ICMPV6, PORTED } from '../../src/policy/connections/packet.ts'
import type { Packet } from '../../src/policy/interpreter/packet.ts'
import { NetworkNamespace, PacketSender } from './netns.ts'
import { packetBytes } from './packet-bytes.ts'

/** A packet, and the wires it is sent from and expected at: numbers of workloads, `outside` otherwise. */
export interface Sending {
  readonly from: number | 'outside'
  readonly to: number | 'outside'
  readonly packet: Packet
}

/**
 * A host in a namespace of its own, with wires to workloads (`cali0`, `cali1`, ...) and to an outside (`eth0`): packets go where its kernel lets them, and what
 * comes out is seen. All other ends of the wires are in one namespace, where packets are only sent and noted.
 */
export class PacketLab {
  readonly host: NetworkNamespace
  readonly #ends: NetworkNamespace
  readonly #sender: PacketSender
  #routes: readonly string[] = []
  #fence = 0

  private constructor(host: NetworkNamespace, ends: NetworkNamespace) {
    this.host = host
    this.#ends = ends
    this.#sender = new PacketSender(ends)
  }

  /** Builds it with some workloads. */
  static async open(workloads: number): Promise<PacketLab> {
    const [host, ends] = [await NetworkNamespace.open(), await NetworkNamespace.open()]
    for (const namespace of [host, ends]) namespace.run(['sh', '-c', SETTINGS])
    const wires = ['eth0', FENCE_IN, FENCE_OUT, ...Array.from({ length: workloads }, (_, index) => `cali${index}`)]
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
    ends.run(['nft', '-f', '-'], NOTES)
    const outside = [
      `neigh add ${GATEWAY4} lladdr ${END_MAC} dev eth0 nud permanent`,
      `neigh add ${GATEWAY6} lladdr ${END_MAC} dev eth0 nud permanent`,
      `route add default via ${GATEWAY4} dev eth0 onlink`,
      `route add ::/0 via ${GATEWAY6} dev eth0`,
      ...reach(formatIp(FENCE_TO), FENCE_OUT),
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

  /** Makes the host know who has which address on the wires of workloads; for labs in which something else makes the routes. */
  neighbours(addresses: readonly (readonly Ip[])[]): void {
    const lines = addresses.flatMap((ips, index) => ips.map((ip) => `neigh replace ${formatIp(ip)} lladdr ${END_MAC} dev cali${index} nud permanent`))
    this.host.run(['ip', '-batch', '-'], lines.join('\n'))
  }

  /** Sends packets one after another and tells of each whether it came out where it should. Those to one end must differ in what `keyOf` looks at. */
  async deliver(sendings: readonly Sending[]): Promise<boolean[]> {
    this.#ends.run(['nft', '-f', '-'], NOTED.map(({ set }) => `flush set inet notes ${set}\n`).join(''))
    const fence: Packet = { protocol: 17, source: FENCE_FROM, destination: FENCE_TO, srcPort: 1 + (this.#fence++ % 60_000), dstPort: 7 }
    await this.#sender.send([...sendings.map(({ from, packet }) => wired(wireOf(from), packet)), wired(FENCE_IN, fence)])
    // What comes last came through the same queues behind all others.
    let seen = this.#seen()
    for (let tries = 0; !seen.has(keyOf(FENCE_OUT, fence)); tries++) {
      if (tries === TRIES) throw new Error(`nothing comes through the lab: ${[...seen].join('; ')}`)
      seen = this.#seen()
    }
    return sendings.map(({ to, packet }) => seen.has(keyOf(wireOf(to), packet)))
  }

  async close(): Promise<void> {
    await this.#sender.close()
    await this.#ends.close()
    await this.host.close()
  }

  // --- internal ---

  #seen(): Set<string> {
    const { nftables } = JSON.parse(this.#ends.run(['nft', '-n', '-j', 'list', 'sets', 'inet'])) as { nftables: readonly NftObject[] }
    return new Set(nftables.flatMap(({ set }) => (set?.elem ?? []).map(({ concat }) => `${protocolOf(set?.name ?? '')}${concat.join(' ')}`)))
  }
}

// --- internal ---

interface NftObject {
  readonly set?: { readonly name: string; readonly elem?: readonly { readonly concat: readonly (string | number)[] }[] }
}

/** Listings of what came, until the last packet must be there. */
const TRIES = 200
const END_MAC = '02:00:00:00:00:01'
const HOST_MAC = 'ee:ee:ee:ee:ee:ee'
const GATEWAY4 = '169.254.1.1'
const GATEWAY6 = 'fe80::1'
/** Two wires that no policy is about, as far from each other as workloads are. */
const FENCE_IN = 'fence0'
const FENCE_OUT = 'fence1'
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
      rule: `${when} add @${name}${family} { iif . ${family === 4 ? 'ip saddr . ip' : 'ip6 saddr . ip6'} daddr . ${fields} } drop`,
    })),
)
/** Notes what comes and lets it go: no answers. */
const NOTES = `
table inet notes {
${NOTED.map(({ set, type }) => `set ${set} { type ${type}; flags dynamic; size 65535; }`).join('\n')}
chain note {
type filter hook prerouting priority -400; policy accept;
${NOTED.map(({ rule }) => rule).join('\n')}
}
}
`

function reach(address: string, wire: string): string[] {
  return [`route replace ${address} dev ${wire}`, `neigh replace ${address} lladdr ${END_MAC} dev ${wire} nud permanent`]
}

function wireOf(end: number | 'outside'): string {
  return end === 'outside' ? 'eth0' : `cali${end}`
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
