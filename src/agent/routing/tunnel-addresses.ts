import { autoAssign } from '../../ipam/assign.ts'
import { addressesOfHandle, releaseByHandle } from '../../ipam/release.ts'
import { type Ipam, IpamError } from '../../ipam/store.ts'
import { containsNet, type Family, formatIp, formatNet, type Ip } from '../../model/net.ts'
import type { Resource } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { matches } from '../../model/selector/evaluate.ts'
import { parseSelector } from '../../model/selector/parse.ts'
import { writeResources } from '../../store/resources/write.ts'
import type { HostNode, RoutedPool, RoutingFacts } from './facts.ts'

/**
 * Sees to it that the host has an address in each tunnel that a pool wants, out of such a pool, and none in others; its Node tells them to the other hosts. Handles
 * and attributes are those that Calico uses (`reference/model.md 8.7`).
 */
export class TunnelAddresses {
  readonly #ipam: Ipam
  readonly #node: string
  /** What was found right, so that it is not looked at again for each change. */
  readonly #settled = new Map<string, string>()

  constructor(ipam: Ipam, node: string) {
    this.#ipam = ipam
    this.#node = node
  }

  /** Gives what could not be done, and why. */
  async update(facts: RoutingFacts): Promise<string[]> {
    const own = facts.nodes.get(this.#node)
    if (!own) return []
    const notes: string[] = []
    for (const tunnel of TUNNELS) {
      const pools = facts.pools.filter(
        (pool) => pool.enabled && pool.net.family === tunnel.family && pool[tunnel.type] !== 'Never' && selects(pool, own),
      )
      const current = tunnel.current(own)
      const state = JSON.stringify([current && formatIp(current), pools.map(({ net }) => formatNet(net))])
      if (this.#settled.get(tunnel.handle) === state) continue
      try {
        const address = await this.#ensure(tunnel, pools, current)
        if (address?.value !== current?.value) await this.#tell(tunnel, address)
        else this.#settled.set(tunnel.handle, state)
      } catch (error) {
        notes.push(`this host has no address in the ${tunnel.title} tunnel: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return notes
  }

  // --- internal ---

  /** The address that the host has after this. */
  async #ensure(tunnel: Tunnel, pools: readonly RoutedPool[], current: Ip | undefined): Promise<Ip | undefined> {
    const handle = `${tunnel.handle}-${this.#node}`
    const held = await addressesOfHandle(this.#ipam, handle).catch((error: unknown) => {
      if (error instanceof IpamError && error.code === 'missing') return []
      throw error
    })
    const usable = held.filter((ip) => pools.some(({ net }) => containsNet(net, ip)))
    const same = usable.find((ip) => ip.value === current?.value)
    const kept = same ?? usable[0]
    if (kept) return kept
    if (held.length > 0) await releaseByHandle(this.#ipam, handle)
    if (pools.length === 0) return undefined
    const cidrs = pools.map(({ net }) => formatNet(net))
    const request = tunnel.family === 4 ? { num4: 1, pools4: cidrs } : { num6: 1, pools6: cidrs }
    const holder = { handle, attributes: { node: this.#node, type: tunnel.attribute } }
    const { v4, v6, error } = await autoAssign(this.#ipam, { host: this.#node, use: 'Tunnel', holder, ...request })
    const [first] = (v4 ?? v6)?.addresses ?? []
    if (first) return first
    throw error ?? new Error('no address is free')
  }

  /** Writes the address into the Node. */
  async #tell(tunnel: Tunnel, address: Ip | undefined): Promise<void> {
    const { datastore, clock } = this.#ipam
    const kind = kindNamed('Node')
    if (!kind) throw new Error('no kind Node')
    const modify = (current: Resource): Resource => ({
      ...current,
      spec: tunnel.write((current.spec ?? {}) as NodeSpec, address && formatIp(address)),
    })
    const author = { user: 'agent', host: this.#node, verb: 'node run' }
    const [outcome] = await writeResources(datastore, [{ type: 'modify', target: { kind, name: this.#node }, modify }], { author, clock })
    if (outcome?.type === 'failed') throw new Error(outcome.failure.message)
  }
}

// --- internal ---

interface Tunnel {
  readonly type: 'ipip' | 'vxlan'
  readonly family: Family
  readonly title: string
  /** Before the node's name. */
  readonly handle: string
  readonly attribute: string
  readonly current: (node: HostNode) => Ip | undefined
  readonly write: (spec: NodeSpec, address: string | undefined) => NodeSpec
}

type NodeSpec = Readonly<Record<string, unknown>> & { readonly bgp?: Readonly<Record<string, unknown>> }

const TUNNELS: readonly Tunnel[] = [
  {
    type: 'ipip',
    family: 4,
    title: 'IP-in-IP',
    handle: 'ipip-tunnel-addr',
    attribute: 'ipipTunnelAddress',
    current: (node) => node.ipipAddress,
    write: (spec, address) => ({ ...spec, bgp: withField(spec.bgp ?? {}, 'ipv4IPIPTunnelAddr', address) }),
  },
  {
    type: 'vxlan',
    family: 4,
    title: 'VXLAN',
    handle: 'vxlan-tunnel-addr',
    attribute: 'vxlanTunnelAddress',
    current: (node) => node.vxlan[4]?.address,
    write: (spec, address) => withField(spec, 'ipv4VXLANTunnelAddr', address),
  },
  {
    type: 'vxlan',
    family: 6,
    title: 'IPv6 VXLAN',
    handle: 'vxlan-v6-tunnel-addr',
    attribute: 'vxlanV6TunnelAddress',
    current: (node) => node.vxlan[6]?.address,
    write: (spec, address) => withField(spec, 'ipv6VXLANTunnelAddr', address),
  },
]

function withField<T extends Readonly<Record<string, unknown>>>(object: T, name: string, value: string | undefined): T {
  const { [name]: _, ...others } = object
  return { ...others, ...(value === undefined ? {} : { [name]: value }) } as T
}

function selects({ nodeSelector }: RoutedPool, { labels }: HostNode): boolean {
  const { ast } = parseSelector(nodeSelector)
  return ast !== undefined && matches(ast, labels)
}
