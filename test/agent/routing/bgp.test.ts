import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BgpPlan, bgpPlan, type BgpSession } from '../../../src/agent/routing/bgp.ts'
import { routingFacts } from '../../../src/agent/routing/facts.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { formatIp, formatNet, parseCidr, parseIp } from '../../../src/model/net.ts'

/** With whom a host speaks BGP, and how (`reference/felix.md 5.1`). The host is `alpha` throughout. */

const resource = (kind: string, name: string, spec: object, labels: Record<string, string> = {}): Resource => ({
  kind,
  apiVersion: 'projectcalico.org/v3',
  metadata: { name, labels },
  spec,
})
const node = (name: string, last: number, bgp: object = {}, labels: Record<string, string> = {}) =>
  resource('Node', name, { bgp: { ipv4Address: `172.18.18.${last}/24`, ...bgp } }, labels)
const peer = (name: string, spec: object) => resource('BGPPeer', name, spec)
const config = (spec: object, name = 'default') => resource('BGPConfiguration', name, spec)

const planOf = (resources: readonly Resource[], passwords: Readonly<Record<string, string>> = {}): BgpPlan =>
  bgpPlan(routingFacts('alpha', resources, [], []), ({ name, key }) => passwords[`${name}/${key}`]) ?? assert.fail('no plan')

const HOSTS = [node('alpha', 101), node('beta', 102), node('gamma', 9)]

/** What a session is, in a line. */
const line = ({ name, asNumber, localAsNumber, passive, clusterId }: BgpSession) =>
  [
    name,
    asNumber,
    ...(localAsNumber === 64512 ? [] : [`as ${localAsNumber}`]),
    ...(passive ? ['passive'] : []),
    ...(clusterId ? [`reflects ${clusterId}`] : []),
  ].join(' ')

const CASES: readonly (readonly [scenario: string, resources: readonly Resource[], sessions: readonly string[]])[] = [
  [
    'every host with every other; who has the greater address, as text, is waited for',
    HOSTS,
    ['Mesh_172_18_18_102 64512 passive', 'Mesh_172_18_18_9 64512 passive'],
  ],
  [
    'the AS number for all',
    [...HOSTS, config({ asNumber: 64999 })],
    ['Mesh_172_18_18_102 64999 as 64999 passive', 'Mesh_172_18_18_9 64999 as 64999 passive'],
  ],
  ['an AS number of a host', [node('alpha', 101), node('beta', 10, { asNumber: 65001 })], ['Mesh_172_18_18_10 65001']],
  ['no mesh', [...HOSTS, config({ nodeToNodeMeshEnabled: false })], []],
  ['a host without address has no part in the mesh', [node('alpha', 101), resource('Node', 'beta', {})], []],
  ['a route reflector has no part in the mesh', [node('alpha', 101), node('beta', 102, { routeReflectorClusterID: '244.0.0.1' })], []],
  [
    'a route reflector and its clients',
    [
      node('alpha', 101, { routeReflectorClusterID: '244.0.0.1' }, { reflector: '' }),
      node('beta', 102),
      node('gamma', 103, { routeReflectorClusterID: '244.0.0.1' }, { reflector: '' }),
      peer('reflectors', { nodeSelector: 'all()', peerSelector: 'has(reflector)' }),
    ],
    ['Node_172_18_18_102 64512 reflects 244.0.0.1', 'Node_172_18_18_103 64512'],
  ],
  ['a global peer', [node('alpha', 101), peer('tor', { peerIP: '192.0.2.1', asNumber: 65000 })], ['Global_192_0_2_1 65000']],
  ['a peer at a port', [node('alpha', 101), peer('tor', { peerIP: '192.0.2.1:1790', asNumber: 65000 })], ['Global_192_0_2_1_port_1790 65000']],
  ['a peer of this node', [node('alpha', 101), peer('tor', { node: 'alpha', peerIP: '192.0.2.1', asNumber: 65000 })], ['Node_192_0_2_1 65000']],
  ['a peer of another node', [node('alpha', 101), peer('tor', { node: 'beta', peerIP: '192.0.2.1', asNumber: 65000 })], []],
  [
    'a peer of nodes with a label',
    [
      node('alpha', 101, {}, { rack: 'r1' }),
      peer('one', { nodeSelector: 'rack == "r1"', peerIP: '192.0.2.1', asNumber: 1 }),
      peer('two', { nodeSelector: 'rack == "r2"', peerIP: '192.0.2.2', asNumber: 1 }),
    ],
    ['Node_192_0_2_1 1'],
  ],
  [
    'two peers with one address: the first by name',
    [node('alpha', 101), peer('b', { peerIP: '192.0.2.1', asNumber: 2 }), peer('a', { peerIP: '192.0.2.1', asNumber: 1 })],
    ['Global_192_0_2_1 1'],
  ],
  [
    'a peer that is in the mesh too is what the BGPPeer says',
    [node('alpha', 101), node('beta', 102), peer('beta', { node: 'alpha', peerIP: '172.18.18.102', asNumber: 64512 })],
    ['Node_172_18_18_102 64512'],
  ],
  ['nobody peers with himself', [node('alpha', 101), peer('all', { peerSelector: 'all()' })], []],
  [
    'a node that others peer with peers back',
    [
      node('alpha', 101, {}, { core: '' }),
      node('beta', 102),
      config({ nodeToNodeMeshEnabled: false }),
      peer('core', { node: 'beta', peerSelector: 'has(core)' }),
    ],
    ['Node_172_18_18_102 64512'],
  ],
  [
    '... unless it is not to',
    [
      node('alpha', 101, {}, { core: '' }),
      node('beta', 102),
      config({ nodeToNodeMeshEnabled: false }),
      peer('core', { node: 'beta', peerSelector: 'has(core)', reversePeering: 'Manual' }),
    ],
    [],
  ],
  [
    'another AS number for one peer',
    [node('alpha', 101), peer('tor', { peerIP: '192.0.2.1', asNumber: 65000, localASNumber: 65010 })],
    ['Global_192_0_2_1 65000 as 65010'],
  ],
  ['an address of IPv6 needs one of the host', [node('alpha', 101), peer('tor', { peerIP: 'fd00::1', asNumber: 65000 })], []],
  [
    'both families',
    [node('alpha', 101, { ipv6Address: 'fd00::101/64' }), node('beta', 102, { ipv6Address: 'fd00::102/64' })],
    ['Mesh_172_18_18_102 64512 passive', 'Mesh_fd00__102 64512 passive'],
  ],
  ['a port for all', [node('alpha', 101), node('beta', 102), config({ listenPort: 178 })], ['Mesh_172_18_18_102_port_178 64512 passive']],
]

describe('the sessions of a host', () => {
  for (const [scenario, resources, expected] of CASES) {
    it(scenario, () => assert.deepEqual(planOf(resources).peers.map(line), expected))
  }

  it('a password that is not to be had: no session rather than one without it', () => {
    const secret = { secretKeyRef: { name: 'bgp', key: 'tor' } }
    const resources = [node('alpha', 101), peer('tor', { peerIP: '192.0.2.1', asNumber: 65000, password: secret })]
    const without = planOf(resources)
    assert.deepEqual([without.peers, without.notes], [[], ['BGPPeer(tor): its password is not to be had, so there is no session with 192.0.2.1']])
    assert.equal(planOf(resources, { 'bgp/tor': 'sesame' }).peers[0]?.password, 'sesame')
  })

  it('the settings of a session', () => {
    const spec = {
      peerIP: '192.0.2.1',
      asNumber: 65000,
      keepOriginalNextHop: true,
      sourceAddress: 'None',
      maxRestartTime: '2m0s',
      keepaliveTime: '10s',
      numAllowedLocalASNumbers: 2,
      ttlSecurity: 3,
      reachableBy: '172.18.18.1',
      filters: ['in', 'missing'],
    }
    const rule = { action: 'Reject', cidr: '10.0.0.0/8', matchOperator: 'In' }
    const { peers, notes } = planOf([node('alpha', 101), peer('tor', spec), resource('BGPFilter', 'in', { importV4: [rule], exportV6: [rule] })])
    const { nextHop, fromOwnAddress, restartTime, keepalive, allowedLocalAs, ttlSecurity, gateway, imports, exports } =
      peers[0] ?? assert.fail('no session')
    assert.deepEqual(
      { nextHop, fromOwnAddress, restartTime, keepalive, allowedLocalAs, ttlSecurity, gateway: gateway && formatIp(gateway), imports, exports },
      {
        nextHop: 'keep',
        fromOwnAddress: false,
        restartTime: 120,
        keepalive: 10,
        allowedLocalAs: 2,
        ttlSecurity: 3,
        gateway: '172.18.18.1',
        imports: [rule],
        exports: [],
      },
    )
    assert.deepEqual([...new Set(notes)], ['BGPPeer(tor): there is no BGPFilter(missing)'])
  })

  it('a host without an address of its own has no BGP', () => {
    assert.equal(
      bgpPlan(routingFacts('alpha', [resource('Node', 'alpha', {})], [], []), () => undefined),
      undefined,
    )
    assert.equal(
      bgpPlan(routingFacts('alpha', [], [], []), () => undefined),
      undefined,
    )
  })

  it('its blocks, and addresses of its workloads that lie in none of them', () => {
    const [own, other] = [parseCidr('10.1.0.0/26') ?? assert.fail(), parseCidr('10.1.0.64/26') ?? assert.fail()]
    const at = (text: string, host = 'alpha') => ({ node: host, ip: parseIp(text) ?? assert.fail() })
    const blocks = [
      { node: 'alpha', block: own },
      { node: 'beta', block: other },
    ]
    const facts = routingFacts('alpha', HOSTS, blocks, [at('10.1.0.5'), at('10.1.0.70'), at('10.1.0.71', 'beta'), at('10.1.0.6', 'beta')])
    const { blocks: announced, borrowed } = bgpPlan(facts, () => undefined) ?? assert.fail('no plan')
    assert.deepEqual([announced.map(formatNet), borrowed.map(formatIp)], [['10.1.0.0/26'], ['10.1.0.70']])
  })

  it('communities by name and by value', () => {
    const spec = {
      communities: [{ name: 'gold', value: '65000:7' }],
      prefixAdvertisements: [{ cidr: '10.1.0.0/16', communities: ['gold', '65000:1:2', 'silver'] }],
    }
    const { communities, notes } = planOf([node('alpha', 101), config(spec)])
    assert.deepEqual(communities[0]?.values, [
      [65000, 7],
      [65000, 1, 2],
    ])
    assert.deepEqual(notes, ['BGPConfiguration: "silver" is no community\'s name or value'])
  })
})
