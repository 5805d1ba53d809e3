import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { routingFacts } from '../../../src/agent/routing/facts.ts'
import { tunnelPlan } from '../../../src/agent/routing/tunnels.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { formatIp, parseCidr, parseIp } from '../../../src/model/net.ts'

/** How `alpha` reaches the block of `beta`, which is in its own network, and that of `gamma`, which is not. */

const resource = (kind: string, name: string, spec: object): Resource => ({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec })
const node = (name: string, address: string, tunnel: string, mac?: string) =>
  resource('Node', name, {
    bgp: { ipv4Address: address, ipv4IPIPTunnelAddr: tunnel },
    ipv4VXLANTunnelAddr: tunnel,
    ...(mac === undefined ? {} : { vxlanTunnelMACAddr: mac }),
  })
const NODES = [
  node('alpha', '172.18.18.101/24', '10.1.0.1'),
  node('beta', '172.18.18.102/24', '10.1.0.65'),
  node('gamma', '192.0.2.103/24', '10.1.0.129', '66:AA:00:00:00:03'),
]
const block = (owner: string, cidr: string) => ({ node: owner, block: parseCidr(cidr) ?? assert.fail() })
const BLOCKS = [block('alpha', '10.1.0.0/26'), block('beta', '10.1.0.64/26'), block('gamma', '10.1.0.128/26'), block('nobody', '10.1.0.192/26')]
const LINKS = { 4: { name: 'eth0', mtu: 1500 } }

const planOf = (modes: object, workloads: readonly { node: string; ip: string }[] = [], nodes: readonly Resource[] = NODES) =>
  tunnelPlan(
    routingFacts(
      'alpha',
      [...nodes, resource('IPPool', 'net1', { cidr: '10.1.0.0/16', ...modes })],
      BLOCKS,
      workloads.map(({ node, ip }) => ({ node, ip: parseIp(ip) ?? assert.fail() })),
    ),
    LINKS,
  )
const routesOf = (plan: ReturnType<typeof planOf>) =>
  plan.routes.map(({ to, through }) => (through === 'blackhole' ? to : `${to} via ${through.gateway ?? ''} dev ${through.device}`))

const CASES: readonly (readonly [modes: Readonly<Record<string, string>>, routes: readonly string[]])[] = [
  [{}, []],
  [{ ipipMode: 'Always' }, ['10.1.0.64/26 via 172.18.18.102 dev tunl0', '10.1.0.128/26 via 192.0.2.103 dev tunl0']],
  [{ ipipMode: 'CrossSubnet' }, ['10.1.0.128/26 via 192.0.2.103 dev tunl0']],
  [{ vxlanMode: 'Always' }, ['10.1.0.64/26 via 10.1.0.65 dev vxlan.calico', '10.1.0.128/26 via 10.1.0.129 dev vxlan.calico']],
  [{ vxlanMode: 'CrossSubnet' }, ['10.1.0.64/26 via 172.18.18.102 dev eth0', '10.1.0.128/26 via 10.1.0.129 dev vxlan.calico']],
]

describe('routes through tunnels', () => {
  for (const [modes, routes] of CASES) {
    it(JSON.stringify(modes), () => assert.deepEqual(routesOf(planOf(modes)), routes))
  }

  it('an address that another host has borrowed is a route of its own', () => {
    assert.deepEqual(
      routesOf(
        planOf({ ipipMode: 'CrossSubnet' }, [
          { node: 'gamma', ip: '10.1.0.70' },
          { node: 'beta', ip: '10.1.0.71' },
        ]),
      ),
      ['10.1.0.128/26 via 192.0.2.103 dev tunl0', '10.1.0.70 via 192.0.2.103 dev tunl0'],
    )
  })

  it('a host that has no address in the tunnel yet is not reached through it', () => {
    const [alpha, , gamma] = NODES
    const bare = resource('Node', 'beta', { bgp: { ipv4Address: '172.18.18.102/24' } })
    assert.deepEqual(routesOf(planOf({ vxlanMode: 'Always' }, [], [alpha, bare, gamma] as Resource[])), [
      '10.1.0.128/26 via 10.1.0.129 dev vxlan.calico',
    ])
  })

  it('the devices: room for the outer headers is taken off, hardware addresses follow from names where Nodes say nothing', () => {
    const { devices, neighbours } = planOf({ vxlanMode: 'Always' })
    assert.deepEqual(
      devices.map(({ name, mtu, mac, address, local }) => [name, mtu, mac, formatIp(address), formatIp(local)]),
      // 66, and the first five bytes of the SHA-1 of "alpha".
      [['vxlan.calico', 1450, '66:be:76:33:1b:95', '10.1.0.1', '172.18.18.101']],
    )
    assert.deepEqual(
      neighbours.map(({ address, mac, host }) => [formatIp(address), mac, formatIp(host)]),
      [
        ['10.1.0.65', '66:a2:95:e0:bd:de', '172.18.18.102'],
        ['10.1.0.129', '66:aa:00:00:00:03', '192.0.2.103'],
      ],
    )
    assert.deepEqual(
      planOf({ ipipMode: 'Always' }).devices.map(({ name, mtu }) => [name, mtu]),
      [['tunl0', 1480]],
    )
  })
})
