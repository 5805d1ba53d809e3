import { holdsAddress } from '../../address.ts'
import { endpointName } from '../../endpoint-name.ts'
import { interfaceName } from '../../interface-name.ts'
import { API_VERSION, type Resource } from '../../kind.ts'
import type { Path } from '../../problem.ts'
import { list, struct, text, type ValueOf } from '../../schema.ts'
import { address, ipv4First, network, prefixOf, versionOf } from '../address.ts'
import { endpointPorts, portsToV1, portsToV3, type V3Port } from '../endpoint-port.ts'
import { checkLabels, labels, mac, pathName, plainName, profileNames } from '../field.ts'
import { defineV1Kind, movePath, present, type Report, type V1Document, type V1Resource } from '../kind.ts'
import { convertName, convertNodeName, convertProfileName, revertProfileName } from '../names.ts'
import { V1_NAMESPACE_LABEL, V3_NAMESPACE_LABEL } from '../selector.ts'

interface V3Spec {
  readonly orchestrator?: string
  readonly workload?: string
  readonly node?: string
  readonly containerID?: string
  readonly pod?: string
  readonly endpoint?: string
  readonly ipNetworks?: readonly string[]
  readonly ipNATs?: readonly { readonly internalIP?: string; readonly externalIP?: string }[]
  readonly ipv4Gateway?: string
  readonly ipv6Gateway?: string
  readonly profiles?: readonly string[]
  readonly interfaceName?: string
  readonly mac?: string
  readonly ports?: readonly V3Port[]
  readonly allowSpoofedSourcePrefixes?: readonly string[]
}

/** `reference/model.md 1.8`. */
export const workloadEndpoint = defineV1Kind({ kind: 'workloadEndpoint', v3: 'WorkloadEndpoint' }, () => ({
  description: 'The end of a workload on a network: a container, a pod or a machine, and the interface that leads to it.',
  metadata: metadataSchema(),
  spec: specSchema(),
  rules,
  toV3,
  fromV3,
  v1Path,
  harmless: ['metadata.annotations', 'metadata.namespace', 'spec.serviceAccountName', 'spec.containerID'],
  example: `apiVersion: v1
kind: workloadEndpoint
metadata:
  name: ep1
  workload: libnetwork
  orchestrator: libnetwork
  node: host1
spec:
  interfaceName: cali0a1b2c
  ipNetworks:
  - 192.168.0.5/32
  profiles:
  - net1
  mac: ee:ee:ee:ee:ee:ee
`,
}))

// --- internal ---

const ORCHESTRATOR_LABEL = 'projectcalico.org/orchestrator'
const DEFAULT_NAMESPACE = 'default'

const metadataSchema = () =>
  struct('What tells the endpoint apart, and its labels.', {
    name: text('Tells apart the endpoints of one workload.', { check: pathName }),
    workload: text('The workload: for k8s its namespace and pod with a dot between.', { check: pathName }),
    orchestrator: text('Who made the workload: k8s, cni, libnetwork (Docker), or another word.', { check: pathName }),
    node: text('The host that it runs on.', { check: plainName }),
    activeInstanceID: text('The container of a pod that is in use.', { check: plainName }),
    labels: labels('Labels, matched by selectors.'),
  })

const specSchema = () =>
  struct('What the endpoint is.', {
    ipNetworks: list('Its addresses.', network('An address, alone or as /32 or /128.')),
    ipNATs: list(
      'Addresses under which it is reached from elsewhere.',
      struct('A pair of addresses.', { internalIP: address('One of its own addresses.'), externalIP: address('The address outside.') }),
    ),
    ipv4Gateway: address('Its IPv4 gateway.', 4),
    ipv6Gateway: address('Its IPv6 gateway.', 6),
    profiles: profileNames(),
    interfaceName: text("The host's side of its interface.", { omit: 'never', check: interfaceName }),
    mac: mac('Its MAC address.'),
    ports: endpointPorts(),
    allow_spoofed_source_prefixes: list('Networks that it may use as source though they are not its own.', network('A network.')),
  })

type Metadata = ValueOf<ReturnType<typeof metadataSchema>>
type Spec = ValueOf<ReturnType<typeof specSchema>>

function rules({ metadata, spec }: V1Resource<Metadata, Spec>, report: Report): void {
  checkLabels(metadata.labels, ['metadata', 'labels'], report)
  if (!spec.interfaceName) {
    const help = "name the host's side of the endpoint's interface"
    report({ code: 'missing-field', path: ['spec', 'interfaceName'], message: 'interfaceName must be given', help })
  }
  for (const [index, cidr] of (spec.ipNetworks ?? []).entries()) {
    const length = versionOf(cidr) === 4 ? 32 : 128
    if (prefixOf(cidr) === length) continue
    const message = `"${cidr}" contains multiple addresses`
    report({ code: 'bad-value', path: ['spec', 'ipNetworks', index], message, help: `write one address, alone or as /${length}` })
  }
  for (const [index, nat] of (spec.ipNATs ?? []).entries()) checkNat(nat, spec.ipNetworks ?? [], ['spec', 'ipNATs', index], report)
}

function checkNat(nat: NonNullable<Spec['ipNATs']>[number], networks: readonly string[], path: Path, report: Report): void {
  for (const field of ['internalIP', 'externalIP'] as const) {
    if (!nat[field]) report({ code: 'missing-field', path: [...path, field], message: `${field} must be given` })
  }
  if (!nat.internalIP || !nat.externalIP) return
  if (versionOf(nat.internalIP) !== versionOf(nat.externalIP)) {
    const message = `"${nat.externalIP}" is of another IP version than internalIP "${nat.internalIP}"`
    report({ code: 'family-mismatch', path: [...path, 'externalIP'], message })
  }
  if (networks.some((network) => holdsAddress(network, nat.internalIP ?? ''))) return
  const message = `"${nat.internalIP}" is not in the endpoint's networks (NAT)`
  const help = networks.length > 0 ? `ipNetworks are ${networks.join(', ')}` : 'list the address in ipNetworks too'
  report({ code: 'bad-value', path: [...path, 'internalIP'], message, help })
}

function toV3({ metadata, spec }: V1Resource<Metadata, Spec>, report: Report): Resource | undefined {
  const identity = identify(metadata, report)
  if (!identity) return undefined
  const computed = endpointName(identity.fields)
  if ('faults' in computed) {
    for (const { field, message } of computed.faults) {
      const path = identityPath(field, metadata.orchestrator)
      report({ code: 'missing-identifier', path, message: message.replace(field, String(path.at(-1))) })
    }
    return undefined
  }
  const ports = portsToV3(spec.ports)
  return {
    kind: 'WorkloadEndpoint',
    apiVersion: API_VERSION,
    metadata: present({
      name: computed.name,
      namespace: identity.namespace,
      labels: renameKey(metadata.labels, V1_NAMESPACE_LABEL, V3_NAMESPACE_LABEL),
    }),
    spec: present({
      ...identity.fields,
      ipNetworks: ipv4First(spec.ipNetworks ?? [], (cidr) => cidr),
      ipNATs: ipv4First(spec.ipNATs ?? [], (nat) => nat.internalIP ?? ''),
      ipv4Gateway: spec.ipv4Gateway,
      ipv6Gateway: spec.ipv6Gateway,
      profiles: spec.profiles?.map(convertProfileName),
      interfaceName: spec.interfaceName,
      mac: spec.mac,
      ports: ports?.map((port) => ({ ...port, hostPort: 0, hostIP: '' })),
      allowSpoofedSourcePrefixes: spec.allow_spoofed_source_prefixes,
    }),
  }
}

interface Identity {
  readonly namespace: string
  readonly fields: Partial<V3Spec>
}

/** Orchestrators put different things into the workload; their names are compared as written (`reference/model.md 6.0, 6.2`). */
function identify(metadata: Metadata, report: Report): Identity | undefined {
  const { workload = '', orchestrator = '' } = metadata
  const common = {
    node: convertNodeName(metadata.node ?? ''),
    orchestrator: convertName(orchestrator),
    endpoint: convertName(metadata.name ?? ''),
  }
  if (orchestrator === 'k8s') {
    const dot = workload.indexOf('.')
    if (dot > 0 && dot < workload.length - 1) {
      const fields = present({ ...common, pod: workload.slice(dot + 1), containerID: metadata.activeInstanceID })
      return { namespace: workload.slice(0, dot), fields }
    }
    const message = `workload "${workload}" is not one of Kubernetes`
    const help = 'it is made of namespace and pod with a dot between, as in default.web-1'
    report({ code: 'bad-workload', path: ['metadata', 'workload'], message, help })
    return undefined
  }
  if (orchestrator === 'cni') return { namespace: DEFAULT_NAMESPACE, fields: present({ ...common, containerID: workload }) }
  const name = orchestrator === 'libnetwork' ? 'libnetwork' : convertName(workload)
  return { namespace: DEFAULT_NAMESPACE, fields: present({ ...common, workload: name }) }
}

function identityPath(field: string, orchestrator: string | undefined): Path {
  if (field === 'endpoint') return ['metadata', 'name']
  if (field === 'containerID' && orchestrator === 'k8s') return ['metadata', 'activeInstanceID']
  return ['metadata', field === 'node' || field === 'orchestrator' ? field : 'workload']
}

function renameKey(labels: Readonly<Record<string, string>> | undefined, from: string, to: string): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).map(([key, value]) => [key === from ? to : key, value]))
}

function fromV3({ metadata, spec: rawSpec }: Resource) {
  const spec = rawSpec as V3Spec
  const namespace = metadata.namespace || DEFAULT_NAMESPACE
  return {
    metadata: present({
      name: spec.endpoint,
      workload: spec.orchestrator === 'k8s' ? `${namespace}.${spec.pod ?? ''}` : spec.orchestrator === 'cni' ? spec.containerID : spec.workload,
      orchestrator: spec.orchestrator,
      node: spec.node,
      activeInstanceID: spec.orchestrator === 'k8s' ? spec.containerID : undefined,
      labels: labelsToV1(metadata.labels ?? {}, namespace, spec.orchestrator ?? ''),
    }),
    spec: present({
      ipNetworks: spec.ipNetworks && [...spec.ipNetworks],
      ipNATs: spec.ipNATs?.map((nat) => ({ ...nat })),
      ipv4Gateway: spec.ipv4Gateway,
      ipv6Gateway: spec.ipv6Gateway,
      profiles: spec.profiles?.map(revertProfileName),
      interfaceName: spec.interfaceName,
      mac: spec.mac,
      ports: portsToV1(spec.ports),
      allow_spoofed_source_prefixes: spec.allowSpoofedSourcePrefixes && [...spec.allowSpoofedSourcePrefixes],
    }),
  }
}

/** Without the labels that v3 gives every endpoint by itself; that of a Kubernetes namespace has another name in v1. */
function labelsToV1(labels: Readonly<Record<string, string>>, namespace: string, orchestrator: string): Record<string, string> {
  const kept = Object.entries(labels).filter(([key, value]) => {
    if (key === ORCHESTRATOR_LABEL) return value !== orchestrator
    return key !== V3_NAMESPACE_LABEL || value !== namespace || orchestrator === 'k8s'
  })
  return renameKey(Object.fromEntries(kept), V3_NAMESPACE_LABEL, V1_NAMESPACE_LABEL)
}

function v1Path(path: Path, document: V1Document): Path {
  const orchestrator = document.get('metadata', 'orchestrator')
  const identity = (field: string): readonly [Path, Path] => [['spec', field], identityPath(field, String(orchestrator))]
  return movePath(path, [
    ...['node', 'orchestrator', 'workload', 'pod', 'endpoint', 'containerID'].map(identity),
    // The name is made from all of these; that of the container is the one which is not made fit for it.
    [
      ['metadata', 'name'],
      ['metadata', orchestrator === 'cni' || orchestrator === 'k8s' ? 'workload' : 'name'],
    ],
    [
      ['metadata', 'namespace'],
      ['metadata', 'workload'],
    ],
    [
      ['metadata', 'labels', V3_NAMESPACE_LABEL],
      ['metadata', 'labels', V1_NAMESPACE_LABEL],
    ],
    [
      ['spec', 'allowSpoofedSourcePrefixes'],
      ['spec', 'allow_spoofed_source_prefixes'],
    ],
  ])
}
