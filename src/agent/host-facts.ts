import type { Resource } from '../model/kind.ts'
import { type Ip, parseCidr, parseNet } from '../model/net.ts'
import type { HostFacts, TunnelFacts } from './dataplane/host.ts'
import type { AgentSettings, FelixSettings } from './felix-settings.ts'

/** Kinds of which the agent needs more than policy does. */
export const HOST_KINDS = ['IPPool', 'FelixConfiguration', 'Node'] as const

export interface AgentFacts extends HostFacts {
  readonly settings: AgentSettings
}

/** What the datastore, and what is set outside of it, say of a host besides its policy. */
export function hostFacts(
  node: string,
  interfaces: ReadonlyMap<string, readonly Ip[]>,
  resources: readonly Resource[],
  felix: FelixSettings,
): AgentFacts {
  const pools = resources.flatMap(({ kind, spec }) => {
    const { cidr = '', natOutgoing = false } = ((kind === 'IPPool' ? spec : undefined) ?? {}) as { cidr?: string; natOutgoing?: boolean }
    const net = parseCidr(cidr)
    return net ? [{ net, natOutgoing }] : []
  })
  const nodes = resources.filter(({ kind }) => kind === 'Node')
  const configurations = resources.filter(({ kind }) => kind === 'FelixConfiguration')
  const labels = nodes.find(({ metadata }) => metadata.name === node)?.metadata.labels ?? {}
  const tunnels = tunnelFacts(resources)
  return { node, interfaces, pools, hosts: nodes.flatMap(addressesOf), settings: felix.of(configurations, labels), ...(tunnels ? { tunnels } : {}) }
}

// --- internal ---

interface NodeSpec {
  readonly bgp?: { readonly ipv4Address?: string; readonly ipv6Address?: string }
  readonly addresses?: readonly { readonly address?: string }[]
}

function addressesOf({ spec }: Resource): Ip[] {
  const { bgp, addresses = [] } = (spec ?? {}) as NodeSpec
  return [bgp?.ipv4Address, bgp?.ipv6Address, ...addresses.map(({ address }) => address)].flatMap((text) => {
    const net = text === undefined ? undefined : parseNet(text)
    return net ? [net] : []
  })
}

function tunnelFacts(resources: readonly Resource[]): TunnelFacts | undefined {
  const pools = resources.flatMap(({ kind, spec }) => (kind === 'IPPool' ? [(spec ?? {}) as PoolModes] : []))
  const isUsed = (mode: string | undefined) => mode === 'Always' || mode === 'CrossSubnet'
  const ipip = pools.some(({ ipipMode }) => isUsed(ipipMode))
  const vxlan = ([4, 6] as const).filter((family) =>
    pools.some(({ cidr = '', vxlanMode }) => isUsed(vxlanMode) && parseCidr(cidr)?.family === family),
  )
  return ipip || vxlan.length > 0 ? { ipip, vxlan } : undefined
}

interface PoolModes {
  readonly cidr?: string
  readonly ipipMode?: string
  readonly vxlanMode?: string
}
