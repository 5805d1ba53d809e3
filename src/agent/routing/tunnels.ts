import { createHash } from 'node:crypto'
import { containsNet, type Family, formatIp, formatNet, type Ip, maskNet, type Net, netOf } from '../../model/net.ts'
import type { HostNode, RoutedPool, RoutingFacts } from './facts.ts'
import type { HostRoute } from './host-routes.ts'

/** The interface of the host that has its own address of a family. */
export interface OwnLink {
  readonly name: string
  readonly mtu: number
}

export interface TunnelDevice {
  readonly name: string
  readonly type: 'ipip' | 'vxlan'
  /** The host's address in the tunnel. */
  readonly address: Ip
  /** The host's address outside of it. */
  readonly local: Ip
  readonly link: OwnLink
  readonly mtu: number
  /** VXLAN only. */
  readonly mac: string
}

/** Who is behind an address in a VXLAN tunnel. */
export interface TunnelNeighbour {
  readonly device: string
  readonly address: Ip
  readonly mac: string
  readonly host: Ip
}

export interface TunnelPlan {
  readonly devices: readonly TunnelDevice[]
  readonly neighbours: readonly TunnelNeighbour[]
  readonly routes: readonly HostRoute[]
}

export const IPIP_DEVICE = 'tunl0'
export const VXLAN_DEVICES: Readonly<Record<Family, string>> = { 4: 'vxlan.calico', 6: 'vxlan-v6.calico' }

/**
 * How this host reaches blocks of others, and addresses that they have borrowed, through tunnels (`reference/felix.md 5.1`). Routes of pools with VXLAN are all
 * here; of those with IP-in-IP only those through the tunnel, the others are BIRD's.
 */
export function tunnelPlan(facts: RoutingFacts, links: Readonly<Partial<Record<Family, OwnLink>>>): TunnelPlan {
  const own = facts.nodes.get(facts.node)
  if (!own) return { devices: [], neighbours: [], routes: [] }
  const devices = [ipipDevice(facts, own, links), vxlanDevice(facts, own, links, 4), vxlanDevice(facts, own, links, 6)].flatMap(
    (device) => device ?? [],
  )
  const has = (name: string) => devices.some((device) => device.name === name)
  const neighbours = devices.flatMap((device) => (device.type === 'vxlan' ? vxlanNeighbours(facts, own, device) : []))
  const targets: { node: string; net: Net }[] = [
    ...facts.blocks.map(({ node, block }) => ({ node, net: block })),
    ...facts.borrowed.map(({ node, ip }) => ({ node, net: netOf(ip) })),
  ]
  const routes = new Map<string, HostRoute>()
  for (const { node, net } of targets) {
    const other = node === own.name ? undefined : facts.nodes.get(node)
    const pool = facts.pools.find((pool) => containsNet(pool.net, net))
    const address = other?.addresses[net.family]
    const mine = own.addresses[net.family]
    if (!other || !pool || !address || !mine) continue
    const isNear = containsNet(maskNet(mine), ipOf(address))
    const route = routeOf(pool, { other, address, isNear, link: links[net.family], has })
    const to = net.prefix === (net.family === 4 ? 32 : 128) ? formatIp(net) : formatNet(net)
    if (route && !routes.has(to)) routes.set(to, { to, through: route })
  }
  return { devices, neighbours, routes: [...routes.values()] }
}

/** Whether addresses in a tunnel are wanted, by what pools say. */
export function needsTunnel(pools: readonly RoutedPool[], type: 'ipip' | 'vxlan', family: Family): boolean {
  return pools.some((pool) => pool.net.family === family && pool[type] !== 'Never')
}

// --- internal ---

/** Bytes that the outer headers take. */
const OVERHEAD = { ipip: 20, vxlan: { 4: 50, 6: 70 } } as const

function ipipDevice(facts: RoutingFacts, own: HostNode, links: Readonly<Partial<Record<Family, OwnLink>>>): TunnelDevice | undefined {
  const [local, link, address] = [own.addresses[4], links[4], own.ipipAddress]
  if (!local || !link || address?.family !== 4 || !needsTunnel(facts.pools, 'ipip', 4)) return undefined
  return { name: IPIP_DEVICE, type: 'ipip', address, local: ipOf(local), link, mtu: link.mtu - OVERHEAD.ipip, mac: '' }
}

function vxlanDevice(
  facts: RoutingFacts,
  own: HostNode,
  links: Readonly<Partial<Record<Family, OwnLink>>>,
  family: Family,
): TunnelDevice | undefined {
  const [local, link, end] = [own.addresses[family], links[family], own.vxlan[family]]
  if (!local || !link || !end || !needsTunnel(facts.pools, 'vxlan', family)) return undefined
  return {
    name: VXLAN_DEVICES[family],
    type: 'vxlan',
    address: end.address,
    local: ipOf(local),
    link,
    mtu: link.mtu - OVERHEAD.vxlan[family],
    mac: end.mac ?? macOf(own.name, family),
  }
}

function vxlanNeighbours(facts: RoutingFacts, own: HostNode, device: TunnelDevice): TunnelNeighbour[] {
  const { family } = device.address
  return [...facts.nodes.values()].flatMap((node) => {
    const [end, address] = [node.vxlan[family], node.addresses[family]]
    if (node.name === own.name || !end || !address) return []
    return [{ device: device.name, address: end.address, mac: end.mac ?? macOf(node.name, family), host: ipOf(address) }]
  })
}

/** As Calico's own agents compute it of each other, where a Node does not say. */
function macOf(node: string, family: Family): string {
  const hash = createHash('sha1')
    .update(family === 4 ? node : `${node}-v6`)
    .digest()
  return ['66', ...[...hash.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':')
}

interface Way {
  readonly other: HostNode
  /** The other's own address. */
  readonly address: Net
  /** It is in the host's own network. */
  readonly isNear: boolean
  readonly link: OwnLink | undefined
  readonly has: (device: string) => boolean
}

function routeOf(pool: RoutedPool, { other, address, isNear, link, has }: Way): HostRoute['through'] | undefined {
  const direct = { device: link?.name ?? '', gateway: formatIp(address) }
  if (pool.vxlan !== 'Never') {
    if (pool.vxlan === 'CrossSubnet' && isNear) return link && direct
    const device = VXLAN_DEVICES[address.family]
    const end = other.vxlan[address.family]
    return end && has(device) ? { device, gateway: formatIp(end.address) } : undefined
  }
  if (pool.ipip === 'Never' || (pool.ipip === 'CrossSubnet' && isNear) || !has(IPIP_DEVICE)) return undefined
  return { device: IPIP_DEVICE, gateway: formatIp(address) }
}

function ipOf(net: Net): Ip {
  return net.family === 4 ? { family: 4, value: net.value } : { family: 6, value: net.value }
}
