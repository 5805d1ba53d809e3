import type { Resource } from '../model/kind.ts'
import { type Ip, parseCidr } from '../model/net.ts'
import type { HostFacts } from './dataplane/host.ts'

/** Kinds of which the agent needs more than policy does. */
export const HOST_KINDS = ['IPPool', 'FelixConfiguration'] as const

/** What the datastore says of a host besides its policy; its own FelixConfiguration wins over the one for all. */
export function hostFacts(node: string, interfaces: ReadonlyMap<string, readonly Ip[]>, resources: readonly Resource[]): HostFacts {
  const pools = resources.flatMap(({ kind, spec }) => {
    const { cidr = '', natOutgoing = false } = ((kind === 'IPPool' ? spec : undefined) ?? {}) as { cidr?: string; natOutgoing?: boolean }
    const net = parseCidr(cidr)
    return net ? [{ net, natOutgoing }] : []
  })
  const actionOf = (name: string) => {
    const found = resources.find(({ kind, metadata }) => kind === 'FelixConfiguration' && metadata.name === name)
    return (found?.spec as { defaultEndpointToHostAction?: string } | undefined)?.defaultEndpointToHostAction
  }
  const action = actionOf(`node.${node}`) ?? actionOf('default') ?? 'Drop'
  const endpointToHost = (['Accept', 'Return'] as const).find((known) => known.toLowerCase() === action.toLowerCase()) ?? 'Drop'
  return { node, interfaces, pools, endpointToHost }
}
