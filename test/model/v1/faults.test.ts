import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { v1PathOf } from '../../../src/model/v1/to-v3.ts'
import { converted, parse } from './manifest.ts'

/** Documents in short: kind, metadata, spec; and what is told about them. */
const REFUSED: readonly (readonly [kind: string, metadata: string, spec: string, told: string])[] = [
  ['policy', '{name: a b}', '{}', 'metadata.name: "a b" is not a name of v1'],
  ['policy', '{}', '{}', 'metadata.name: a policy needs a name'],
  ['policy', '{name: p, labels: {a: b}}', '{}', 'metadata.labels: unknown field "labels"'],
  ['policy', '{name: p}', '{selector: has(}', 'spec.selector: "has(" is not a selector: expected a label but the selector ends at column 5'],
  ['policy', '{name: p}', '{types: [Ingress]}', 'spec.types[0]: "Ingress" is not one of "ingress", "egress"'],
  ['policy', '{name: p}', '{types: [egress, egress]}', 'spec.types[1]: type "egress" stands here twice'],
  ['policy', '{name: p}', '{preDNAT: true, doNotTrack: true}', 'spec.preDNAT: preDNAT and doNotTrack cannot both be true'],
  ['policy', '{name: p}', '{preDNAT: true, egress: [{action: allow}]}', 'spec.egress: a policy with preDNAT cannot have egress rules'],
  ['policy', '{name: p}', '{preDNAT: true, types: [ingress, egress]}', 'spec.types[1]: a policy with preDNAT cannot have the type egress'],
  ['policy', '{name: p}', '{order: "100"}', 'spec.order: expected a number, found the text "100"'],
  ['policy', '{name: p, tier: a b}', '{}', 'metadata.tier: "a b" is not a name of v1'],
  ['profile', '{name: p}', '{ingress: [{}]}', 'spec.ingress[0].action: a rule needs an action'],
  ['profile', '{name: p}', '{ingress: [{action: Allow}]}', 'spec.ingress[0].action: "Allow" is not one of "allow", "deny", "log", "pass"'],
  ['profile', '{name: p}', '{ingress: [{action: next-tier}]}', 'spec.ingress[0].action: "next-tier" is not one of "allow", "deny", "log", "pass"'],
  ['profile', '{name: p}', '{egress: [{action: log, protocol: TCP}]}', 'spec.egress[0].protocol: "TCP" is not a protocol of v1'],
  ['profile', '{name: p}', '{egress: [{action: log, protocol: 0}]}', 'spec.egress[0].protocol: "0" is not a protocol'],
  ['profile', '{name: p}', '{egress: [{action: log, ipVersion: 5}]}', 'spec.egress[0].ipVersion: 5 is no IP version'],
  ['profile', '{name: p}', '{egress: [{action: log, icmp: {code: 1}}]}', 'spec.egress[0].icmp.code: an ICMP code needs an ICMP type'],
  [
    'profile',
    '{name: p}',
    '{egress: [{action: log, protocol: tcp, icmp: {type: 1}}]}',
    'spec.egress[0].icmp: ICMP fields require protocol to be ICMP or ICMPv6',
  ],
  ['profile', '{name: p}', '{egress: [{action: log, destination: {ports: [80]}}]}', 'spec.egress[0].destination.ports: ports need a protocol'],
  [
    'profile',
    '{name: p}',
    '{egress: [{action: log, protocol: 1, source: {notPorts: [80]}}]}',
    'spec.egress[0].source.notPorts: protocol 1 has no ports',
  ],
  ['profile', '{name: p}', '{egress: [{action: log, protocol: 6, source: {ports: [0]}}]}', 'spec.egress[0].source.ports[0]: "0" is not a port'],
  [
    'profile',
    '{name: p}',
    '{egress: [{action: log, source: {net: 10.0.0.0/8}, destination: {notNets: [10.0.0.0/8]}}]}',
    'spec.egress[0].source.net: net and notNet cannot stand in a rule with nets or notNets',
  ],
  [
    'profile',
    '{name: p}',
    '{egress: [{action: log, source: {nets: [10.0.0.0/8]}, destination: {notNets: ["fd00::/8"]}}]}',
    'spec.egress[0].destination.notNets[0]: "fd00::/8" is of IPv6, other networks of the rule are of IPv4',
  ],
  [
    'profile',
    '{name: p}',
    '{egress: [{action: log, ipVersion: 6, source: {net: 10.0.0.0/8}}]}',
    `spec.egress[0].source.net: "10.0.0.0/8" is of IPv4, but the rule's ipVersion is 6`,
  ],
  ['profile', '{name: p}', '{egress: [{action: log, source: {net: 10.0.0.0/40}}]}', 'spec.egress[0].source.net: "10.0.0.0/40" is not a network'],
  ['profile', '{name: p}', '{egress: [{action: log, source: {tag: a/b}}]}', 'spec.egress[0].source.tag: "a/b" is not a name of v1'],
  ['profile', '{name: p, tags: [a, a]}', '{}', 'metadata.tags[1]: tag "a" stands here twice'],
  ['profile', '{name: p, tags: [b, a], labels: {a: x}}', '{}', 'metadata.tags[1]: tag "a" and label "a == x" would become the same label'],
  ['profile', '{name: p, labels: {a: b c}}', '{}', 'metadata.labels.a: "b c" is not a label value'],
  ['profile', '{name: p, labels: {a b: c}}', '{}', 'metadata.labels.a b: "a b" is not a label'],
  ['profile', '{name: p, tags: [a, _a]}', '{}', 'metadata.tags[1]: "_a" is not a key'],
  ['profile', '{name: p, labels: {a/b/c: d}}', '{}', 'metadata.labels.a/b/c: "a/b/c" is not a key'],
  ['profile', '{name: p}', '{ingressRules: []}', 'spec.ingressRules: unknown field "ingressRules"'],
  ['ipPool', '{}', '{}', 'metadata.cidr: an ipPool needs a cidr'],
  ['ipPool', '{cidr: 10.0.0.1/16}', '{}', 'metadata.cidr: "10.0.0.1/16" is not strictly masked'],
  ['ipPool', '{cidr: 10.0.0.0/27}', '{}', 'metadata.cidr: the pool "10.0.0.0/27" is too small: /26 is the smallest that addresses are assigned from'],
  ['ipPool', '{cidr: 169.254.0.0/17}', '{}', 'metadata.cidr: "169.254.0.0/17" overlaps with the link-local range 169.254.0.0/16'],
  ['ipPool', '{cidr: "fd00::/64"}', '{ipip: {enabled: true}}', 'spec.ipip.enabled: IP in IP is not supported on an IPv6 pool'],
  ['ipPool', '{cidr: 10.0.0.0/16}', '{ipip: {mode: Always}}', 'spec.ipip.mode: "Always" is not one of "always", "cross-subnet"'],
  ['ipPool', '{cidr: 10.0.0.0/16}', '{natOutgoing: true}', 'spec.natOutgoing: unknown field "natOutgoing"'],
  ['node', '{name: n}', '{bgp: {asNumber: 1}}', 'spec.bgp: bgp needs ipv4Address or ipv6Address'],
  ['node', '{name: n}', '{bgp: {ipv4Address: "fd00::1/64"}}', 'spec.bgp.ipv4Address: "fd00::1/64" is not an IPv4 network'],
  ['node', '{name: _}', '{}', 'metadata.name: nothing of the name "_" could stand in a v3 name'],
  ['bgpPeer', '{peerIP: 10.0.0.1}', '{}', 'metadata.scope: a bgpPeer needs a scope'],
  ['bgpPeer', '{scope: global}', '{}', 'metadata.peerIP: a bgpPeer needs a peerIP'],
  ['bgpPeer', '{scope: node, peerIP: 10.0.0.1}', '{}', 'metadata.node: with scope node the node must be given'],
  ['bgpPeer', '{scope: global, node: n, peerIP: 10.0.0.1}', '{}', 'metadata.node: no node may be given when the scope is global'],
  ['bgpPeer', '{scope: global, peerIP: 10.0.0.0/24}', '{}', 'metadata.peerIP: "10.0.0.0/24" is not an IP address'],
  ['hostEndpoint', '{name: h, node: n}', '{}', 'spec.interfaceName: interfaceName or expectedIPs must be given'],
  ['hostEndpoint', '{name: h}', '{interfaceName: eth0}', 'metadata.node: node must be given'],
  [
    'hostEndpoint',
    '{name: h, node: n}',
    '{interfaceName: eth0, ports: [{name: HTTP, protocol: tcp, port: 1}]}',
    'spec.ports[0].name: "HTTP" is not a name for a port',
  ],
  ['workloadEndpoint', '{name: e, orchestrator: cni, workload: c, node: n}', '{}', 'spec.interfaceName: interfaceName must be given'],
  [
    'workloadEndpoint',
    '{orchestrator: cni, workload: c, node: n}',
    '{interfaceName: c}',
    "metadata.name: name must be given: the endpoint's name is made from it",
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: k8s, workload: pod, node: n}',
    '{interfaceName: c}',
    'metadata.workload: workload "pod" is not one of Kubernetes',
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: k8s, workload: a.b, node: n, activeInstanceID: a_b}',
    '{interfaceName: c}',
    'metadata.activeInstanceID: "a_b" has characters that are not allowed here',
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: cni, workload: c.1, node: n}',
    '{interfaceName: c}',
    'metadata.workload: "c.1" has characters that are not allowed here',
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: x, workload: w, node: n}',
    '{interfaceName: c, ipNetworks: [10.0.0.0/24]}',
    'spec.ipNetworks[0]: "10.0.0.0/24" contains multiple addresses',
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: x, workload: w, node: n}',
    '{interfaceName: c, ipNetworks: [10.0.0.1], ipNATs: [{internalIP: 10.0.0.2, externalIP: 1.1.1.1}]}',
    `spec.ipNATs[0].internalIP: "10.0.0.2" is not in the endpoint's networks (NAT)`,
  ],
  [
    'workloadEndpoint',
    '{name: e, orchestrator: x, workload: w, node: n}',
    '{interfaceName: c, mac: "ca:fe"}',
    'spec.mac: "ca:fe" is not a MAC address',
  ],
]

describe('what v1 or v3 refuses', () => {
  for (const [kind, metadata, spec, told] of REFUSED) {
    it(`${kind}: ${told}`, () => {
      assert.deepEqual(converted(parse(`{kind: ${kind}, apiVersion: v1, metadata: ${metadata}, spec: ${spec}}`)).faults, [told])
    })
  }

  it('all faults of a document are told at once', () => {
    const spec = '{selector: a = b, ingress: [{action: jump, source: {net: x}}], egress: [{action: allow, sauce: {}}]}'
    const { faults } = converted(parse(`{kind: policy, apiVersion: v1, metadata: {name: a b}, spec: ${spec}}`))
    assert.deepEqual(
      faults.map((fault) => fault.slice(0, fault.indexOf(':'))),
      ['metadata.name', 'spec.ingress[0].action', 'spec.ingress[0].source.net', 'spec.egress[0].sauce', 'spec.selector'],
    )
  })
})

describe('the place in a v1 document of a field of v3', () => {
  const document = parse(`
kind: policy
spec:
  doNotTrack: true
  ingress:
  - source: {net: 10.0.0.0/8, tag: a, notTag: b, notSelector: c}
  - source: {nets: [10.0.0.0/8]}
`)
  const cases: readonly [kind: string, v3: string, v1: string][] = [
    ['GlobalNetworkPolicy', 'spec.ingress.0.source.nets.0', 'spec.ingress.0.source.net'],
    ['GlobalNetworkPolicy', 'spec.ingress.0.source.selector', 'spec.ingress.0.source.tag'],
    ['GlobalNetworkPolicy', 'spec.ingress.0.source.notSelector', 'spec.ingress.0.source.notSelector'],
    ['GlobalNetworkPolicy', 'spec.ingress.1.source.nets.0', 'spec.ingress.1.source.nets.0'],
    ['GlobalNetworkPolicy', 'spec.tier', 'metadata.tier'],
    ['GlobalNetworkPolicy', 'spec.applyOnForward', 'spec.doNotTrack'],
    ['IPPool', 'metadata.name', 'metadata.cidr'],
    ['IPPool', 'spec.natOutgoing', 'spec.nat-outgoing'],
    ['BGPPeer', 'spec.peerIP', 'metadata.peerIP'],
    ['HostEndpoint', 'spec.node', 'metadata.node'],
    ['WorkloadEndpoint', 'spec.allowSpoofedSourcePrefixes.1', 'spec.allow_spoofed_source_prefixes.1'],
    ['WorkloadEndpoint', 'spec.endpoint', 'metadata.name'],
    ['Node', 'spec.bgp.asNumber', 'spec.bgp.asNumber'],
    ['Tier', 'spec.order', 'spec.order'],
  ]
  for (const [kind, v3, v1] of cases) {
    it(`${kind} ${v3}`, () => assert.deepEqual(v1PathOf(path(v3), kind, document), path(v1)))
  }
})

function path(text: string): (string | number)[] {
  return text.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}
