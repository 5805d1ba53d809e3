import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { v3ToV1 } from '../../../src/model/v1/from-v3.ts'
import { v1Kinds } from '../../../src/model/v1/registry.ts'
import { v1ToV3 } from '../../../src/model/v1/to-v3.ts'
import { converted } from './manifest.ts'

describe('v1 to v3 and back', () => {
  for (const { kind } of v1Kinds) {
    it(`a ${kind} that v3 takes comes back to the same v3 resource, and then to the same v1 text`, () => {
      let tried = 0
      fc.assert(
        fc.property(documents[kind] ?? fc.constant({}), (document) => {
          const first = converted(document)
          if (!first.resource || first.faults.length > 0) return
          tried++
          const back = v3ToV1(first.resource)
          assert.deepEqual(
            back.notes.filter((note) => note.code !== 'not-in-calico-2.6' && note.code !== 'name-changes'),
            [],
          )
          const raw = { ...back.resource }
          const second = converted(raw)
          assert.deepEqual(second.faults, [])
          assert.deepEqual({ ...second.resource, metadata: unnamed(second.resource) }, { ...first.resource, metadata: unnamed(first.resource) })
          assert.deepEqual(v3ToV1(second.resource ?? first.resource).resource?.spec, back.resource?.spec)
        }),
      )
      assert.ok(tried >= 25, `only ${tried} were good`)
    })
  }

  it('never throws, whatever stands in a document', () => {
    const kinds = fc.constantFrom(...v1Kinds.map(({ kind }) => kind))
    const field = fc.constantFrom(
      'metadata',
      'spec',
      'name',
      'tags',
      'ingress',
      'source',
      'net',
      'nets',
      'selector',
      'bgp',
      'cidr',
      'ports',
      '__proto__',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, '', 'a', 0, -1, 2 ** 40, true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(field, tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(kinds, fc.dictionary(field, tree), (kind, document) => {
        const faults: unknown[] = []
        const resource = v1ToV3({ ...document, kind, apiVersion: 'v1' }, (fault) => faults.push(fault))
        assert.equal(resource === undefined, faults.length > 0)
      }),
    )
  })
})

/** A name that is not the one that a conversion makes gets another suffix when it is converted once more. */
function unnamed(resource: { readonly metadata: object } | undefined): object {
  return { ...resource?.metadata, name: '' }
}

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
/** Any of the fields, or none. */
const record = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> => fc.record(model, { requiredKeys: [] })
const document = (kind: string, metadata: fc.Arbitrary<object>, spec: fc.Arbitrary<object>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record({ kind: fc.constant(kind), apiVersion: fc.constant('v1'), metadata, spec })

const name = fc.constantFrom('a', 'web-1', 'Net_1', 'a.b', 'a/b', 'k8s_ns.prod', 'kns.x', 'UPPER')
const node = fc.constantFrom('host1', 'Host_1', 'a-b', 'n.example.com')
const label = fc.constantFrom('a', 'role', 'calico/k8s_ns', 'x.y/z')
const tag = fc.constantFrom('t', 'db-1', '1web', 'x.y')
const address4 = fc.ipV4()
const address6 = fc.ipV6()
const address = fc.oneof(address4, address6)
const network4 = fc.tuple(address4, fc.integer({ min: 1, max: 32 })).map(([ip, length]) => `${ip}/${length}`)
const network6 = fc.tuple(address6, fc.integer({ min: 1, max: 128 })).map(([ip, length]) => `${ip}/${length}`)
const selector = fc.constantFrom(
  'all()',
  `a == 'b'`,
  `has(calico/k8s_ns) || a != "b"`,
  `(a in {'b'}) && t == ''`,
  `t == ''`,
  `a starts with 'b'`,
  `(has(a)) && (has(b)) && t == ''`,
)
const port = fc.oneof(
  fc.integer({ min: 1, max: 65_535 }),
  fc.constantFrom('http', '80'),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 9, max: 99 })).map(([a, b]) => `${a}:${b}`),
)
const protocol = fc.oneof(fc.constantFrom('tcp', 'udp', 'sctp', 'udplite', 'icmp', 'icmpv6', '17'), fc.integer({ min: 1, max: 255 }))
const entity = (network: fc.Arbitrary<string>, lists: boolean, ports: boolean) =>
  record({
    tag,
    selector,
    notTag: tag,
    notSelector: selector,
    ...(lists ? { nets: fc.array(network, { maxLength: 2 }), notNets: fc.array(network, { maxLength: 2 }) } : { net: network, notNet: network }),
    ...(ports ? { ports: fc.array(port, { maxLength: 3 }), notPorts: fc.array(port, { maxLength: 2 }) } : {}),
  })
const rule = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()).chain(([v4, lists, ports]) => {
  const side = entity(v4 ? network4 : network6, lists, ports)
  return fc.record(
    {
      action: fc.constantFrom('allow', 'deny', 'log', 'pass'),
      protocol: ports ? fc.constantFrom('tcp', 'udp', 6) : protocol,
      notProtocol: protocol,
      ipVersion: fc.constant(v4 ? 4 : 6),
      source: side,
      destination: side,
    },
    { requiredKeys: ports ? ['action', 'protocol'] : ['action'] },
  )
})
const rules = fc.array(rule, { maxLength: 2 })
const labels = fc.dictionary(label, fc.constantFrom('', 'x', 'A_1'), { maxKeys: 2 })
const order = fc.oneof(fc.integer({ min: -10, max: 10 }), fc.double({ min: 0, max: 1e6, noNaN: true }))
const ports = fc.array(
  fc.record({ name: fc.constantFrom('http', 'dns'), protocol: fc.constantFrom('tcp', 'udp', 'sctp'), port: fc.integer({ min: 1, max: 65_535 }) }),
  {
    maxLength: 2,
  },
)
const hardware = fc.constantFrom('EE-EE-EE-EE-EE-EE', 'ca:fe:1d:52:bb:e9', 'cafe.1d52.bbe9', 'CAFE1D52BBE9')

const documents: Readonly<Record<string, fc.Arbitrary<Record<string, unknown>>>> = {
  bgpPeer: document(
    'bgpPeer',
    fc.oneof(fc.record({ scope: fc.constant('global'), peerIP: address }), fc.record({ scope: fc.constant('node'), node, peerIP: address })),
    record({ asNumber: fc.integer({ min: 0, max: 2 ** 31 - 1 }) }),
  ),
  hostEndpoint: document(
    'hostEndpoint',
    fc.record({ name, node, labels }),
    fc.record({
      interfaceName: fc.constantFrom('eth0', '*'),
      expectedIPs: fc.array(address, { maxLength: 3 }),
      profiles: fc.array(name, { maxLength: 2 }),
      ports,
    }),
  ),
  ipPool: document(
    'ipPool',
    fc.record({ cidr: fc.constantFrom('10.0.0.0/16', '10.64.0.0/10', 'fd00:5::/64', 'FD00::/112', '10.1.2.0/24') }),
    record({
      ipip: record({ enabled: fc.boolean(), mode: fc.constantFrom('always', 'cross-subnet') }),
      'nat-outgoing': fc.boolean(),
      disabled: fc.boolean(),
    }),
  ),
  node: document(
    'node',
    fc.record({ name: node }),
    record({
      bgp: fc.record({
        ipv4Address: fc.oneof(network4, address4),
        ipv6Address: some(network6),
        asNumber: some(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      }),
      orchRefs: fc.array(record({ nodeName: name, orchestrator: fc.constantFrom('k8s', '') }), { maxLength: 2 }),
    }),
  ),
  policy: document(
    'policy',
    fc.record({
      name,
      tier: some(fc.constantFrom('default', 'sec')),
      annotations: fc.dictionary(fc.constantFrom('a', 'b/c'), fc.string(), { maxKeys: 2 }),
    }),
    record({
      order,
      ingress: rules,
      egress: rules,
      selector,
      doNotTrack: fc.boolean(),
      preDNAT: fc.boolean(),
      types: fc.constantFrom(['ingress'], ['egress', 'ingress'], []),
    }),
  ),
  profile: document('profile', fc.record({ name, tags: fc.uniqueArray(tag, { maxLength: 3 }), labels }), record({ ingress: rules, egress: rules })),
  workloadEndpoint: document(
    'workloadEndpoint',
    fc.record({
      name,
      node,
      labels,
      activeInstanceID: some(fc.constantFrom('0123abcd', 'c1')),
      orchestrator: fc.constantFrom('k8s', 'K8s', 'cni', 'libnetwork', 'mesos'),
      workload: fc.constantFrom('ns.pod', 'ns.pod.x', 'libnetwork', 'c1'),
    }),
    fc.record({
      interfaceName: fc.constantFrom('cali0', 'tap-1'),
      ipNetworks: fc.array(address, { maxLength: 3 }),
      ipv4Gateway: some(address4),
      ipv6Gateway: some(address6),
      profiles: fc.array(name, { maxLength: 2 }),
      mac: some(hardware),
      ports,
      allow_spoofed_source_prefixes: fc.array(fc.oneof(network4, network6), { maxLength: 2 }),
    }),
  ),
}
