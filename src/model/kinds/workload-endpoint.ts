import { ipAddress, ipv4Address, ipv6Address, networkOrAddress, sameVersion, singleAddress, holdsAddress } from '../address.ts'
import { join, nameColumn } from '../column.ts'
import { CONTAINER_ANNOTATION } from '../container.ts'
import { endpointName } from '../endpoint-name.ts'
import { checkPorts, workloadPorts } from '../endpoint-port.ts'
import { interfaceName } from '../interface-name.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { labelValueFault } from '../label.ts'
import { macAddress } from '../mac.ts'
import { objectName } from '../object-name.ts'
import { qosControls } from '../qos-controls.ts'
import { list, orEmpty, struct, text, type ValueOf } from '../schema.ts'

export const workloadEndpoint = defineKind(
  { kind: 'WorkloadEndpoint', plural: 'workloadendpoints', aliases: ['wep', 'weps'], scope: 'namespaced' },
  () => ({
    description:
      'The end of a workload on a network: a container, a pod or a machine, and the interface that leads to it. Written by the orchestrator.',
    spec: specSchema,
    computesName: true,
    columns: [
      nameColumn(['wide']),
      { heading: 'WORKLOAD', value: workloadOf },
      { heading: 'NODE', value: ({ spec }: Endpoint) => spec?.node ?? '' },
      { heading: 'NETWORKS', value: ({ spec }: Endpoint) => join(spec?.ipNetworks) },
      { heading: 'INTERFACE', value: ({ spec }: Endpoint) => spec?.interfaceName ?? '' },
      { heading: 'PROFILES', views: ['wide'], value: ({ spec }: Endpoint) => join(spec?.profiles) },
      {
        heading: 'NATS',
        views: ['wide'],
        value: ({ spec }: Endpoint) => join(spec?.ipNATs?.map((nat) => `{${nat.internalIP ?? ''} ${nat.externalIP ?? ''}}`)),
      },
      { heading: 'ORCHESTRATOR', views: [], value: ({ spec }: Endpoint) => spec?.orchestrator ?? '' },
    ],
    complete,
    toStored,
    rules,
    example: `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata:
  name: host1-libnetwork-libnetwork-ep1
  namespace: default
  labels:
    app: web
spec:
  orchestrator: libnetwork
  workload: libnetwork
  node: host1
  endpoint: ep1
  ipNetworks:
  - 192.168.0.5/32
  profiles:
  - net1
  interfaceName: cali0a1b2c
  mac: ee:ee:ee:ee:ee:ee
`,
  }),
)

/** Labels that every stored workload endpoint carries, whatever its writer says (`reference/model.md 2.7`). */
const NAMESPACE_LABEL = 'projectcalico.org/namespace'
const ORCHESTRATOR_LABEL = 'projectcalico.org/orchestrator'

// --- internal ---

const CONTAINER_ID = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/

const specSchema = struct('What the endpoint is.', {
  orchestrator: text('Who made the workload: k8s, cni, libnetwork (Docker), or another word.', { check: objectName }),
  workload: text('The workload, for orchestrators other than k8s and cni.', { check: objectName }),
  node: text('The host that it runs on.', { check: objectName }),
  containerID: text('The id of the container.', {
    pattern: CONTAINER_ID,
    patternHelp: 'letters, digits and "-" are, with a letter or digit at both ends',
  }),
  pod: text('The pod, for k8s.', { check: objectName }),
  endpoint: text('Tells apart the endpoints of one workload.', { check: objectName }),
  serviceAccountName: text('The service account that it runs as.', { check: objectName }),
  ipNetworks: list('Its addresses, each alone or as /32 or /128.', text('An address.', { check: orEmpty(singleAddress) })),
  ipNATs: list(
    'Addresses under which it is reached from elsewhere.',
    struct('A pair of addresses.', {
      internalIP: text('One of its own addresses.', { check: ipAddress, omit: 'never' }),
      externalIP: text('The address outside.', { check: ipAddress, omit: 'never' }),
    }),
  ),
  ipv4Gateway: text('Its IPv4 gateway.', { check: ipv4Address }),
  ipv6Gateway: text('Its IPv6 gateway.', { check: ipv6Address }),
  profiles: list('Profiles that hold after all policies; on Docker, those of its networks.', text('A profile.', { check: objectName })),
  interfaceName: text("The host's side of its interface.", { check: interfaceName }),
  mac: text('Its MAC address.', { check: macAddress }),
  ports: workloadPorts(ipAddress),
  allowSpoofedSourcePrefixes: list(
    'Networks that it may use as source though they are not its own.',
    text('A network.', { check: orEmpty(networkOrAddress) }),
  ),
  qosControls: qosControls('Limits to its traffic.'),
})

type Spec = ValueOf<typeof specSchema>

interface Endpoint {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec?: Spec
}

/** What people call it. Docker's endpoints all have the same workload: there it is the container's name, where that was noted. */
function workloadOf({ metadata, spec }: Endpoint): string {
  return (spec?.orchestrator === 'k8s' ? spec.pod : (metadata?.annotations?.[CONTAINER_ANNOTATION] ?? spec?.workload)) ?? ''
}

function complete(resource: Resource<Spec>): void {
  const computed = endpointName(resource.spec ?? {})
  if (!resource.metadata.name && 'name' in computed) resource.metadata.name = computed.name
  for (const [label, value] of Object.entries(ownLabels(resource))) {
    // Calico's client stores namespaces that are no label values (`a/b`) as labels too, but it takes no such label from a user.
    if (labelValueFault(value) === undefined) (resource.metadata.labels ??= {})[label] = value
  }
}

function toStored(resource: Resource<Spec>): Resource {
  resource.metadata.labels = { ...resource.metadata.labels, ...ownLabels(resource) }
  return resource
}

function ownLabels(resource: Resource<Spec>): Record<string, string> {
  return { [NAMESPACE_LABEL]: resource.metadata.namespace || 'default', [ORCHESTRATOR_LABEL]: resource.spec?.orchestrator ?? '' }
}

function rules({ metadata, spec = {} }: Resource<Spec>, report: Report): void {
  const computed = endpointName(spec)
  if ('faults' in computed) {
    for (const { field, message } of computed.faults) report({ code: 'missing-identifier', path: ['spec', field], message })
  } else if (metadata.name !== computed.name) {
    report({
      code: 'bad-name',
      path: ['metadata', 'name'],
      message: `the name "${metadata.name}" does not match the spec: expected name ${computed.name}`,
      help: 'leave the name out, it follows from the spec',
    })
  }
  if (!spec.interfaceName) report({ code: 'missing-field', path: ['spec', 'interfaceName'], message: 'interfaceName must be given' })
  spec.ipNATs?.forEach((nat, index) => checkNat(nat, spec.ipNetworks ?? [], index, report))
  checkPorts(spec.ports, report)
}

function checkNat(nat: { internalIP?: string; externalIP?: string }, networks: readonly string[], index: number, report: Report): void {
  const { internalIP = '', externalIP = '' } = nat
  const path = ['spec', 'ipNATs', index]
  if (internalIP === '') report({ code: 'missing-field', path: [...path, 'internalIP'], message: 'internalIP must be given' })
  else if (!networks.some((network) => holdsAddress(network, internalIP))) {
    report({
      code: 'bad-value',
      path: [...path, 'internalIP'],
      message: `"${internalIP}" is not in the endpoint's networks (NAT)`,
      help: networks.length > 0 ? `ipNetworks are ${networks.join(', ')}` : 'list the address in ipNetworks too',
    })
  }
  if (externalIP === '') report({ code: 'missing-field', path: [...path, 'externalIP'], message: 'externalIP must be given' })
  else if (internalIP !== '' && !sameVersion(internalIP, externalIP)) {
    report({ code: 'bad-value', path: [...path, 'externalIP'], message: `"${externalIP}" is of another IP version than internalIP "${internalIP}"` })
  }
}
