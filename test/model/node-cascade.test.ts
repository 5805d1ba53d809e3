import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../../src/model/kind.ts'
import { type NodeSurroundings, planNodeDelete } from '../../src/model/node-cascade.ts'
import { formatResourceName } from '../../src/model/problem.ts'

function resource(kind: string, name: string, spec: object = {}): Resource {
  const [namespace, own = ''] = name.includes('/') ? name.split('/') : [undefined, name]
  return { kind, apiVersion: 'projectcalico.org/v3', metadata: { name: own, ...(namespace === undefined ? {} : { namespace }) }, spec }
}

function surroundings(node: Resource, others: Partial<NodeSurroundings> = {}): NodeSurroundings {
  return { node, workloadEndpoints: [], hostEndpoints: [], bgpPeers: [], bgpConfigurations: [], felixConfigurations: [], ...others }
}

test('everything of the node goes along, the node last; what others own stays', () => {
  const plan = planNodeDelete(
    surroundings(resource('Node', 'host1', { bgp: { ipv4Address: '10.0.0.1/24' }, ipv4VXLANTunnelAddr: '10.65.0.2' }), {
      workloadEndpoints: [
        resource('WorkloadEndpoint', 'default/host1-libnetwork-libnetwork-ep1', { node: 'host1', ipNetworks: ['10.65.0.0/32', 'fd00::5'] }),
        resource('WorkloadEndpoint', 'default/host2-libnetwork-libnetwork-ep3', { node: 'host2', ipNetworks: ['10.65.0.9/32'] }),
        resource('WorkloadEndpoint', 'other/host1-libnetwork-libnetwork-ep2', { node: 'host1' }),
      ],
      hostEndpoints: [resource('HostEndpoint', 'h1', { node: 'host1' }), resource('HostEndpoint', 'h2', { node: 'host2' })],
      bgpPeers: [
        resource('BGPPeer', 'peer1', { node: 'host1' }),
        resource('BGPPeer', 'peer2', { node: 'host2' }),
        resource('BGPPeer', 'all', { nodeSelector: 'all()' }),
        resource('BGPPeer', 'global'),
      ],
      bgpConfigurations: [resource('BGPConfiguration', 'default'), resource('BGPConfiguration', 'node.host1')],
      felixConfigurations: [resource('FelixConfiguration', 'node.host1'), resource('FelixConfiguration', 'node.host10')],
    }),
  )
  assert.deepEqual(plan.resources.map(formatResourceName), [
    'WorkloadEndpoint(default/host1-libnetwork-libnetwork-ep1)',
    'WorkloadEndpoint(other/host1-libnetwork-libnetwork-ep2)',
    'BGPPeer(peer1)',
    'FelixConfiguration(node.host1)',
    'BGPConfiguration(node.host1)',
    'HostEndpoint(h1)',
    'Node(host1)',
  ])
  assert.deepEqual(plan.addresses, ['10.65.0.0', 'fd00::5', '10.65.0.2'])
})

test('a node without anything goes alone', () => {
  assert.deepEqual(planNodeDelete(surroundings(resource('Node', 'host1'))), { resources: [{ kind: 'Node', name: 'host1' }], addresses: [] })
})

test('endpoints of host-1 stay when host is deleted, though their names begin alike', () => {
  const endpoint = resource('WorkloadEndpoint', 'default/host--1-libnetwork-libnetwork-e', { node: 'host-1', ipNetworks: ['10.0.0.1/32'] })
  const plan = planNodeDelete(surroundings(resource('Node', 'host'), { workloadEndpoints: [endpoint] }))
  assert.deepEqual(plan, { resources: [{ kind: 'Node', name: 'host' }], addresses: [] })
})

test('the addresses of all tunnels are given back, each once', () => {
  const node = resource('Node', 'host1', {
    bgp: { ipv4IPIPTunnelAddr: '192.168.2.1' },
    ipv4VXLANTunnelAddr: '192.168.2.2',
    ipv6VXLANTunnelAddr: 'fd00::22',
    wireguard: { interfaceIPv4Address: '192.168.2.2', interfaceIPv6Address: 'fd00::33' },
  })
  assert.deepEqual(planNodeDelete(surroundings(node)).addresses, ['192.168.2.1', '192.168.2.2', 'fd00::22', 'fd00::33'])
})
