import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Fabric } from '../../lab/fabric.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { RoutedHost } from '../../lab/routed-host.ts'

const pool = (modes: string) => `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: net1}
spec: {cidr: 10.1.0.0/16, ${modes}}
`
const PROFILE = `apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
`

describe('traffic between hosts goes through tunnels', { skip: namespacesHere('bird', 'etcd') }, () => {
  let fabric: Fabric
  let one: RoutedHost
  let two: RoutedHost

  beforeEach(async () => {
    fabric = await Fabric.open()
    ;[one, two] = [await RoutedHost.open('host1', fabric), await RoutedHost.open('host2', fabric)]
  })
  afterEach(async () => {
    await one.close()
    await two.close()
    await fabric.close()
  })

  const start = async (modes: string, more: (host: RoutedHost) => string[] = () => []) => {
    one.calicoctl(['apply', '-f', '-'], `${pool(modes)}---\n${PROFILE}`)
    await one.startAgent(...more(one))
    await two.startAgent(...more(two))
  }
  const sent = (host: RoutedHost, device: string) =>
    (JSON.parse(host.run('ip', '-s', '-j', 'link', 'show', device)) as { stats64: { tx: { packets: number } } }[])[0]?.stats64.tx.packets ?? 0

  it('VXLAN: without BGP, and past host endpoints that let nothing in', async () => {
    await start('vxlanMode: Always', () => ['--backend=none'])
    const closed = `apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: host1-eth0}\nspec: {node: host1, interfaceName: eth0}\n`
    one.calicoctl(['apply', '-f', '-'], closed)
    const [a, b] = [one.workload('a', 'open'), two.workload('b', 'open')]
    for (const host of [one, two]) await host.routes('-4', (routes) => routes.some((route) => through('vxlan.calico').test(route)))
    const before = sent(one, 'vxlan.calico')
    assert.deepEqual([one.pings('a', b, 5), two.pings('b', a, 5)], [true, true])
    assert.ok(sent(one, 'vxlan.calico') > before)
    // The host endpoint is at work: what is not from a tunnel does not come in.
    assert.notEqual(two.try(['ping', '-q', '-c', '1', '-W', '1', one.address]).status, 0)
  })

  it('CrossSubnet: straight to hosts in the same network, through VXLAN to others', async () => {
    await start('vxlanMode: CrossSubnet')
    const [a, b] = [one.workload('a', 'open'), two.workload('b', 'open')]
    const straight = /^10\.1\.\S+\/26 via 172\.18\.18\.10\d dev eth0 proto 80 onlink$/
    for (const host of [one, two]) await host.routes('-4', (routes) => routes.some((route) => straight.test(route)))
    assert.equal(one.pings('a', b, 5), true)
    for (const host of [one, two])
      host.calicoctl(['patch', 'node', host.name, '-p', JSON.stringify({ spec: { bgp: { ipv4Address: `${host.address}/32` } } })])
    for (const host of [one, two]) {
      await host.routes(
        '-4',
        (routes) => routes.some((route) => through('vxlan.calico').test(route)) && !routes.some((route) => straight.test(route)),
      )
    }
    assert.equal(two.pings('b', a, 5), true)
  })

  it('VXLAN of IPv6', async () => {
    for (const host of [one, two]) host.run('ip', 'addr', 'add', `fd18::${host.address.split('.')[3]}/64`, 'dev', 'eth0', 'nodad')
    await start('vxlanMode: Always', (host) => ['--ip6=autodetect', '--backend=none', `--name=${host.name}`])
    one.calicoctl(['apply', '-f', '-'], pool('vxlanMode: Always').replace('net1', 'net6').replace('10.1.0.0/16', '"fd10::/64"'))
    const [a, b] = [one.workload('a', 'open', one.assign(6)), two.workload('b', 'open', two.assign(6))]
    for (const host of [one, two]) {
      await host.routes('-6', (routes) => routes.some((route) => /^fd10:\S+\/122 via fd10:\S+ dev vxlan-v6\.calico proto 80/.test(route)))
    }
    assert.deepEqual([one.pings('a', b, 5), two.pings('b', a, 5)], [true, true])
  })

  it('when the pool wants no tunnel any more, the tunnel and its address are gone', async () => {
    await start('vxlanMode: Always')
    one.workload('a', 'open')
    await two.routes('-4', (routes) => routes.some((route) => through('vxlan.calico').test(route)))
    one.calicoctl(['apply', '-f', '-'], pool('vxlanMode: Never'))
    await two.routes('-4', (routes) => routes.some((route) => / proto bird /.test(route)) && !routes.some((route) => /vxlan/.test(route)))
    assert.notEqual(two.try(['ip', 'link', 'show', 'vxlan.calico']).status, 0)
    assert.doesNotMatch(two.calicoctl(['get', 'nodes', '-o', 'yaml']), /VXLANTunnelAddr/)
  })

  it('IP in IP', { skip: hasIpip() ? false : 'this kernel has no IP in IP' }, async () => {
    await start('ipipMode: Always')
    const [a, b] = [one.workload('a', 'open'), two.workload('b', 'open')]
    for (const host of [one, two]) await host.routes('-4', (routes) => routes.some((route) => through('tunl0').test(route)))
    const before = sent(one, 'tunl0')
    assert.deepEqual([one.pings('a', b, 5), two.pings('b', a, 5)], [true, true])
    assert.ok(sent(one, 'tunl0') > before)
  })

  it('a kernel without IP in IP is told of', { skip: hasIpip() ? 'this kernel has IP in IP' : false }, async () => {
    await start('ipipMode: Always')
    await one.logs('part of the routing is not as wanted', ({ why }) => /tunl0/.test(String(why)))
  })
})

/** A route to a block by a gateway in a tunnel. */
const through = (device: string) => new RegExp(`^10\\.1\\.\\S+/26 via \\S+ dev ${device.replace('.', '\\.')} proto 80 onlink$`)

function hasIpip(): boolean {
  return spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'tunl1', 'type', 'ipip']).status === 0
}
