import { CONTAINER_ANNOTATION } from '../../model/container.ts'
import type { EndpointPort } from '../../model/endpoint-port.ts'
import type { Resource } from '../../model/kind.ts'
import { formatIp, type Ip } from '../../model/net.ts'
import { protocolNumber } from '../../model/protocol.ts'
import type { Labels } from '../../model/selector/evaluate.ts'
import type { Failsafe } from '../failsafe.ts'
import type { NamedPort } from '../facts.ts'
import type { EndpointToHost } from '../host-settings.ts'
import type { Origin } from './origin.ts'
import { netsOf } from './rules.ts'
import { ACCOUNT_LABEL, NAMESPACE_LABEL } from './selectors.ts'
import type { Endpoint, NetworkSet } from './world.ts'

/** The labels that each profile hands on, by its name. */
export type Inheritance = ReadonlyMap<string, Labels>

export function workloadEndpoint(resource: Resource, origin: Origin, inheritance: Inheritance): Endpoint {
  const { metadata, spec = {} } = resource as Resource<WorkloadSpec>
  const { name = '', namespace = 'default', annotations } = metadata
  const own: Record<string, string> = {}
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    // Labels with these prefixes come from namespaces and service accounts only, by their profiles.
    if (!key.startsWith('pcns.') && !key.startsWith('pcsa.')) own[key] = value
  }
  if (spec.serviceAccountName) own[ACCOUNT_LABEL] = spec.serviceAccountName
  const workload = spec.workload === DOCKER_WORKLOAD ? undefined : spec.workload
  const aliases = [annotations?.[CONTAINER_ANNOTATION], workload, spec.pod, spec.containerID, spec.endpoint]
  return {
    kind: 'workload',
    id: `${namespace}/${name}`,
    namespace,
    name,
    aliases: distinct(aliases, name),
    node: spec.node ?? '',
    labels: inherit(own, spec.profiles, inheritance),
    profiles: spec.profiles ?? [],
    addresses: netsOf(spec.ipNetworks) ?? [],
    ports: namedPorts(spec.ports),
    resource,
    origin,
  }
}

/** What a host endpoint takes from its node: `addresses` that it acts at besides those it lists itself, and what its FelixConfigurations set. */
export interface HostOfEndpoint {
  readonly addresses: readonly Ip[]
  readonly failsafe?: Failsafe
  readonly endpointToHost?: EndpointToHost
}

export function hostEndpoint(resource: Resource, origin: Origin, inheritance: Inheritance, host: HostOfEndpoint): Endpoint {
  const { metadata, spec = {} } = resource as Resource<HostSpec>
  const { name = '' } = metadata
  const addresses = netsOf(spec.expectedIPs) ?? []
  const listed = new Set(addresses.map(formatIp))
  const otherAddresses = host.addresses.filter((ip) => !listed.has(formatIp(ip)))
  return {
    kind: 'host',
    id: `host:${name}`,
    name,
    aliases: [],
    node: spec.node ?? '',
    labels: inherit(metadata.labels ?? {}, spec.profiles, inheritance),
    profiles: spec.profiles ?? [],
    addresses,
    ...(otherAddresses.length > 0 ? { otherAddresses } : {}),
    ports: namedPorts(spec.ports),
    ...(spec.interfaceName === '*' ? { allInterfaces: true } : {}),
    ...(host.failsafe ? { failsafe: host.failsafe } : {}),
    ...(host.endpointToHost ? { endpointToHost: host.endpointToHost } : {}),
    resource,
    origin,
  }
}

export function networkSet(resource: Resource, origin: Origin, inheritance: Inheritance): NetworkSet {
  const { kind, metadata, spec } = resource as Resource<{ nets?: string[] }>
  const { name = '', labels: own = {} } = metadata
  const nets = netsOf(spec?.nets) ?? []
  if (kind === 'GlobalNetworkSet') return { kind, name, labels: own, nets, origin }
  const namespace = metadata.namespace ?? 'default'
  return { kind, namespace, name, labels: inherit({ ...own, [NAMESPACE_LABEL]: namespace }, [`kns.${namespace}`], inheritance), nets, origin }
}

/** The profiles whose labels a network set inherits are those of its namespace, an endpoint's those that it lists. */
export function profilesOf(resource: Resource): readonly string[] {
  if (resource.kind === 'NetworkSet') return [`kns.${resource.metadata.namespace ?? 'default'}`]
  return (resource.spec as { profiles?: string[] } | undefined)?.profiles ?? []
}

// --- internal ---

interface WorkloadSpec {
  workload?: string
  pod?: string
  containerID?: string
  endpoint?: string
  node?: string
  serviceAccountName?: string
  profiles?: string[]
  ipNetworks?: string[]
  ports?: EndpointPort[]
}

interface HostSpec {
  node?: string
  interfaceName?: string
  profiles?: string[]
  expectedIPs?: string[]
  ports?: EndpointPort[]
}

/** What all of Docker's endpoints have as workload: no name of any of them. */
const DOCKER_WORKLOAD = 'libnetwork'

/** Own labels win, then those of the profile that is listed first (`reference/felix.md 1.9`). */
function inherit(own: Labels, profiles: readonly string[] | undefined, inheritance: Inheritance): Labels {
  const labels: Record<string, string> = { ...own }
  for (const name of profiles ?? []) {
    const handed = inheritance.get(name)
    for (const key in handed) if (Object.hasOwn(handed, key) && !Object.hasOwn(labels, key)) labels[key] = handed[key] ?? ''
  }
  return labels
}

/** Names other than one, each once. */
function distinct(names: readonly (string | undefined)[], other: string): string[] {
  const found: string[] = []
  for (const name of names) if (name && name !== other && !found.includes(name)) found.push(name)
  return found
}

function namedPorts(ports: readonly EndpointPort[] | undefined): NamedPort[] {
  return (ports ?? []).flatMap(({ name = '', protocol = 0, port = 0 }) => {
    const number = protocolNumber(protocol)
    return number === undefined ? [] : [{ name, protocol: number, port }]
  })
}
