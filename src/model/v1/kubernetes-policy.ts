import { custom, integer, list, map, struct, text, type ValueOf } from '../schema.ts'
import { decode, type Fault } from '../decode.ts'
import { API_VERSION, type Resource } from '../kind.ts'
import { labelKeyFault, labelValueFault } from '../label.ts'
import type { Path } from '../problem.ts'
import { masked, network } from './address.ts'
import { documentOf } from './document.ts'
import { port } from './field.ts'
import { present, type Report } from './kind.ts'
import { simplifyPorts } from './port-list.ts'

export const KUBERNETES_API_VERSION = 'networking.k8s.io/v1'

/** Is the document a NetworkPolicy of Kubernetes? Those, too, can be converted. */
export function isKubernetesPolicy(raw: Readonly<Record<string, unknown>>): boolean {
  const document = documentOf(raw)
  return document.get('apiVersion') === KUBERNETES_API_VERSION && document.get('kind') === 'NetworkPolicy'
}

/**
 * Makes a v3 NetworkPolicy of one of Kubernetes, as Calico does for its own use: order 1000, selectors for workloads of Kubernetes only, a rule for each
 * protocol and peer. Labels and annotations are not carried over. Undefined when a fault was reported.
 */
export function convertKubernetesPolicy(raw: Readonly<Record<string, unknown>>, report: Report): Resource | undefined {
  let failed = false
  const told = (fault: Fault): void => {
    failed = true
    report(fault)
  }
  const policy = decode((schema ??= policySchema()), raw, [], { report: told }) as Policy | undefined
  if (failed || !policy) return undefined
  const { metadata = {}, spec = {} } = policy
  const selectors = new Selectors(told)
  const ingress = spec.ingress?.flatMap((rule, index) => convertRule(rule.from, rule.ports, ['spec', 'ingress', index, 'from'], selectors, 'source'))
  const egress = spec.egress?.flatMap((rule, index) => convertRule(rule.to, rule.ports, ['spec', 'egress', index, 'to'], selectors, 'destination'))
  const selector = selectors.forPods(spec.podSelector, ['spec', 'podSelector'])
  if (failed) return undefined
  return {
    kind: 'NetworkPolicy',
    apiVersion: API_VERSION,
    metadata: present({ name: metadata.name, namespace: metadata.namespace }),
    spec: present({ order: 1000, ingress, egress, selector, types: typesOf(spec) }),
  }
}

// --- internal ---

type Policy = ValueOf<ReturnType<typeof policySchema>>
type Spec = NonNullable<Policy['spec']>
type LabelSelector = ValueOf<ReturnType<typeof labelSelector>>
type Peer = ValueOf<ReturnType<typeof peerSchema>>
type PolicyPort = ValueOf<ReturnType<typeof portSchema>>

let schema: ReturnType<typeof policySchema> | undefined

const anything = (description: string) => custom<unknown>(description, 'anything', (raw) => raw, { json: {} })

function policySchema() {
  return struct('A NetworkPolicy of Kubernetes.', {
    kind: text('NetworkPolicy'),
    apiVersion: text(KUBERNETES_API_VERSION),
    metadata: struct('Name and bookkeeping of the object.', {
      name: text('Name of the policy.'),
      namespace: text('Its namespace.'),
      labels: map('Not carried over.', text('A label value.')),
      annotations: map('Not carried over.', text('An annotation value.')),
      ...Object.fromEntries(BOOKKEEPING.map((name) => [name, anything('Not carried over.')])),
    }),
    spec: struct('What the policy says.', {
      podSelector: labelSelector('Pods of the namespace that the policy is for.'),
      ingress: list(
        'Traffic to the pods that is allowed.',
        struct('A rule.', {
          from: list('Where it may come from.', peerSchema()),
          ports: list('Where it may go.', portSchema()),
        }),
      ),
      egress: list(
        'Traffic from the pods that is allowed.',
        struct('A rule.', {
          to: list('Where it may go.', peerSchema()),
          ports: list('Ports that it may go to.', portSchema()),
        }),
      ),
      policyTypes: list('Directions that the policy is for.', text('A direction.', { oneOf: ['Ingress', 'Egress'] })),
    }),
    status: anything('Not carried over.'),
  })
}

const BOOKKEEPING = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
  'selfLink',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

function labelSelector(description: string) {
  return struct(description, {
    matchLabels: map('Labels that it has.', text('A label value.')),
    matchExpressions: list(
      'Conditions that its labels meet.',
      struct('A condition.', {
        key: text('The label.'),
        operator: text('What is asked of it.', { oneOf: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }),
        values: list('The values of In and NotIn.', text('A label value.')),
      }),
    ),
  })
}

function peerSchema() {
  return struct('A peer.', {
    podSelector: labelSelector('Pods.'),
    namespaceSelector: labelSelector('Namespaces.'),
    ipBlock: struct('Addresses.', { cidr: network('A network.'), except: list('Networks in it that are not meant.', network('A network.')) }),
  })
}

function portSchema() {
  return struct('A port.', {
    protocol: text('The protocol; absent: TCP.', { oneOf: ['TCP', 'UDP', 'SCTP'] }),
    port: port('The port; absent: all.'),
    endPort: integer('The last port, when a range is meant.', { omit: 'absent', min: 1, max: 65_535 }),
  })
}

function typesOf({ policyTypes, egress }: Spec): string[] {
  if (policyTypes?.length) return ['Ingress', 'Egress'].filter((type) => policyTypes.includes(type))
  // What the API server of Kubernetes fills in.
  return egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
}

function convertRule(
  peers: readonly Peer[] | undefined,
  ports: readonly PolicyPort[] | undefined,
  path: Path,
  selectors: Selectors,
  side: 'source' | 'destination',
): Record<string, unknown>[] {
  const entities = peers?.length ? peers.map((peer, index) => convertPeer(peer, [...path, index], selectors)) : [{}]
  return portsByProtocol(ports ?? [], [...path.slice(0, -1), 'ports'], selectors.report).flatMap(([protocol, ports]) =>
    entities.map((entity) =>
      present({
        action: 'Allow',
        protocol,
        source: side === 'source' ? entity : {},
        destination: side === 'source' ? present({ ports }) : present({ ...entity, ports }),
      }),
    ),
  )
}

function convertPeer(peer: Peer, path: Path, selectors: Selectors): Record<string, unknown> {
  const { ipBlock, podSelector, namespaceSelector } = peer
  if (!ipBlock) {
    return present({
      selector: selectors.forPods(podSelector, [...path, 'podSelector']),
      namespaceSelector: selectors.forNamespaces(namespaceSelector, [...path, 'namespaceSelector']),
    })
  }
  if (podSelector || namespaceSelector) {
    const message = 'ipBlock cannot stand beside podSelector or namespaceSelector'
    selectors.report({ code: 'exclusive-fields', path: [...path, 'ipBlock'], message, help: 'write two peers' })
  }
  if (ipBlock.cidr === undefined) {
    selectors.report({ code: 'missing-field', path: [...path, 'ipBlock'], message: 'an ipBlock needs a cidr', help: 'as in cidr: 10.0.0.0/8' })
  }
  return present({ nets: ipBlock.cidr === undefined ? [] : [masked(ipBlock.cidr)], notNets: ipBlock.except?.map(masked) })
}

/** Ports of each protocol, by the protocol's name. One without a port stands for all of its protocol; no ports at all, for every protocol. */
function portsByProtocol(ports: readonly PolicyPort[], path: Path, report: Report): [protocol: string | undefined, ports: (string | number)[]][] {
  if (ports.length === 0) return [[undefined, []]]
  const byProtocol = new Map<string, (string | number)[] | undefined>()
  for (const [index, { protocol = 'TCP', port, endPort }] of ports.entries()) {
    const before = byProtocol.has(protocol) ? byProtocol.get(protocol) : []
    const range = endPort === undefined ? port : rangeOf(port, endPort, [...path, index, 'endPort'], report)
    byProtocol.set(protocol, before && range !== undefined ? [...before, range] : undefined)
  }
  return [...byProtocol].sort(([a], [b]) => (a < b ? -1 : 1)).map(([protocol, ports]) => [protocol, simplifyPorts(ports ?? [])])
}

function rangeOf(port: string | number | undefined, endPort: number, path: Path, report: Report): string | number | undefined {
  if (typeof port === 'number' && endPort >= port) return endPort === port ? port : `${port}:${endPort}`
  const message = typeof port === 'number' ? `endPort ${endPort} is smaller than port ${port}` : 'endPort needs the number of a port'
  report({ code: 'bad-value', path, message, help: 'the range goes from port to endPort' })
  return undefined
}

/** Label selectors as text. Keys and values are checked here: in the text nothing is escaped. */
class Selectors {
  readonly report: Report

  constructor(report: Report) {
    this.report = report
  }

  forPods(selector: LabelSelector | undefined, path: Path): string {
    return ["projectcalico.org/orchestrator == 'k8s'", ...this.#conditions(selector ?? {}, path)].join(' && ')
  }

  forNamespaces(selector: LabelSelector | undefined, path: Path): string | undefined {
    if (!selector) return undefined
    return this.#conditions(selector, path).join(' && ') || 'all()'
  }

  #conditions({ matchLabels = {}, matchExpressions = [] }: LabelSelector, path: Path): string[] {
    const labels = Object.keys(matchLabels)
      .sort()
      .map((key) => {
        const value = matchLabels[key] ?? ''
        this.#check(key, [value], [...path, 'matchLabels', key])
        return `${key} == '${value}'`
      })
    return [...labels, ...matchExpressions.map((expression, index) => this.#expression(expression, [...path, 'matchExpressions', index]))]
  }

  #expression({ key = '', operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number], path: Path): string {
    this.#check(key, values, path)
    const set = operator === 'In' || operator === 'NotIn'
    if (!operator) this.report({ code: 'missing-field', path: [...path, 'operator'], message: 'a condition needs an operator' })
    else if (set !== values.length > 0) {
      const message = set ? `${operator} needs values` : `${operator} has no values`
      this.report({ code: 'bad-value', path: [...path, 'values'], message })
    }
    if (set) return `${key} ${operator === 'In' ? 'in' : 'not in'} { '${values.join("', '")}' }`
    return operator === 'Exists' ? `has(${key})` : `! has(${key})`
  }

  #check(key: string, values: readonly string[], path: Path): void {
    const faults = [[key, labelKeyFault(key)] as const, ...values.map((value) => [value, labelValueFault(value)] as const)]
    for (const [text, fault] of faults) {
      if (fault === undefined) continue
      const [message = '', ...help] = fault.split('\n')
      this.report({ code: 'bad-label', path, message: `"${text}" ${message}`, ...(help.length > 0 ? { help: help.join('\n') } : {}) })
    }
  }
}
