import { DEFAULT_AS_NUMBER } from '../../model/as-number.ts'
import type { Resource } from '../../model/kind.ts'
import { containsNet, type Family, formatIp, type Ip, maskNet, type Net, parseCidr, parseIp, parseNet } from '../../model/net.ts'

/** Kinds that routing depends on. */
export const ROUTING_KINDS = ['Node', 'IPPool', 'BGPConfiguration', 'BGPPeer', 'BGPFilter'] as const

/** A block of addresses, and the host that announces it. */
export interface OwnedBlock {
  readonly node: string
  readonly block: Net
}

/** Where an address is, for addresses of workloads. */
export interface PlacedAddress {
  readonly node: string
  readonly ip: Ip
}

/** All that routing is made from, read. */
export interface RoutingFacts {
  /** The own host's name. */
  readonly node: string
  readonly nodes: ReadonlyMap<string, HostNode>
  readonly pools: readonly RoutedPool[]
  readonly blocks: readonly OwnedBlock[]
  /** Addresses of workloads and tunnels outside of all blocks of their host. */
  readonly borrowed: readonly PlacedAddress[]
  /** BGPConfiguration `default` and `node.<name>`, by name. */
  readonly configurations: ReadonlyMap<string, BgpConfigurationSpec>
  readonly peers: readonly { readonly name: string; readonly spec: BgpPeerSpec }[]
  readonly filters: ReadonlyMap<string, BgpFilterSpec>
}

/** A Node as routing sees it. */
export interface HostNode {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Its address of each family, with the prefix length of its network (that of the address alone if unknown). */
  readonly addresses: Readonly<Partial<Record<Family, Net>>>
  readonly asNumber: number
  readonly clusterId: string | undefined
  readonly ipipAddress: Ip | undefined
  readonly vxlan: Readonly<Partial<Record<Family, VxlanEnd>>>
}

export interface VxlanEnd {
  readonly address: Ip
  /** Undefined: that which follows from the host's name. */
  readonly mac: string | undefined
}

export type TunnelMode = 'Never' | 'Always' | 'CrossSubnet'

export interface RoutedPool {
  readonly name: string
  readonly net: Net
  readonly ipip: TunnelMode
  readonly vxlan: TunnelMode
  readonly exported: boolean
  /** Addresses are assigned from it. */
  readonly enabled: boolean
  readonly nodeSelector: string
}

export interface BgpConfigurationSpec {
  readonly logSeverityScreen?: string
  readonly nodeToNodeMeshEnabled?: boolean
  readonly asNumber?: number
  readonly communities?: readonly { readonly name?: string; readonly value?: string }[]
  readonly prefixAdvertisements?: readonly { readonly cidr?: string; readonly communities?: readonly string[] }[]
  readonly listenPort?: number | bigint
  readonly nodeMeshPassword?: PasswordReference
  readonly nodeMeshMaxRestartTime?: string
  readonly bindMode?: string
  readonly ignoredInterfaces?: readonly string[]
  readonly ipv4NormalRoutePriority?: number | bigint
  readonly ipv6NormalRoutePriority?: number | bigint
}

export interface BgpPeerSpec {
  readonly node?: string
  readonly nodeSelector?: string
  readonly peerIP?: string
  readonly asNumber?: number
  readonly localASNumber?: number
  readonly peerSelector?: string
  readonly keepOriginalNextHop?: boolean
  readonly nextHopMode?: string
  readonly password?: PasswordReference
  readonly sourceAddress?: string
  readonly maxRestartTime?: string
  readonly keepaliveTime?: string
  readonly numAllowedLocalASNumbers?: number | bigint
  readonly ttlSecurity?: number | bigint
  readonly reachableBy?: string
  readonly filters?: readonly string[]
  readonly localWorkloadSelector?: string
  readonly reversePeering?: string
}

export interface PasswordReference {
  readonly secretKeyRef?: { readonly name?: string; readonly key?: string }
}

export interface BgpFilterSpec {
  readonly exportV4?: readonly BgpFilterRule[]
  readonly importV4?: readonly BgpFilterRule[]
  readonly exportV6?: readonly BgpFilterRule[]
  readonly importV6?: readonly BgpFilterRule[]
}

export interface BgpFilterRule {
  readonly cidr?: string
  readonly prefixLength?: { readonly min?: number | bigint; readonly max?: number | bigint }
  readonly source?: string
  readonly interface?: string
  readonly matchOperator?: string
  readonly peerType?: string
  readonly communities?: { readonly values?: readonly string[] }
  readonly asPathPrefix?: readonly number[]
  readonly priority?: number | bigint
  readonly action?: string
  readonly operations?: readonly {
    readonly addCommunity?: { readonly value?: string }
    readonly prependASPath?: { readonly prefix?: readonly number[] }
    readonly setPriority?: { readonly value?: number | bigint }
  }[]
}

/** Reads what routing is made from. Resources of other kinds are passed over. */
export function routingFacts(
  node: string,
  resources: readonly Resource[],
  blocks: readonly OwnedBlock[],
  workloads: readonly PlacedAddress[],
): RoutingFacts {
  const named = <T>(kind: string): [string, T][] =>
    resources.flatMap((resource) => (resource.kind === kind ? [[resource.metadata.name ?? '', (resource.spec ?? {}) as T]] : []))
  const configurations = new Map(named<BgpConfigurationSpec>('BGPConfiguration'))
  const asNumber = configurations.get('default')?.asNumber ?? DEFAULT_AS_NUMBER
  const nodes = new Map(
    resources.flatMap((resource) => (resource.kind === 'Node' ? [[resource.metadata.name ?? '', hostNode(resource, asNumber)] as const] : [])),
  )
  const blocksOf = new Map<string, Net[]>()
  for (const { node, block } of blocks) {
    const own = blocksOf.get(node)
    if (own) own.push(block)
    else blocksOf.set(node, [block])
  }
  return {
    node,
    nodes,
    pools: named<PoolSpec>('IPPool').flatMap(([name, spec]) => routedPool(name, spec)),
    blocks,
    borrowed: [...workloads, ...tunnelAddresses(nodes)].filter(({ node, ip }) => !blocksOf.get(node)?.some((block) => containsNet(block, ip))),
    configurations,
    peers: named<BgpPeerSpec>('BGPPeer')
      .map(([name, spec]) => ({ name, spec }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    filters: new Map(named<BgpFilterSpec>('BGPFilter')),
  }
}

// --- internal ---

interface NodeSpec {
  readonly bgp?: {
    readonly asNumber?: number
    readonly ipv4Address?: string
    readonly ipv6Address?: string
    readonly ipv4IPIPTunnelAddr?: string
    readonly routeReflectorClusterID?: string
  }
  readonly ipv4VXLANTunnelAddr?: string
  readonly vxlanTunnelMACAddr?: string
  readonly ipv6VXLANTunnelAddr?: string
  readonly vxlanTunnelMACAddrV6?: string
}

interface PoolSpec {
  readonly cidr?: string
  readonly ipipMode?: string
  readonly vxlanMode?: string
  readonly disableBGPExport?: boolean
  readonly disabled?: boolean
  readonly nodeSelector?: string
}

function tunnelAddresses(nodes: ReadonlyMap<string, HostNode>): PlacedAddress[] {
  return [...nodes.values()].flatMap(({ name, ipipAddress, vxlan }) =>
    [ipipAddress, vxlan[4]?.address, vxlan[6]?.address].flatMap((ip) => (ip ? [{ node: name, ip }] : [])),
  )
}

function hostNode({ metadata, spec }: Resource, defaultAsNumber: number): HostNode {
  const { bgp = {}, ...tunnels } = (spec ?? {}) as NodeSpec
  const four = parseNet(bgp.ipv4Address ?? '')
  const six = parseNet(bgp.ipv6Address ?? '')
  const [vxlan4, vxlan6] = [
    vxlanEnd(tunnels.ipv4VXLANTunnelAddr, tunnels.vxlanTunnelMACAddr, 4),
    vxlanEnd(tunnels.ipv6VXLANTunnelAddr, tunnels.vxlanTunnelMACAddrV6, 6),
  ]
  const clusterId = parseIp(bgp.routeReflectorClusterID ?? '')
  return {
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    addresses: { ...(four?.family === 4 ? { 4: four } : {}), ...(six?.family === 6 ? { 6: six } : {}) },
    asNumber: bgp.asNumber ?? defaultAsNumber,
    clusterId: clusterId?.family === 4 ? formatIp(clusterId) : undefined,
    ipipAddress: parseIp(bgp.ipv4IPIPTunnelAddr ?? ''),
    vxlan: { ...(vxlan4 ? { 4: vxlan4 } : {}), ...(vxlan6 ? { 6: vxlan6 } : {}) },
  }
}

function vxlanEnd(address: string | undefined, mac: string | undefined, family: Family): VxlanEnd | undefined {
  const ip = parseIp(address ?? '')
  return ip?.family === family ? { address: ip, mac: /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac ?? '') ? mac?.toLowerCase() : undefined } : undefined
}

function routedPool(name: string, { cidr, ipipMode, vxlanMode, disableBGPExport, disabled, nodeSelector = '' }: PoolSpec): RoutedPool[] {
  const net = parseCidr(cidr ?? '')
  if (!net) return []
  return [
    { name, net: maskNet(net), ipip: modeOf(ipipMode), vxlan: modeOf(vxlanMode), exported: !disableBGPExport, enabled: !disabled, nodeSelector },
  ]
}

function modeOf(text: string | undefined): TunnelMode {
  return text === 'Always' || text === 'CrossSubnet' ? text : 'Never'
}
