import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { v3ToV1 } from '../../../src/model/v1/from-v3.ts'
import { at, stored } from './manifest.ts'

/** A v3 resource in short, and what is told about its way to v1 as `severity path: message`. */
const NOTES: readonly (readonly [kind: string, metadata: string, spec: string, told: readonly string[]])[] = [
  ['NetworkSet', '{name: n}', '{}', ['error : a NetworkSet has no form in the v1 API']],
  ['NetworkPolicy', '{name: n, namespace: a}', '{}', ['error : a NetworkPolicy has no form in the v1 API']],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{namespaceSelector: all()}',
    ['error spec.namespaceSelector: spec.namespaceSelector has no form in the v1 API'],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{serviceAccountSelector: has(a)}',
    ['error spec.serviceAccountSelector: spec.serviceAccountSelector has no form in the v1 API'],
  ],
  ['GlobalNetworkPolicy', '{name: n}', '{applyOnForward: true}', ['error spec.applyOnForward: spec.applyOnForward has no form in the v1 API']],
  ['GlobalNetworkPolicy', '{name: n}', '{applyOnForward: true, doNotTrack: true}', []],
  [
    'GlobalNetworkPolicy',
    '{name: n, labels: {a: b}}',
    '{performanceHints: [AssumeNeededOnEveryNode]}',
    [
      'warning metadata.labels.a: metadata.labels.a has no form in the v1 API',
      'warning spec.performanceHints: spec.performanceHints has no form in the v1 API',
    ],
  ],
  ['GlobalNetworkPolicy', '{name: sec.n}', '{tier: sec}', ['warning spec.tier: Calico 2.6 knows no tiers']],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{tier: sec}',
    ['warning metadata.name: converted back it would be called "sec.n"', 'warning spec.tier: Calico 2.6 knows no tiers'],
  ],
  ['GlobalNetworkPolicy', '{name: n}', '{selector: a starts with "b"}', ['warning spec.selector: selectors of Calico 2.6 know no "starts with"']],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{ingress: [{action: Allow, protocol: TCP, http: {methods: [GET]}, metadata: {annotations: {a: b}}}]}',
    [
      'error spec.ingress[0].http.methods: spec.ingress[0].http.methods has no form in the v1 API',
      'warning spec.ingress[0].metadata.annotations.a: spec.ingress[0].metadata.annotations.a has no form in the v1 API',
    ],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{ingress: [{action: Allow, source: {namespaceSelector: global(), serviceAccounts: {names: [a]}}}]}',
    [
      'error spec.ingress[0].source.namespaceSelector: spec.ingress[0].source.namespaceSelector has no form in the v1 API',
      'error spec.ingress[0].source.serviceAccounts.names: spec.ingress[0].source.serviceAccounts.names has no form in the v1 API',
    ],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{egress: [{action: Allow, destination: {services: {name: s, namespace: a}}}]}',
    [
      'error spec.egress[0].destination.services.name: spec.egress[0].destination.services.name has no form in the v1 API',
      'error spec.egress[0].destination.services.namespace: spec.egress[0].destination.services.namespace has no form in the v1 API',
    ],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{egress: [{action: Allow, destination: {ports: [http]}}]}',
    ['error spec.egress[0].destination.ports: the v1 API cannot say this: ports need a protocol'],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    '{egress: [{action: Allow, protocol: TCP, destination: {ports: [http]}}]}',
    ['warning spec.egress[0].destination.ports[0]: rules of Calico 2.6 know no names of ports'],
  ],
  [
    'GlobalNetworkPolicy',
    '{name: n}',
    `{selector: a == 'calico/k8s_ns'}`,
    [`error spec.selector: spec.selector "a == 'calico/k8s_ns'" has no form in the v1 API, where it would be "a == 'projectcalico.org/namespace'"`],
  ],
  ['Profile', '{name: p, annotations: {a: b}}', '{}', ['warning metadata.annotations.a: metadata.annotations.a has no form in the v1 API']],
  ['Profile', '{name: p}', '{ingress: [{action: Allow, source: {nets: [FD00::/8]}}], labelsToApply: {a: "", b/c: ""}}', []],
  [
    'IPPool',
    '{name: blue}',
    '{cidr: 10.0.0.0/16, blockSize: 28}',
    [
      'warning metadata.name: converted back it would be called "10-0-0-0-16"',
      'error spec.blockSize: spec.blockSize 28 has no form in the v1 API, where it would be 26',
    ],
  ],
  [
    'IPPool',
    '{name: 10-0-0-0-16}',
    '{cidr: 10.0.0.0/16, vxlanMode: Always}',
    ['error spec.vxlanMode: spec.vxlanMode "Always" has no form in the v1 API, where it would be "Never"'],
  ],
  [
    'IPPool',
    '{name: 10-0-0-0-16}',
    '{cidr: 10.0.0.0/16, allowedUses: [Tunnel]}',
    ['error spec.allowedUses: spec.allowedUses ["Tunnel"] has no form in the v1 API, where it would be ["Workload","Tunnel"]'],
  ],
  [
    'BGPPeer',
    '{name: 10-0-0-1}',
    '{peerIP: "10.0.0.1:179"}',
    ['error metadata.peerIP: the v1 API cannot say this: "10.0.0.1:179" is not an IP address'],
  ],
  ['BGPPeer', '{name: p}', '{peerSelector: all()}', ['error metadata.peerIP: the v1 API cannot say this: a bgpPeer needs a peerIP']],
  ['BGPPeer', '{name: 10-0-0-1}', '{peerIP: 10.0.0.1, filters: [f]}', ['error spec.filters: spec.filters has no form in the v1 API']],
  [
    'Node',
    '{name: n, labels: {a: b}}',
    '{bgp: {ipv4Address: 10.0.0.1, routeReflectorClusterID: 1.1.1.1}, addresses: [{address: 10.0.0.1}]}',
    [
      'warning metadata.labels.a: metadata.labels.a has no form in the v1 API',
      'error spec.bgp.routeReflectorClusterID: spec.bgp.routeReflectorClusterID has no form in the v1 API',
      'warning spec.addresses: spec.addresses has no form in the v1 API',
    ],
  ],
  ['HostEndpoint', '{name: eth0}', '{node: n, interfaceName: "*"}', ['warning metadata.name: converted back it would be called "n.eth0"']],
  ['HostEndpoint', '{name: n.e}', '{node: n, expectedIPs: ["FD00::1", 10.0.0.1]}', []],
  [
    'WorkloadEndpoint',
    '{namespace: libnetwork}',
    '{node: n, orchestrator: libnetwork, endpoint: e, workload: libnetwork, interfaceName: c, mac: EE-EE-EE-EE-EE-EE, ipNetworks: [10.0.0.1]}',
    ['warning metadata.namespace: metadata.namespace "libnetwork" has no form in the v1 API, where it would be "default"'],
  ],
  [
    'WorkloadEndpoint',
    '{}',
    '{node: n, orchestrator: x, endpoint: e, workload: w, interfaceName: c, qosControls: {ingressBandwidth: 1000000}}',
    ['error spec.qosControls.ingressBandwidth: spec.qosControls.ingressBandwidth has no form in the v1 API'],
  ],
]

describe('what v1 cannot carry', () => {
  for (const [kind, metadata, spec, told] of NOTES) {
    it(`${kind} ${metadata} ${spec}`, () => {
      const { resource, notes } = v3ToV1(stored(`{kind: ${kind}, apiVersion: projectcalico.org/v3, metadata: ${metadata}, spec: ${spec}}`))
      assert.deepEqual(
        notes.map(({ severity, path, message }) => `${severity} ${path ?? ''}: ${message}`),
        told,
      )
      assert.equal(
        resource === undefined,
        told.some((note) => note.startsWith('error')),
      )
    })
  }

  it('names the resource', () => {
    const { notes } = v3ToV1(stored('{kind: NetworkSet, apiVersion: projectcalico.org/v3, metadata: {name: n, namespace: a}}'))
    assert.deepEqual(notes[0]?.resource, { kind: 'NetworkSet', namespace: 'a', name: 'n' })
  })
})

describe('selectors that come back as tags', () => {
  const cases: readonly [selector: string, v1: object][] = [
    [`a == ''`, { tag: 'a' }],
    [`(b == 'c') && a == ''`, { selector: `b == 'c'`, tag: 'a' }],
    [`(b == 'c' || has(d)) && db-1.x == ''`, { selector: `b == 'c' || has(d)`, tag: 'db-1.x' }],
    [`a  == ''`, { selector: `a  == ''` }],
    [`a == ""`, { selector: `a == ""` }],
    [`a/b == ''`, { selector: `a/b == ''` }],
    [`a != ''`, { selector: `a != ''` }],
    [`(a == 'b') && (c == 'd')`, { selector: `(a == 'b') && (c == 'd')` }],
    [`(a == 'b') || (c == 'd') && e == ''`, { selector: `(a == 'b') || (c == 'd') && e == ''` }],
    [`b == 'c' && a == ''`, { selector: `b == 'c' && a == ''` }],
  ]
  for (const [selector, source] of cases) {
    it(selector, () => {
      const spec = JSON.stringify({ ingress: [{ action: 'Allow', source: { selector } }] })
      const { resource, notes } = v3ToV1(stored(`{kind: Profile, apiVersion: projectcalico.org/v3, metadata: {name: p}, spec: ${spec}}`))
      assert.deepEqual(notes, [])
      assert.deepEqual(at(resource, 'spec.ingress'), [{ action: 'allow', source, destination: {} }])
    })
  }
})
