import * as fc from 'fast-check'
import { API_VERSION, type Resource } from '../../../src/model/kind.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import type { World } from '../../../src/policy/world/world.ts'

/**
 * Small worlds of everything that decides about packets, out of few names, so that things meet: selectors that pick some of the endpoints, networks
 * within networks, addresses that several own, ports that rules only just miss, profiles and tiers that are not there. Not only what validation lets
 * through: a datastore may hold more. No two resources have the same name.
 */
export function anyResources(): fc.Arbitrary<Resource[]> {
  return fc
    .tuple(
      named('WorkloadEndpoint', fc.array(workload(), { minLength: 1, maxLength: 6 })),
      named('HostEndpoint', fc.array(host(), { maxLength: 2 })),
      named('NetworkSet', fc.array(networkSet(NAMESPACES), { maxLength: 2 })),
      named('GlobalNetworkSet', fc.array(networkSet([undefined]), { maxLength: 2 })),
      named('NetworkPolicy', fc.array(policy(NAMESPACES), { maxLength: 3 })),
      named('GlobalNetworkPolicy', fc.array(policy([undefined]), { maxLength: 4 })),
      fc.subarray(PROFILES).chain((names) => fc.tuple(...names.map(profile))),
      fc.subarray(TIERS).chain((names) => fc.tuple(...names.map(tier))),
      fc.subarray(NODES).chain((names) => fc.tuple(...names.map(node))),
      fc.subarray(CONFIGURATIONS).chain((names) => fc.tuple(...names.map(configuration))),
    )
    .map((parts) => parts.flat())
}

export function worldFrom(resources: readonly Resource[]): World {
  return buildWorld(resources.map((resource) => ({ resource, origin: {} })))
}

/** Networks that rules and network sets name; their edges are where packets should be tried. */
export const NETS = [
  '10.0.0.0/24',
  '10.0.0.0/30',
  '10.0.0.2/31',
  '10.0.0.2/32',
  '10.0.0.4/30',
  '10.0.0.0/8',
  '192.0.2.0/24',
  '0.0.0.0/0',
  '128.0.0.0/1',
  '255.255.255.255/32',
  'fd00::/64',
  'fd00::2/127',
  'fd00::2/128',
  '::/0',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
] as const

/** Ports that rules name, and those just beside. */
export const PORTS = [0, 1, 2, 67, 68, 79, 80, 81, 82, 83, 443, 444, 4789, 65_534, 65_535] as const

// --- internal ---

const NAMESPACES = ['n1', 'n2'] as const
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.0.0.4',
  '10.0.0.9',
  '10.1.0.1',
  '192.0.2.1',
  'fd00::1',
  'fd00::2',
  'fd00::3',
  '2001:db8::1',
]
const PROFILES = ['open', 'p1', 'p2', 'kns.n1', 'kns.n2', 'ksa.n1.s1']
const TIERS = ['t1', 't2', 'default']
const NODES = ['h1', 'h2']
const CONFIGURATIONS = ['default', 'node.h1']
const LABELS = ['a', 'b', 'constructor']
const VALUES = ['x', 'y', 'xy', '']

function named(kind: string, list: fc.Arbitrary<Omit<Resource, 'kind' | 'apiVersion'>[]>): fc.Arbitrary<Resource[]> {
  return list.map((all) =>
    all.map(({ metadata, spec }, index) => ({
      kind,
      apiVersion: API_VERSION,
      metadata: { ...metadata, name: `${kind.toLowerCase()}-${index}` },
      spec,
    })),
  ) as fc.Arbitrary<Resource[]>
}

function labels(keys: readonly string[] = LABELS): fc.Arbitrary<Record<string, string>> {
  return fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...VALUES), { maxKeys: 2, noNullPrototype: true })
}

function workload() {
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      labels: labels(),
      account: fc.option(fc.constantFrom('s1', 's2'), { nil: undefined }),
      profiles: fc.uniqueArray(fc.constantFrom(...PROFILES, 'missing'), { maxLength: 3 }),
      addresses: addresses(3),
      ports: endpointPorts(),
    })
    .map(({ namespace, labels, account, profiles, addresses, ports }) => ({
      metadata: { namespace, labels: { ...labels, 'projectcalico.org/namespace': namespace } },
      spec: { node: 'h1', ...(account ? { serviceAccountName: account } : {}), profiles, ipNetworks: addresses, ports },
    }))
}

function host() {
  return fc
    .record({
      labels: labels(),
      node: fc.constantFrom(...NODES),
      interfaceName: fc.constantFrom('*', 'eth0'),
      profiles: fc.uniqueArray(fc.constantFrom(...PROFILES, 'projectcalico-default-allow', 'missing'), { maxLength: 2 }),
      addresses: addresses(2),
      ports: endpointPorts(),
    })
    .map(({ labels, node, interfaceName, profiles, addresses, ports }) => ({
      metadata: { labels },
      spec: { node, interfaceName, profiles, expectedIPs: addresses, ports },
    }))
}

function addresses(maxLength: number) {
  return fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength })
}

function endpointPorts() {
  return fc.array(
    fc.record({ name: fc.constantFrom('http', 'dns'), protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'), port: fc.constantFrom(80, 81, 443) }),
    { maxLength: 2 },
  )
}

function networkSet(namespaces: readonly (string | undefined)[]) {
  return fc
    .record({ namespace: fc.constantFrom(...namespaces), labels: labels(), nets: fc.uniqueArray(fc.constantFrom(...NETS), { maxLength: 3 }) })
    .map(({ namespace, labels, nets }) => ({ metadata: { ...(namespace ? { namespace } : {}), labels }, spec: { nets } }))
}

function profile(name: string): fc.Arbitrary<Resource> {
  const keys = name.startsWith('kns.') ? ['pcns.a', 'pcns.b'] : name.startsWith('ksa.') ? ['pcsa.a'] : LABELS
  return fc
    .record({ labelsToApply: labels(keys), ingress: rules(2), egress: rules(2) })
    .map((spec) => ({ kind: 'Profile', apiVersion: API_VERSION, metadata: { name }, spec }))
}

function tier(name: string): fc.Arbitrary<Resource> {
  return fc
    .record({ order: fc.constantFrom(1, 2, 1e6), defaultAction: fc.constantFrom('Deny', 'Pass') }, { requiredKeys: [] })
    .map((spec) => ({ kind: 'Tier', apiVersion: API_VERSION, metadata: { name }, spec }))
}

function node(name: string): fc.Arbitrary<Resource> {
  return addresses(2).map((list) => ({
    kind: 'Node',
    apiVersion: API_VERSION,
    metadata: { name },
    spec: { addresses: list.map((address) => ({ address })) },
  }))
}

function configuration(name: string): fc.Arbitrary<Resource> {
  const entry = fc.record(
    { protocol: fc.constantFrom('TCP', 'udp'), port: fc.constantFrom(...PORTS), net: fc.constantFrom(...NETS) },
    { requiredKeys: ['port'] },
  )
  const ports = fc.array(entry, { maxLength: 3 })
  return fc
    .record(
      { failsafeInboundHostPorts: ports, failsafeOutboundHostPorts: ports, defaultEndpointToHostAction: fc.constantFrom('Accept', 'Return') },
      { requiredKeys: [] },
    )
    .map((spec) => ({ kind: 'FelixConfiguration', apiVersion: API_VERSION, metadata: { name }, spec }))
}

function policy(namespaces: readonly (string | undefined)[]) {
  return fc
    .record({
      namespace: fc.constantFrom(...namespaces),
      tier: fc.constantFrom('default', 'default', 't1', 't2', 'ghost'),
      order: fc.constantFrom(undefined, -1, 5, 5, 10),
      selector: fc.oneof({ weight: 2, arbitrary: fc.constantFrom('', 'all()') }, { weight: 3, arbitrary: selector() }),
      namespaceSelector: rarely(selector()),
      serviceAccountSelector: rarely(selector()),
      types: fc.constantFrom(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
      stage: fc.constantFrom('', '', '', 'doNotTrack', 'preDNAT', 'applyOnForward'),
      ingress: rules(4),
      egress: rules(4),
    })
    .map(({ namespace, stage, namespaceSelector, serviceAccountSelector, order, types, ...rest }) => ({
      metadata: namespace ? { namespace } : {},
      spec: {
        ...rest,
        ...given({ order, types }),
        ...(namespace ? {} : { ...given({ namespaceSelector, serviceAccountSelector }), ...(stage ? { applyOnForward: true, [stage]: true } : {}) }),
      },
    }))
}

function rules(maxLength: number) {
  return fc.array(rule(), { maxLength })
}

function rule() {
  return fc
    .record({
      action: fc.constantFrom('Allow', 'Allow', 'Deny', 'Pass', 'Log'),
      ipVersion: rarely(fc.constantFrom(4, 6)),
      protocol: fc.constantFrom(undefined, undefined, undefined, 'TCP', 'TCP', 'UDP', 'SCTP', 'UDPLite', 'ICMP', 'ICMPv6', 4, 47),
      notProtocol: rarely(fc.constantFrom('TCP', 'UDP', 'ICMP', 47)),
      icmp: rarely(icmp()),
      notICMP: rarely(icmp()),
      http: rarely(fc.constant({ methods: ['GET'] })),
      source: entity(),
      destination: entity(),
    })
    .map(given)
}

function icmp() {
  return fc.record({ type: fc.constantFrom(0, 3, 8, 128), code: fc.constantFrom(undefined, 0, 1, 255) }).map(given)
}

function entity() {
  const named = fc.subarray<string | number>(['http', 'dns', 80, 'nobody'], { minLength: 1 })
  const everything = fc
    .record({
      selector: rarely(selector()),
      notSelector: rarely(selector()),
      namespaceSelector: rarely(fc.oneof(selector(), fc.constantFrom('all()', 'global()'))),
      nets: rarely(nets()),
      notNets: rarely(nets()),
      ports: rarely(ports()),
      notPorts: rarely(ports()),
      services: fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constant({ name: 's', namespace: 'n1' }) }),
      serviceAccounts: rarely(
        fc.record({ names: fc.constantFrom(undefined, ['s1'], ['s1', 's2']), selector: fc.constantFrom(undefined, 'all()', "a == 'x'") }).map(given),
      ),
    })
    .map(given)
  // One question at a time decides more often than all at once.
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.record({ selector: selector() }) },
    { weight: 1, arbitrary: fc.record({ notSelector: selector() }) },
    { weight: 2, arbitrary: fc.record({ nets: nets() }) },
    { weight: 1, arbitrary: fc.record({ notNets: nets() }) },
    { weight: 1, arbitrary: fc.record({ ports: ports() }) },
    { weight: 1, arbitrary: fc.record({ notPorts: fc.oneof(ports(), named) }) },
    { weight: 1, arbitrary: fc.record({ selector: selector(), ports: named }) },
    { weight: 1, arbitrary: fc.record({ selector: selector(), notPorts: named }) },
    { weight: 3, arbitrary: everything },
  )
}

function nets() {
  return fc.uniqueArray(fc.constantFrom(...NETS), { maxLength: 3 })
}

function ports() {
  return fc.uniqueArray(fc.constantFrom<string | number>(1, 80, 443, 65_535, '80:82', '0:65535', '443:65535', 'http', 'dns', 'nobody'), {
    maxLength: 3,
  })
}

function selector(): fc.Arbitrary<string> {
  return fc.letrec<{ whole: string; term: string }>((tie) => ({
    whole: fc.oneof(
      { maxDepth: 2 },
      tie('term'),
      tie('term').map((term) => `!${term}`),
      fc.tuple(tie('whole'), fc.constantFrom('&&', '||'), tie('whole')).map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    ),
    term: fc.oneof(
      fc
        .tuple(fc.constantFrom(...LABELS), fc.constantFrom('==', '!=', 'contains', 'starts with', 'ends with'), fc.constantFrom(...VALUES, 'z'))
        .map(([label, operator, value]) => `${label} ${operator} '${value}'`),
      fc.constantFrom(...LABELS).map((label) => `has(${label})`),
      fc
        .tuple(fc.constantFrom(...LABELS), fc.constantFrom('in', 'not in'), fc.subarray([...VALUES]))
        .map(([label, operator, values]) => `${label} ${operator} {${values.map((value) => `'${value}'`).join(', ')}}`),
      fc.constantFrom('all()', "projectcalico.org/namespace == 'n1'", "projectcalico.org/serviceaccount == 's1'", 'has(pcns.a)'),
    ),
  })).whole
}

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc
    .option(arbitrary, { nil: undefined, freq: 2 })
    .chain((value) => (value === undefined ? fc.constant(value) : fc.constantFrom(undefined, value)))
}

/** Without what is undefined. */
function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
