import type { Resource } from '../model/kind.ts'
import { maskNet, parseNet } from '../model/net.ts'
import { matches, type Labels } from '../model/selector/evaluate.ts'
import { parseSelector } from '../model/selector/parse.ts'
import { protocolNumber } from '../model/protocol.ts'
import { FAILSAFE, type Failsafe, type FailsafePort } from './failsafe.ts'
import type { Direction } from './facts.ts'

/** Fields of a FelixConfiguration that are set, as its `spec` has them. */
export type FelixSpec = Readonly<Record<string, unknown>>

/** What a host does beside policy. */
export interface HostSettings {
  readonly failsafe: Failsafe
  /** What happens to what a workload may send, when its host is the destination (`reference/felix.md 1.8`). `Return`: what other tables say. */
  readonly endpointToHost: EndpointToHost
}

export type EndpointToHost = 'Drop' | 'Accept' | 'Return'

/**
 * The FelixConfigurations that hold for a node, the narrowest last (`reference/felix.md 6.3`): `default`, those whose nodeSelector picks the node by name, `node.<name>`.
 */
export function configurationsOf(configurations: Iterable<Resource>, node: string, labels: Labels): Resource[] {
  const ranked = [...configurations].flatMap((resource): [number, Resource][] => {
    const { name = '' } = resource.metadata
    if (name === 'default') return [[0, resource]]
    if (name === `node.${node}`) return [[2, resource]]
    const { nodeSelector } = (resource.spec ?? {}) as { nodeSelector?: string }
    const ast = nodeSelector === undefined || name.startsWith('node.') ? undefined : parseSelector(nodeSelector).ast
    return ast && matches(ast, labels) ? [[1, resource]] : []
  })
  const nameOf = ({ metadata }: Resource) => metadata.name ?? ''
  return ranked.sort(([a, one], [b, other]) => a - b || (nameOf(one) < nameOf(other) ? -1 : 1)).map(([, resource]) => resource)
}

/** The fields of some configurations, the narrowest last, as one. */
export function specOf(layers: readonly FelixSpec[]): FelixSpec {
  return Object.assign({}, ...layers) as FelixSpec
}

/** What fields say, and what is wrong with them: a value that cannot be understood is as if it were not set. */
export function hostSettings(spec: FelixSpec): { readonly settings: HostSettings; readonly faults: readonly SettingFault[] } {
  const faults: SettingFault[] = []
  const ports = (field: string, direction: Direction): readonly FailsafePort[] => {
    const value = spec[field]
    if (value === undefined || value === null) return FAILSAFE[direction]
    const found = failsafePorts(value)
    if (typeof found !== 'string') return found
    faults.push({ field, fault: found })
    return FAILSAFE[direction]
  }
  const failsafe = { ingress: ports('failsafeInboundHostPorts', 'ingress'), egress: ports('failsafeOutboundHostPorts', 'egress') }
  const written = spec['defaultEndpointToHostAction'] ?? ''
  const action = typeof written === 'string' ? written : JSON.stringify(written)
  const endpointToHost = (['Drop', 'Accept', 'Return'] as const).find((known) => known.toLowerCase() === action.toLowerCase())
  if (!endpointToHost && action !== '') faults.push({ field: 'defaultEndpointToHostAction', fault: 'is not one of Drop, Accept, Return' })
  return { settings: { failsafe, endpointToHost: endpointToHost ?? 'Drop' }, faults }
}

export interface SettingFault {
  readonly field: string
  /** Follows the field's name in a sentence. */
  readonly fault: string
}

// --- internal ---

/** Or what is wrong with them. */
function failsafePorts(value: unknown): FailsafePort[] | string {
  const ports: FailsafePort[] = []
  for (const entry of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
    const { protocol, port, net } = (entry ?? {}) as { protocol?: string; port?: number; net?: string }
    const number = protocolNumber(protocol === undefined || protocol === '' ? 'TCP' : protocol.toUpperCase())
    if (number === undefined) return `has a protocol that is none: ${protocol}`
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) return `has a port that is none: ${port}`
    const parsed = net === undefined || net === '' ? undefined : parseNet(net)
    if (net !== undefined && net !== '' && !parsed) return `has a network that is none: ${net}`
    ports.push(parsed ? [number, port, maskNet(parsed)] : [number, port])
  }
  return ports
}
