import type { Resource } from './kind.ts'
import type { ResourceName } from './problem.ts'

/** What may hold something of a node: all resources of these kinds, and the node itself. */
export interface NodeSurroundings {
  readonly node: Resource
  readonly workloadEndpoints: readonly Resource[]
  readonly hostEndpoints: readonly Resource[]
  readonly bgpPeers: readonly Resource[]
  readonly bgpConfigurations: readonly Resource[]
  readonly felixConfigurations: readonly Resource[]
}

/** What goes when a node is deleted, in the order in which it goes. */
export interface NodeCascade {
  /** The node is the last of them: when something fails on the way, deleting it again goes on from there. */
  readonly resources: readonly ResourceName[]
  /** Addresses to give back: those of its workloads and of its tunnels, without prefix length. Blocks of the node go besides. */
  readonly addresses: readonly string[]
}

/** Plans the delete of a node (`reference/model.md 2.10`). Peers that name the node by a selector stay. */
export function planNodeDelete(surroundings: NodeSurroundings): NodeCascade {
  const name = surroundings.node.metadata.name ?? ''
  const ofNode = (resource: Resource) => (resource.spec as { node?: string } | undefined)?.node === name
  const configuresNode = (resource: Resource) => resource.metadata.name === `node.${name}`
  const endpoints = surroundings.workloadEndpoints.filter(ofNode)
  const resources = [
    ...endpoints,
    ...surroundings.bgpPeers.filter(ofNode),
    ...surroundings.felixConfigurations.filter(configuresNode),
    ...surroundings.bgpConfigurations.filter(configuresNode),
    ...surroundings.hostEndpoints.filter(ofNode),
    surroundings.node,
  ]
  return {
    resources: resources.map(nameOf),
    addresses: [...new Set([...endpoints.flatMap(workloadAddresses), ...tunnelAddresses(surroundings.node)])],
  }
}

// --- internal ---

function nameOf({ kind, metadata }: Resource): ResourceName {
  return {
    kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(metadata.name === undefined ? {} : { name: metadata.name }),
  }
}

function workloadAddresses(endpoint: Resource): string[] {
  const networks = (endpoint.spec as { ipNetworks?: readonly string[] } | undefined)?.ipNetworks ?? []
  return networks.map((network) => network.replace(/\/\d+$/, '')).filter((address) => address !== '')
}

interface TunnelSpec {
  readonly bgp?: { readonly ipv4IPIPTunnelAddr?: string }
  readonly ipv4VXLANTunnelAddr?: string
  readonly ipv6VXLANTunnelAddr?: string
  readonly wireguard?: { readonly interfaceIPv4Address?: string; readonly interfaceIPv6Address?: string }
}

function tunnelAddresses(node: Resource): string[] {
  const spec = (node.spec ?? {}) as TunnelSpec
  const addresses = [
    spec.bgp?.ipv4IPIPTunnelAddr,
    spec.ipv4VXLANTunnelAddr,
    spec.ipv6VXLANTunnelAddr,
    spec.wireguard?.interfaceIPv4Address,
    spec.wireguard?.interfaceIPv6Address,
  ]
  return addresses.filter((address) => address !== undefined && address !== '') as string[]
}
