import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../../src/model/kind.ts'
import { bgpConfiguration } from '../../../src/model/kinds/bgp-configuration.ts'
import { bgpFilter } from '../../../src/model/kinds/bgp-filter.ts'
import { bgpPeer } from '../../../src/model/kinds/bgp-peer.ts'
import { kindForWord } from '../../../src/model/registry.ts'
import { judge } from './judge.ts'

const accepted: readonly [kind: Kind, spec: object, stored: object][] = [
  [bgpConfiguration, {}, { logSeverityScreen: 'Info', serviceLoadBalancerAggregation: 'Enabled' }],
  [
    bgpConfiguration,
    { logSeverityScreen: '', asNumber: 0, listenPort: 0, serviceClusterIPs: [{}] },
    { logSeverityScreen: 'Info', asNumber: 0, serviceClusterIPs: [{}], serviceLoadBalancerAggregation: 'Enabled' },
  ],
  [
    bgpConfiguration,
    { communities: [{ name: 'a', value: '01:1' }], prefixAdvertisements: [{ cidr: 'FD00::/16', communities: ['a', '1:2:3'] }] },
    {
      logSeverityScreen: 'Info',
      serviceLoadBalancerAggregation: 'Enabled',
      communities: [{ name: 'a', value: '01:1' }],
      prefixAdvertisements: [{ cidr: 'FD00::/16', communities: ['a', '1:2:3'] }],
    },
  ],
  [
    bgpConfiguration,
    { nodeMeshPassword: { secretKeyRef: {} }, localWorkloadPeeringIPV4: '::ffff:10.0.0.1', ignoredInterfaces: ['**'] },
    {
      logSeverityScreen: 'Info',
      serviceLoadBalancerAggregation: 'Enabled',
      nodeMeshPassword: { secretKeyRef: { key: '' } },
      ignoredInterfaces: ['**'],
      localWorkloadPeeringIPV4: '::ffff:10.0.0.1',
    },
  ],
  [bgpPeer, {}, {}],
  [bgpPeer, { asNumber: 0, peerSelector: '(global())' }, { peerSelector: '(global())' }],
  [bgpPeer, { localASNumber: '0.0', keepOriginalNextHop: false, nextHopMode: 'Self' }, { localASNumber: 0, nextHopMode: 'Self' }],
  [bgpPeer, { peerIP: '[10.0.0.1]:00179', asNumber: '1.10' }, { peerIP: '[10.0.0.1]:00179', asNumber: 65_546 }],
  [bgpPeer, { peerIP: '[fd00::1]:1', reachableBy: 'fd00::2' }, { peerIP: '[fd00::1]:1', reachableBy: 'fd00::2' }],
  [bgpPeer, { peerIP: '10.0.0.1:179', reachableBy: '::ffff:10.0.0.2' }, { peerIP: '10.0.0.1:179', reachableBy: '::ffff:10.0.0.2' }],
  [
    bgpPeer,
    { maxRestartTime: '-1.5s', numAllowedLocalASNumbers: -1, ttlSecurity: 0 },
    { maxRestartTime: '-1.5s', numAllowedLocalASNumbers: -1, ttlSecurity: 0 },
  ],
  [bgpFilter, { exportV4: [], importV4: [{ action: 'Accept', operations: [] }] }, { importV4: [{ action: 'Accept' }] }],
  [
    bgpFilter,
    { exportV6: [{ action: 'Reject', matchOperator: 'In', cidr: 'FD00::/08', prefixLength: { min: 128, max: 0 } }] },
    { exportV6: [{ cidr: 'FD00::/08', prefixLength: { min: 128, max: 0 }, matchOperator: 'In', action: 'Reject' }] },
  ],
  [
    bgpFilter,
    {
      importV6: [
        {
          action: 'Accept',
          asPathPrefix: [0, '1.1'],
          operations: [{ addCommunity: null, setPriority: { value: 1 } }, { prependASPath: { prefix: [1] } }],
        },
      ],
    },
    { importV6: [{ asPathPrefix: [0, 65_537], action: 'Accept', operations: [{ setPriority: { value: 1 } }, { prependASPath: { prefix: [1] } }] }] },
  ],
]

for (const [kind, spec, stored] of accepted) {
  test(`${kind.kind} ${JSON.stringify(spec).slice(0, 90)} is stored in Calico's form`, () => {
    const judged = judge(kind, spec, { name: 'default' })
    assert.deepEqual(judged.faults, [])
    assert.equal(JSON.stringify((JSON.parse(judged.stored) as { spec: object }).spec), JSON.stringify(stored))
  })
}

const PEER = { peerIP: '10.0.0.1', asNumber: 1 }
const ADVERTISE = { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['a'] }] }

const refused: readonly [kind: Kind, spec: object, faults: readonly RegExp[]][] = [
  [bgpConfiguration, { asNumber: '65535.65535' }, [/^spec\.asNumber: 4294967295 is larger than 2147483647/]],
  [
    bgpConfiguration,
    { serviceClusterIPs: [{ cidr: '10.0.0.1/8' }] },
    [/^spec\.serviceClusterIPs\[0\]\.cidr: "10\.0\.0\.1\/8" is not strictly masked/],
  ],
  [
    bgpConfiguration,
    { serviceExternalIPs: [{ cidr: '10.0.0.1' }] },
    [/^spec\.serviceExternalIPs\[0\]\.cidr: "10\.0\.0\.1" is not a network.*10\.0\.0\.1\/32/],
  ],
  [bgpConfiguration, { listenPort: 65_536 }, [/^spec\.listenPort: 65536 is not between 0 and 65535/]],
  [bgpConfiguration, { bindMode: '' }, [/^spec\.bindMode: "" is not one of "None", "NodeIP"/]],
  [bgpConfiguration, { ignoredInterfaces: ['*'] }, [/^spec\.ignoredInterfaces\[0\]: "\*" would ignore every interface/]],
  [
    bgpConfiguration,
    { localWorkloadPeeringIPV6: '::ffff:10.0.0.1' },
    [/^spec\.localWorkloadPeeringIPV6: "::ffff:10\.0\.0\.1" is not an IPv6 address/],
  ],
  [bgpConfiguration, { ipv4NormalRoutePriority: 2_147_483_647 }, [/^spec\.ipv4NormalRoutePriority: 2147483647 is not between 1 and 2147483646/]],
  [
    bgpConfiguration,
    { nodeToNodeMeshEnabled: false, nodeMeshPassword: {}, nodeMeshMaxRestartTime: '1s' },
    [/^spec\.nodeMeshPassword: nodeMeshPassword cannot be set when nodeToNodeMeshEnabled is false/, /^spec\.nodeMeshMaxRestartTime: /],
  ],
  [
    bgpConfiguration,
    { communities: [{ name: 'a', value: '1:1' }] },
    [/^spec\.communities: communities are defined, but no prefixAdvertisements use them/],
  ],
  [bgpConfiguration, ADVERTISE, [/^spec\.prefixAdvertisements\[0\]\.communities\[0\]: "a" is no community's name or value/]],
  [bgpConfiguration, { communities: [{ name: 'a' }], ...ADVERTISE }, [/^spec\.communities\[0\]\.value: a community needs a value/]],
  [
    bgpConfiguration,
    { communities: [{ value: '1:1' }], ...ADVERTISE },
    [/^spec\.communities\[0\]\.name: a community needs a name/, /^spec\.prefixAdvertisements\[0\]\.communities\[0\]/],
  ],
  [
    bgpConfiguration,
    { communities: [{ name: 'a', value: '65536:1' }], ...ADVERTISE },
    [/^spec\.communities\[0\]\.value: "65536:1" has 65536, which is larger than 65535/],
  ],
  [
    bgpConfiguration,
    { prefixAdvertisements: [{ communities: ['1:65536'] }] },
    [/^spec\.prefixAdvertisements\[0\]\.communities\[0\]: "1:65536" has 65536/],
  ],
  [
    bgpConfiguration,
    { prefixAdvertisements: [{ cidr: '10.0.0.0/8' }] },
    [/^spec\.prefixAdvertisements\[0\]\.communities: an advertisement needs communities/],
  ],
  [
    bgpConfiguration,
    { prefixAdvertisements: [{ communities: [''] }] },
    [/^spec\.prefixAdvertisements\[0\]\.communities\[0\]: "" is no community's name/],
  ],
  [bgpPeer, { ...PEER, peerIP: '10.0.0.1:0' }, [/^spec\.peerIP: "10\.0\.0\.1:0" has port 0/]],
  [bgpPeer, { ...PEER, peerIP: '[fd00::1]:65536' }, [/^spec\.peerIP: "\[fd00::1\]:65536" has port 65536/]],
  [bgpPeer, { ...PEER, peerIP: '[fd00::1]' }, [/^spec\.peerIP: "\[fd00::1\]" is not an IP address, with a port or without/]],
  [bgpPeer, { ...PEER, peerIP: '10.0.0.1:' }, [/^spec\.peerIP: "10\.0\.0\.1:" is not an IP address/]],
  [bgpPeer, { ...PEER, peerIP: 'fe80::1%eth0' }, [/^spec\.peerIP: "fe80::1%eth0" is not an IP address/]],
  [bgpPeer, { ...PEER, node: 'N1' }, [/^spec\.node: "N1" is not a name/]],
  [bgpPeer, { ...PEER, nodeSelector: 'a = b' }, [/^spec\.nodeSelector: "a = b" is not a selector: .*"=" at column 3/]],
  [bgpPeer, { ...PEER, node: 'n', nodeSelector: 'all()' }, [/^spec\.nodeSelector: node and nodeSelector cannot both be set/]],
  [bgpPeer, { peerIP: '10.0.0.1', peerSelector: 'all()' }, [/^spec\.peerIP: peerSelector and peerIP cannot both be set/]],
  [bgpPeer, { asNumber: 1, peerSelector: 'all()' }, [/^spec\.asNumber: peerSelector and asNumber cannot both be set/]],
  [bgpPeer, { localWorkloadSelector: 'all()' }, [/^spec\.asNumber: asNumber must be given with localWorkloadSelector/]],
  [bgpPeer, { ...PEER, localWorkloadSelector: 'all()' }, [/^spec\.peerIP: localWorkloadSelector and peerIP cannot both be set/]],
  [
    bgpPeer,
    { ...PEER, keepOriginalNextHop: true, nextHopMode: 'Auto' },
    [/^spec\.nextHopMode: keepOriginalNextHop and nextHopMode cannot both be set/],
  ],
  [
    bgpPeer,
    { ...PEER, reachableBy: 'fd00::1' },
    [/^spec\.reachableBy: reachableBy "fd00::1" is of another address family than peerIP "10\.0\.0\.1"/],
  ],
  [bgpPeer, { peerSelector: 'all()', reachableBy: '10.0.0.1' }, [/^spec\.reachableBy: reachableBy needs a peerIP/]],
  [bgpPeer, { ...PEER, ttlSecurity: 256 }, [/^spec\.ttlSecurity: 256 is not between 0 and 255/]],
  [bgpPeer, { ...PEER, password: { value: 'x' } }, [/^spec\.password\.value: unknown field "value"/]],
  [bgpFilter, { exportV4: [{}] }, [/^spec\.exportV4\[0\]\.action: the rule needs an action/]],
  [bgpFilter, { exportV4: [null] }, [/^spec\.exportV4\[0\]\.action: the rule needs an action/]],
  [bgpFilter, { exportV4: [{ action: '' }] }, [/^spec\.exportV4\[0\]\.action: "" is not one of "Accept", "Reject"/]],
  [bgpFilter, { importV4: [{ action: 'Accept', cidr: '10.0.0.0/8' }] }, [/^spec\.importV4\[0\]\.cidr: cidr needs a matchOperator/]],
  [bgpFilter, { importV4: [{ action: 'Accept', matchOperator: 'In' }] }, [/^spec\.importV4\[0\]\.matchOperator: matchOperator needs a cidr/]],
  [bgpFilter, { importV4: [{ action: 'Accept', prefixLength: {} }] }, [/^spec\.importV4\[0\]\.prefixLength: prefixLength needs a cidr/]],
  [
    bgpFilter,
    { exportV6: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In' }] },
    [/^spec\.exportV6\[0\]\.cidr: "10\.0\.0\.0\/8" is not an IPv6 network/],
  ],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', cidr: 'fd00::1/8', matchOperator: 'In' }] },
    [/^spec\.exportV4\[0\]\.cidr: "fd00::1\/8" is not strictly masked/],
  ],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { max: 33 } }] },
    [/^spec\.exportV4\[0\]\.prefixLength\.max: 33 is not between 0 and 32/],
  ],
  [bgpFilter, { exportV4: [{ action: 'Accept', communities: {} }] }, [/^spec\.exportV4\[0\]\.communities\.values: values must be given/]],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', communities: { values: [] } }] },
    [/^spec\.exportV4\[0\]\.communities\.values: must have at least 1 item/],
  ],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', communities: { values: ['01:1'] } }] },
    [/^spec\.exportV4\[0\]\.communities\.values\[0\]: "01:1" has a leading zero in 01/],
  ],
  [bgpFilter, { exportV4: [{ action: 'Accept', interface: 'eth+' }] }, [/^spec\.exportV4\[0\]\.interface: "eth\+" is not an interface name/]],
  [
    bgpFilter,
    { exportV4: [{ action: 'Reject', operations: [{ setPriority: { value: 1 } }] }] },
    [/^spec\.exportV4\[0\]\.operations: operations are possible with action Accept only/],
  ],
  [bgpFilter, { exportV4: [{ action: 'Accept', operations: [{}] }] }, [/^spec\.exportV4\[0\]\.operations\[0\]: the operation is empty/]],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:1' } }] }] },
    [/^spec\.exportV4\[0\]\.operations\[0\]: the operation holds addCommunity and setPriority, and one alone is allowed/],
  ],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', operations: [{ addCommunity: {} }] }] },
    [/^spec\.exportV4\[0\]\.operations\[0\]\.addCommunity\.value: addCommunity needs a value/],
  ],
  [
    bgpFilter,
    { exportV4: [{ action: 'Accept', operations: [{ prependASPath: { prefix: [] } }] }] },
    [/^spec\.exportV4\[0\]\.operations\[0\]\.prependASPath\.prefix: must have at least 1 item/],
  ],
]

for (const [kind, spec, faults] of refused) {
  test(`${kind.kind} refuses ${JSON.stringify(spec).slice(0, 90)}`, () => {
    const judged = judge(kind, spec, { name: 'default' }).faults
    assert.equal(judged.length, faults.length, judged.join(' | '))
    for (const [index, fault] of faults.entries()) assert.match(judged[index] ?? '', fault)
  })
}

test('what holds for all nodes stands in the BGPConfiguration "default" only', () => {
  const everything = {
    nodeToNodeMeshEnabled: true,
    asNumber: 1,
    serviceLoadBalancerIPs: [{}],
    serviceExternalIPs: [{}],
    serviceClusterIPs: [{}],
    nodeMeshPassword: {},
    nodeMeshMaxRestartTime: '0s',
  }
  const { faults } = judge(bgpConfiguration, { ...everything, listenPort: 1, logSeverityScreen: 'Debug' }, { name: 'node.n1' })
  assert.deepEqual(
    faults,
    Object.keys(everything).map(
      (field) => `spec.${field}: ${field} cannot be set in the BGPConfiguration "node.n1" (set it in "default", where it holds for all nodes)`,
    ),
  )
  assert.deepEqual(judge(bgpConfiguration, { serviceClusterIPs: [], nodeMeshPassword: null }, { name: 'node.n1' }).faults, [])
})

test('the kinds are known by their short names', () => {
  const names: readonly [word: string, kind: string][] = [
    ['bgpconfig', 'BGPConfiguration'],
    ['BGPConfigs', 'BGPConfiguration'],
    ['bgpp', 'BGPPeer'],
    ['bps', 'BGPPeer'],
    ['bf', 'BGPFilter'],
    ['bgpfs', 'BGPFilter'],
    ['felixconfig', 'FelixConfiguration'],
    ['kubecontrollersconfigs', 'KubeControllersConfiguration'],
  ]
  for (const [word, kind] of names) assert.equal(kindForWord(word)?.kind, kind)
})
