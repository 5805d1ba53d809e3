import type { Resource } from '../model/kind.ts'
import { type Ip, parseCidr, parseNet } from '../model/net.ts'
import type { HostFacts } from './dataplane/host.ts'
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
  return { node, interfaces, pools, hosts: nodes.flatMap(addressesOf), settings: felix.of(configurations, labels) }
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
