import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workloadEndpoint } from '../../../src/model/kinds/workload-endpoint.ts'
import { judge } from './judge.ts'

const DOCKER = { orchestrator: 'libnetwork', node: 'host1', endpoint: 'ep1', interfaceName: 'calif00d' }
const NAME = 'host1-libnetwork-libnetwork-ep1'

test('the name follows from the spec when there is none, and the labels of the namespace and the orchestrator come', () => {
  const { faults, stored } = judge(workloadEndpoint, DOCKER, { namespace: 'prod', labels: { app: 'web', 'projectcalico.org/orchestrator': 'x' } })
  assert.deepEqual(faults, [])
  assert.equal(
    stored,
    `{"kind":"WorkloadEndpoint","apiVersion":"projectcalico.org/v3","metadata":{"name":"${NAME}","namespace":"prod","labels":{"app":"web","projectcalico.org/namespace":"prod","projectcalico.org/orchestrator":"libnetwork"}},"spec":{"orchestrator":"libnetwork","node":"host1","endpoint":"ep1","interfaceName":"calif00d"}}`,
  )
})

test('an endpoint without a namespace gets the label of the default one', () => {
  assert.equal(judge(workloadEndpoint, DOCKER, {}).resource.metadata.labels?.['projectcalico.org/namespace'], 'default')
})

const fine: readonly [what: string, spec: object][] = [
  ['addresses alone and as networks of one', { ipNetworks: ['10.0.0.1', '10.0.0.2/32', 'fd00::1/128', 'FD00::2'] }],
  ['an address of its own to translate', { ipNetworks: ['10.0.0.1/32'], ipNATs: [{ internalIP: '10.0.0.1', externalIP: '1.1.1.1' }] }],
  ['a port that is only forwarded, without a name', { ports: [{ protocol: 'UDP', port: 53, hostPort: 5353 }] }],
  ['a protocol by number', { ports: [{ name: 'x', protocol: '006', port: 1 }] }],
  ['every interface', { interfaceName: '*' }],
  ['negative limits, as Calico takes them', { qosControls: { egressBurst: -1, dscp: 'AF21' } }],
]

for (const [what, spec] of fine) {
  test(`an endpoint may have ${what}`, () => assert.deepEqual(judge(workloadEndpoint, { ...DOCKER, ...spec }, {}).faults, []))
}

test('ports are stored with all their fields, the protocol as a number where it is one', () => {
  const { stored } = judge(
    workloadEndpoint,
    { ...DOCKER, ports: [{ protocol: '17', port: 53, hostPort: 5353 }], qosControls: { dscp: '46', egressBurst: 0 } },
    {},
  )
  assert.ok(stored.includes('"ports":[{"name":"","protocol":17,"port":53,"hostPort":5353,"hostIP":""}],"qosControls":{"dscp":46}}'), stored)
})

const refused: readonly [what: string, spec: object, name: string | undefined, faults: readonly (string | RegExp)[]][] = [
  ['another name than the spec gives', {}, 'whatever', [/^metadata\.name: .*"whatever".* expected name host1-libnetwork-libnetwork-ep1 /]],
  ['no node', { node: '' }, undefined, [/^spec\.node: node must be given/]],
  ['no pod for k8s', { orchestrator: 'k8s' }, undefined, [/^spec\.pod: pod must be given/]],
  ['an identifier that a name cannot hold', { orchestrator: 'cni', containerID: 'A' }, undefined, [/^metadata\.name: .*lower case/]],
  ['no interface', { interfaceName: undefined }, undefined, ['spec.interfaceName: interfaceName must be given']],
  ['an interface name that is too long', { interfaceName: 'waytoolongname-x' }, undefined, [/^spec\.interfaceName: .*15 at most/]],
  ['a network', { ipNetworks: ['10.0.0.0/24'] }, undefined, [/^spec\.ipNetworks\[0\]: "10\.0\.0\.0\/24" contains multiple addresses/]],
  ['an address that is none', { ipNetworks: ['10.0.0.1', 'x'] }, undefined, [/^spec\.ipNetworks\[1\]: "x" is not an IP address/]],
  ['a gateway that is none', { ipv4Gateway: 'gw' }, undefined, [/^spec\.ipv4Gateway: "gw" is not an IPv4 address/]],
  [
    'to translate what it does not have',
    { ipNetworks: ['10.0.0.1/32'], ipNATs: [{ internalIP: '10.0.0.2', externalIP: '1.1.1.1' }] },
    undefined,
    [/^spec\.ipNATs\[0\]\.internalIP: "10\.0\.0\.2" is not in the endpoint's networks/],
  ],
  [
    'to translate between IP versions',
    { ipNetworks: ['10.0.0.1'], ipNATs: [{ internalIP: '10.0.0.1', externalIP: 'fd00::1' }] },
    undefined,
    [/^spec\.ipNATs\[0\]\.externalIP: .*another IP version/],
  ],
  ['to translate nothing', { ipNATs: [null] }, undefined, [/^spec\.ipNATs\[0\]\.internalIP: /, /^spec\.ipNATs\[0\]\.externalIP: /]],
  ['an empty port', { ports: [{}] }, undefined, [/^spec\.ports\[0\]\.name: /, /^spec\.ports\[0\]\.protocol: /, /^spec\.ports\[0\]\.port: /]],
  [
    'a protocol without ports',
    { ports: [{ name: 'x', protocol: 'ICMP', port: 1 }] },
    undefined,
    [/^spec\.ports\[0\]\.protocol: "ICMP" is not a protocol with/],
  ],
  [
    'a protocol in lower case',
    { ports: [{ name: 'x', protocol: 'tcp', port: 1 }] },
    undefined,
    [/^spec\.ports\[0\]\.protocol: .*\(write it as "TCP"\)$/],
  ],
  ['a port number as text', { ports: [{ name: 'x', protocol: 'TCP', port: '80' }] }, undefined, [/^spec\.ports\[0\]\.port: expected an integer/]],
  [
    'a port name in upper case',
    { ports: [{ name: 'Http', protocol: 'TCP', port: 80 }] },
    undefined,
    [/^spec\.ports\[0\]\.name: "Http" is not a name/],
  ],
]

for (const [what, spec, name, expected] of refused) {
  test(`an endpoint is refused for ${what}`, () => {
    const { faults } = judge(workloadEndpoint, { ...DOCKER, ...spec }, name === undefined ? {} : { name })
    assert.equal(faults.length, expected.length, faults.join('\n'))
    for (const [index, fault] of expected.entries()) {
      if (typeof fault === 'string') assert.equal(faults[index], fault)
      else assert.match(faults[index] ?? '', fault)
    }
  })
}

test('the table calls an endpoint of Docker by its container, where that was noted', () => {
  const column = workloadEndpoint.body.columns.find(({ heading }) => heading === 'WORKLOAD')
  const shown = (annotations: Record<string, string>) =>
    column?.value({ metadata: { annotations }, spec: { ...DOCKER, workload: 'libnetwork' } } as never, { defaultAsNumber: undefined })
  assert.equal(shown({ 'docker.projectcalico.org/container': 'workload-A' }), 'workload-A')
  assert.equal(shown({}), 'libnetwork')
})
