import { CONTAINER_ANNOTATION } from '../../model/container.ts'
import { endpointName } from '../../model/endpoint-name.ts'
import { API_VERSION, type Kind, type Resource } from '../../model/kind.ts'
import { labelKeyFault, labelValueFault } from '../../model/label.ts'
import { formatIp, type Ip, parseIp, parseNet } from '../../model/net.ts'
import { kindNamed } from '../../model/registry.ts'
import { completeResource } from '../../model/resource.ts'
import { UserError } from '../../model/user-error.ts'
import { convertProfileName } from '../../model/v1/names.ts'
import { type Datastore, type KeyRange, prefixRange } from '../../store/datastore.ts'
import type { Clock } from '../../store/resources/clock.ts'
import { resourceKey, type Target } from '../../store/resources/keys.ts'
import { getResource, isFailure } from '../../store/resources/read.ts'
import { readStored } from '../../store/resources/stored.ts'
import { type Intent, type Outcome, writeResources } from '../../store/resources/write.ts'
import { hostInterface, type Interfaces } from './interfaces.ts'

/** Who runs containers, in `spec.orchestrator`: the name that Calico has had for Docker's networks from the start. */
export const DOCKER_ORCHESTRATOR = 'libnetwork'

export const WORKLOAD_ENDPOINT = kindOf('WorkloadEndpoint')

/** The keys of all endpoints of a host's containers. */
export function dockerEndpointRange(node: string): KeyRange {
  const { kind, namespace, name } = targetOf(node, '0')
  return prefixRange(resourceKey({ kind, name: name.slice(0, -1), ...(namespace === undefined ? {} : { namespace }) }))
}

/** The workload endpoints of this host's containers, as Calico's own Docker components write them (`reference/model.md 9.2`), and their interfaces. */
export interface Endpoints {
  /**
   * Writes the endpoint, and the profile of its network when that does not exist, in one transaction. An existing profile is never changed. Gives the datastore's
   * revision that has it.
   */
  create(endpoint: NewEndpoint): Promise<number>
  /** Its addresses. @throws UserError for an endpoint that is not there */
  addresses(id: string): Promise<readonly Ip[]>
  /** Notes whose endpoint it is, once Docker knows it. Gives the datastore's revision that has it. */
  describe(id: string, container: Container): Promise<number>
  /** Removes an endpoint and its interface; one that is not there is fine. */
  remove(id: string): Promise<void>
  /** Removes the endpoint that has an address, if there is one. */
  removeByAddress(ip: Ip): Promise<void>
}

export interface NewEndpoint {
  /** Docker's id of it. */
  readonly id: string
  /** The name of the network. */
  readonly network: string
  /** Addresses as networks of their own: `/32`, `/128`. */
  readonly networks: readonly string[]
  /** Given by the user. */
  readonly mac?: string
}

export interface Container {
  readonly name: string
  readonly id: string
  /** Labels for the endpoint. */
  readonly labels: Readonly<Record<string, string>>
}

export interface EndpointsOptions {
  readonly datastore: Datastore
  readonly clock: Clock
  /** The name of this host's Node. */
  readonly node: string
  readonly interfaces: Interfaces
}

export function endpoints({ datastore, clock, node, interfaces }: EndpointsOptions): Endpoints {
  const write = async (intents: readonly Intent[], verb: string) =>
    await writeResources(datastore, intents, { author: { user: 'docker', host: node, verb }, clock, atomic: true })

  async function create(endpoint: NewEndpoint): Promise<number> {
    const resource = endpointResource(node, endpoint)
    const profile = networkProfile(endpoint.network)
    const target = targetOf(node, endpoint.id)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await getResource(datastore, { kind: PROFILE, name: profile.metadata.name ?? '' })
      const intents: Intent[] = [{ type: 'apply', target, resource }]
      if (isFailure(found) && found.code === 'missing') {
        intents.push({ type: 'create', target: { kind: PROFILE, name: profile.metadata.name ?? '' }, resource: profile })
      }
      const outcomes = await write(intents, 'create endpoint')
      const failed = outcomes.find((outcome) => outcome.type === 'failed')
      if (failed?.type !== 'failed') return revisionOf(outcomes)
      // Another host has made the profile in this moment.
      if (failed.failure.code !== 'exists') throw new UserError(failed.failure.message, failed.failure.help)
    }
    throw new UserError(`the profile ${profile.metadata.name} comes and goes`)
  }

  async function addresses(id: string): Promise<readonly Ip[]> {
    const found = await getResource(datastore, targetOf(node, id))
    if (isFailure(found)) throw new UserError(found.message, found.help)
    return ((found.spec as EndpointSpec).ipNetworks ?? []).flatMap((net) => parseIp(net.replace(/\/\d+$/, '')) ?? [])
  }

  async function describe(id: string, container: Container): Promise<number> {
    const modify = (current: Resource): Resource => ({
      ...current,
      metadata: {
        ...current.metadata,
        annotations: { ...current.metadata.annotations, [CONTAINER_ANNOTATION]: container.name },
        labels: { ...current.metadata.labels, ...container.labels },
      },
      spec: { ...(current.spec as object), containerID: container.id },
    })
    const outcomes = await write([{ type: 'modify', target: targetOf(node, id), modify }], 'join')
    const [outcome] = outcomes
    if (outcome?.type === 'failed') throw new UserError(outcome.failure.message, outcome.failure.help)
    return revisionOf(outcomes)
  }

  async function remove(id: string): Promise<void> {
    await interfaces.remove(id)
    const [outcome] = await write([{ type: 'delete', target: targetOf(node, id) }], 'delete endpoint')
    if (outcome?.type === 'failed' && outcome.failure.code !== 'missing') throw new UserError(outcome.failure.message, outcome.failure.help)
  }

  async function removeByAddress(ip: Ip): Promise<void> {
    const { keyValues } = await datastore.range(dockerEndpointRange(node))
    for (const keyValue of keyValues) {
      const spec = (readStored(WORKLOAD_ENDPOINT, keyValue)?.resource.spec ?? {}) as EndpointSpec
      const owns = spec.node === node && (spec.ipNetworks ?? []).some((net) => isOf(net, ip))
      if (owns && spec.endpoint) await remove(spec.endpoint)
    }
  }

  return { create, addresses, describe, remove, removeByAddress }
}

/** Labels of a container that are meant for its endpoint: those with Calico's prefix, without it (`reference/model.md 9.1`). */
export function endpointLabels(labels: Readonly<Record<string, string>>): {
  readonly labels: Record<string, string>
  readonly refused: readonly string[]
} {
  const taken: Record<string, string> = {}
  const refused: string[] = []
  for (const [key, value] of Object.entries(labels)) {
    if (!key.startsWith(LABEL_PREFIX)) continue
    const name = key.slice(LABEL_PREFIX.length)
    if (labelKeyFault(name) ?? labelValueFault(value)) refused.push(key)
    else taken[name] = value
  }
  return { labels: taken, refused }
}

// --- internal ---

const ATTEMPTS = 10
const NAMESPACE = 'libnetwork'
const LABEL_PREFIX = 'org.projectcalico.label.'
const PROFILE = kindOf('Profile')

interface EndpointSpec {
  readonly node?: string
  readonly endpoint?: string
  readonly ipNetworks?: readonly string[]
}

function targetOf(node: string, id: string): Target {
  const name = endpointName({ node, orchestrator: DOCKER_ORCHESTRATOR, endpoint: id })
  if ('faults' in name) throw new UserError(`no endpoint can have the id "${id}": ${name.faults.map(({ message }) => message).join('; ')}`)
  return { kind: WORKLOAD_ENDPOINT, namespace: NAMESPACE, name: name.name }
}

function endpointResource(node: string, { id, network, networks, mac }: NewEndpoint): Resource {
  const { name, namespace } = targetOf(node, id)
  const resource: Resource = {
    kind: 'WorkloadEndpoint',
    apiVersion: API_VERSION,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      orchestrator: DOCKER_ORCHESTRATOR,
      workload: DOCKER_ORCHESTRATOR,
      node,
      endpoint: id,
      ipNetworks: [...networks],
      profiles: [convertProfileName(network)],
      interfaceName: hostInterface(id),
      ...(mac === undefined ? {} : { mac }),
    },
  }
  completeResource(WORKLOAD_ENDPOINT, resource)
  return resource
}

/** All may leave; only members may come in, known by the network's name as a label (`reference/model.md 9`). */
function networkProfile(network: string): Resource {
  const fault = labelKeyFault(network)
  if (network.includes('/') || fault) {
    throw new UserError(`the network "${network}" cannot have a profile: its name ${fault?.split('\n')[0] ?? 'has a "/"'}`, 'give it another name')
  }
  const resource: Resource = {
    kind: 'Profile',
    apiVersion: API_VERSION,
    metadata: { name: convertProfileName(network) },
    spec: {
      ingress: [{ action: 'Allow', source: { selector: `${network} == ''` } }],
      egress: [{ action: 'Allow' }],
      labelsToApply: { [network]: '' },
    },
  }
  completeResource(PROFILE, resource)
  return resource
}

/** The last revision at which something was written; 0 when all was there already. */
function revisionOf(outcomes: readonly Outcome[]): number {
  return Math.max(0, ...outcomes.map((outcome) => (outcome.type === 'written' ? outcome.revision : 0)))
}

function isOf(net: string, ip: Ip): boolean {
  const parsed = parseNet(net)
  return parsed !== undefined && formatIp(parsed) === formatIp(ip)
}

function kindOf(name: string): Kind {
  const kind = kindNamed(name)
  if (!kind) throw new Error(`no kind ${name}`)
  return kind
}
