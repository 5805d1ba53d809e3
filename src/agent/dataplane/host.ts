import { type Family, formatIp, type Ip, type Net } from '../../model/net.ts'
import type { Endpoint, World } from '../../policy/world/world.ts'
import { isInterfaceName } from './names.ts'
import type { DataplaneSettings } from './settings.ts'

/** What the data plane has to know of its host, besides the world. */
export interface HostFacts {
  /** The host's name, as in `spec.node` of its endpoints. */
  readonly node: string
  /** Interfaces of the host with their addresses. */
  readonly interfaces: ReadonlyMap<string, readonly Ip[]>
  readonly pools: readonly { readonly net: Net; readonly natOutgoing: boolean }[]
  /** Addresses of all hosts. */
  readonly hosts: readonly Ip[]
  readonly settings: DataplaneSettings
  /** Addresses of this host at which it answers workloads for names. */
  readonly nameServers?: readonly Ip[]
  /** Tunnels between hosts that pools want; absent: none. */
  readonly tunnels?: TunnelFacts
}

export interface TunnelFacts {
  readonly ipip: boolean
  /** Families in which there is VXLAN. */
  readonly vxlan: readonly Family[]
}

/** Interfaces of the workloads that this agent makes itself begin so. */
export const WORKLOAD_PREFIX = 'cali'

/** The endpoints of this host, by their interface; `*` is the host endpoint for all interfaces without one of their own. */
export interface LocalEndpoints {
  readonly workloads: ReadonlyMap<string, Endpoint>
  readonly hosts: ReadonlyMap<string, Endpoint>
  /** Endpoints that cannot act, and why. */
  readonly idle: readonly { readonly endpoint: Endpoint; readonly reason: string }[]
}

/** Finds the endpoints of a host. Of several for one interface the first by name acts (`reference/felix.md 1.7, 1.10`). */
export function localEndpoints(world: World, host: HostFacts): LocalEndpoints {
  const [workloads, hosts] = [new Map<string, Endpoint>(), new Map<string, Endpoint>()]
  const { workloadPrefixes, isExcluded } = host.settings
  const idle: { endpoint: Endpoint; reason: string }[] = []
  const local = world.endpoints.filter(({ node }) => node === host.node).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  for (const endpoint of local) {
    const names = endpoint.kind === 'workload' ? [interfaceOf(endpoint)] : hostInterfaces(endpoint, host)
    const taken = endpoint.kind === 'workload' ? workloads : hosts
    const [first] = names
    if (first === undefined) idle.push({ endpoint, reason: 'no interface of this host has one of its addresses' })
    for (const name of names) {
      const other = taken.get(name)
      if (name !== '*' && !isInterfaceName(name)) idle.push({ endpoint, reason: `"${name}" cannot be the name of an interface` })
      else if (endpoint.kind === 'workload' && !workloadPrefixes.some((prefix) => name.startsWith(prefix))) {
        idle.push({ endpoint, reason: `the interface of a workload begins with "${workloadPrefixes.join('" or "')}", "${name}" does not` })
      } else if (endpoint.kind === 'host' && name !== '*' && isExcluded(name)) {
        idle.push({ endpoint, reason: `the interface "${name}" is excluded by interfaceExclude` })
      } else if (other) idle.push({ endpoint, reason: `its interface "${name}" belongs to ${other.id} already` })
      else taken.set(name, endpoint)
    }
  }
  return { workloads, hosts, idle }
}

// --- internal ---

function interfaceOf({ resource }: Endpoint): string {
  return (resource.spec as { interfaceName?: string } | undefined)?.interfaceName ?? ''
}

function hostInterfaces(endpoint: Endpoint, { interfaces, settings }: HostFacts): string[] {
  const name = interfaceOf(endpoint)
  if (name !== '') return [name]
  const expected = new Set(endpoint.addresses.map(formatIp))
  return [...interfaces].flatMap(([name, addresses]) => {
    return !settings.isExcluded(name) && addresses.some((ip) => expected.has(formatIp(ip))) ? [name] : []
  })
}
