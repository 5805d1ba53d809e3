import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Fabric } from '../../lab/fabric.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { RoutedHost } from '../../lab/routed-host.ts'

/** Three hosts with the built agent and a real BIRD each, on one etcd; what they tell each other is seen in their kernels. */

const RESOURCES = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: net1}
spec: {cidr: 10.1.0.0/16}
---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
`

describe('hosts tell each other their blocks', { skip: namespacesHere('bird', 'birdc', 'etcd') }, () => {
  let fabric: Fabric
  let one: RoutedHost
  let two: RoutedHost
  let three: RoutedHost
  let hosts: readonly RoutedHost[]

  before(async () => {
    fabric = await Fabric.open()
    ;[one, two, three] = [await RoutedHost.open('host1', fabric), await RoutedHost.open('host2', fabric), await RoutedHost.open('host3', fabric)]
    hosts = [one, two, three]
    one.calicoctl(['apply', '-f', '-'], RESOURCES)
    for (const host of hosts) await host.startAgent()
  })
  after(async () => {
    for (const host of hosts) await host.close()
    await fabric.close()
  })

  const has = (host: RoutedHost, start: string) => host.routes('-4', (routes) => routes.some((route) => route.startsWith(`${start} `)))
  const lacks = (host: RoutedHost, start: string) => host.routes('-4', (routes) => !routes.some((route) => route.startsWith(`${start} `)))
  const apply = (spec: object, kind: string, name: string) =>
    one.calicoctl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec }))

  it('a block that a host takes is a route on the others, and goes nowhere on its own but to its workloads', async () => {
    one.workload('a', 'open', one.assign(4, '10.1.1.1'))
    await two.routes('-4', (routes) => routes.includes('10.1.1.0/26 via 172.18.18.101 dev eth0 proto bird src 172.18.18.102 metric 1024'))
    await one.routes('-4', (routes) => routes.includes('blackhole 10.1.1.0/26 proto 80'))
    two.workload('b', 'open', two.assign(4, '10.1.2.1'))
    for (const host of [one, three]) await has(host, '10.1.2.0/26 via 172.18.18.102')
    assert.deepEqual([one.pings('a', '10.1.2.1', 5), two.pings('b', '10.1.1.1', 5)], [true, true])
  })

  it('an address in the block of another host is a route of its own', async () => {
    three.workload('c', 'open', three.assign(4, '10.1.1.3'))
    for (const host of [one, two]) await has(host, '10.1.1.3 via 172.18.18.103')
    assert.deepEqual([one.pings('a', '10.1.1.3', 5), two.pings('b', '10.1.1.3', 5)], [true, true])
    three.calicoctl(['delete', 'wep', 'host3-libnetwork-libnetwork-c', '-n', 'libnetwork'])
    for (const host of [one, two]) await lacks(host, '10.1.1.3')
  })

  it('a block that its host gives up is no route any more', async () => {
    apply({ cidr: '10.9.0.0/24' }, 'IPPool', 'net9')
    two.assign(4, '10.9.0.1')
    await has(one, '10.9.0.0/26 via 172.18.18.102')
    await two.routes('-4', (routes) => routes.includes('blackhole 10.9.0.0/26 proto 80'))
    two.calicoctl(['ipam', 'release', '--ip=10.9.0.1'])
    one.calicoctl(['delete', 'ippool', 'net9'])
    await lacks(one, '10.9.0.0/26')
    await lacks(two, 'blackhole 10.9.0.0/26')
  })

  it('BIRD killed: no route is lost anywhere, and it is back', async () => {
    const lost = hosts.map((host) => host.watchLost())
    const before = one.run('cat', '/var/run/calico/bird.pid')
    one.run('kill', '-9', before)
    await one.logs('BIRD has ended: it is started again, the routes in the kernel stay')
    await one.logs('BIRD was started', ({ recovers }) => recovers === true)
    one.assign(4, '10.1.10.1')
    await has(two, '10.1.10.0/26 via 172.18.18.101')
    two.assign(4, '10.1.11.1')
    await has(one, '10.1.11.0/26 via 172.18.18.102')
    assert.deepEqual(await Promise.all(lost.map((one) => one.end())), [[], [], []])
    assert.notEqual(one.run('cat', '/var/run/calico/bird.pid'), before)
  })

  it('the agent killed: BIRD goes on, and the next agent takes it over', async () => {
    const lost = hosts.map((host) => host.watchLost())
    const pid = one.run('cat', '/var/run/calico/bird.pid')
    await one.stopAgent('SIGKILL')
    two.assign(4, '10.1.12.1')
    await has(one, '10.1.12.0/26 via 172.18.18.102')
    await one.startAgent()
    await one.logs('BIRD has its configuration')
    one.assign(4, '10.1.13.1')
    await has(two, '10.1.13.0/26 via 172.18.18.101')
    assert.equal(one.run('cat', '/var/run/calico/bird.pid'), pid)
    assert.deepEqual(await Promise.all(lost.map((one) => one.end())), [[], [], []])
  })

  it('BIRD ended: its host keeps its routes', async () => {
    const lost = one.watchLost()
    const pid = one.run('cat', '/var/run/calico/bird.pid')
    one.run('kill', '-TERM', pid)
    await one.bird((protocols) => /Mesh_172_18_18_102.*Established/.test(protocols) && one.run('cat', '/var/run/calico/bird.pid') !== pid)
    assert.deepEqual(await lost.end(), [])
    await has(two, '10.1.1.0/26 via 172.18.18.101')
  })

  it('a BIRD that hangs holds up nothing but itself', async () => {
    one.workload('z', 'open', one.assign(4, '10.1.1.9'))
    await has(one, '10.1.1.9 dev caliz')
    const pid = one.run('cat', '/var/run/calico/bird.pid')
    one.run('kill', '-STOP', pid)
    try {
      apply({ peerIP: '192.0.2.9', asNumber: 65009 }, 'BGPPeer', 'far')
      one.calicoctl(['delete', 'wep', 'host1-libnetwork-libnetwork-z', '-n', 'libnetwork'])
      await lacks(one, '10.1.1.9')
      assert.equal(one.hasLogged('BIRD does not take its configuration'), false)
    } finally {
      one.run('kill', '-CONT', pid)
    }
    await one.bird((protocols) => /Global_192_0_2_9/.test(protocols))
    one.calicoctl(['delete', 'bgppeer', 'far'])
    await one.bird((protocols) => !/Global_192_0_2_9/.test(protocols))
  })

  it("another BIRD on the host is told of: it would take this one's routes away", async () => {
    await two.stopAgent('SIGTERM')
    const config = 'router id 1.1.1.1; protocol device {}'
    two.run(
      'sh',
      '-c',
      `mkdir -p /run/bird; echo '${config}' > /run/bird/bird.conf; bird -c /run/bird/bird.conf -s /run/bird/bird.ctl -P /run/bird/bird.pid`,
    )
    await two.startAgent()
    await two.logs('another BIRD runs on this host, and takes away the routes of this one')
    two.run('sh', '-c', 'kill $(cat /run/bird/bird.pid)')
  })

  it('node status tells of the sessions', () => {
    const text = one.calicoctl(['node', 'status'])
    assert.match(text, /^Calico process is running\.\n/)
    assert.match(text, /\nIPv4 BGP status\n\+-.*\n\| PEER ADDRESS +\| PEER TYPE +\| STATE \| SINCE +\| INFO +\|\n/)
    assert.match(text, /\| 172\.18\.18\.102 \| node-to-node mesh \| up +\| [0-9:.]+ +\| Established +\|\n/)
    assert.match(text, /\nIPv6 BGP status\nNo IPv6 peers found\.\n/)
    const { bgp, backend } = JSON.parse(one.calicoctl(['node', 'status', '-o', 'json'])) as {
      backend: string
      bgp: { v4: { address: string; type: string; info: string }[] }
    }
    assert.equal(backend, 'bird')
    assert.deepEqual(
      bgp.v4.map(({ address, type, info }) => [address, type, info]),
      [
        ['172.18.18.102', 'node-to-node mesh', 'Established'],
        ['172.18.18.103', 'node-to-node mesh', 'Established'],
      ],
    )
  })

  it('a peer outside is told the blocks, but for what a filter rejects, and what it tells is a route', async () => {
    const outside = await RoutedHost.open('tor', fabric)
    try {
      outside.run(
        'sh',
        '-c',
        `mkdir /run/bird; cat > /run/bird.cfg <<'EOF'\n${outsideConfig(outside.address)}\nEOF\nbird -c /run/bird.cfg -s /run/bird.ctl`,
      )
      apply({ asNumber: 64512, prefixAdvertisements: [{ cidr: '10.1.2.0/24', communities: ['65001:7'] }] }, 'BGPConfiguration', 'default')
      apply({ exportV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.1.10.0/24' }] }, 'BGPFilter', 'not-ten')
      apply({ peerIP: outside.address, asNumber: 65001, filters: ['not-ten'] }, 'BGPPeer', 'tor')
      await has(outside, '10.1.1.0/26 via')
      await has(outside, '10.1.2.0/26 via')
      await has(two, `198.51.100.0/24 via ${outside.address}`)
      assert.doesNotMatch(outside.run('ip', 'route'), /^10\.1\.10\./m)
      assert.match(outside.run('birdc', '-s', '/run/bird.ctl', 'show', 'route', '10.1.2.0/26', 'all'), /BGP\.community: \(65001,7\)/)
      apply({ exportV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.1.1.0/24' }] }, 'BGPFilter', 'not-ten')
      await has(outside, '10.1.10.0/26 via')
      await lacks(outside, '10.1.1.0/26')
      one.calicoctl(['delete', 'bgppeer', 'tor'])
      await lacks(two, '198.51.100.0/24')
    } finally {
      await outside.close()
    }
  })

  it('a route reflector in place of the mesh', async () => {
    const lost = one.watchLost()
    two.calicoctl(['label', 'nodes', 'host2', 'reflector='])
    two.calicoctl(['patch', 'node', 'host2', '-p', JSON.stringify({ spec: { bgp: { routeReflectorClusterID: '244.0.0.1' } } })])
    apply({ nodeSelector: 'all()', peerSelector: 'has(reflector)' }, 'BGPPeer', 'reflectors')
    apply({ asNumber: 64512, nodeToNodeMeshEnabled: false }, 'BGPConfiguration', 'default')
    three.assign(4, '10.1.20.1')
    // The way is straight, though the reflector has told of it.
    await has(one, '10.1.20.0/26 via 172.18.18.103')
    assert.match(one.calicoctl(['node', 'status']), /\| 172\.18\.18\.102 \| node specific \|/)
    assert.doesNotMatch(one.calicoctl(['node', 'status']), /172\.18\.18\.103/)
    await lost.end()
    apply({ asNumber: 64512, nodeToNodeMeshEnabled: true }, 'BGPConfiguration', 'default')
    one.calicoctl(['delete', 'bgppeer', 'reflectors'])
    two.calicoctl(['patch', 'node', 'host2', '-p', JSON.stringify({ spec: { bgp: { routeReflectorClusterID: null } } })])
    await has(two, '10.1.20.0/26 via 172.18.18.103')
  })

  it('the routes of a host that is deleted go', async () => {
    await has(one, '10.1.20.0/26 via 172.18.18.103')
    await three.stopAgent('SIGTERM')
    three.calicoctl(['delete', 'node', 'host3'])
    for (const host of [one, two]) await lacks(host, '10.1.20.0/26')
  })
})

const outsideConfig = (address: string) => `
router id ${address};
protocol device {}
protocol direct { ipv4; }
protocol kernel { ipv4 { export where source = RTS_BGP; }; }
protocol static { ipv4; route 198.51.100.0/24 blackhole; }
protocol bgp { local ${address} as 65001; neighbor range 172.18.18.0/24 as 64512; multihop; ipv4 { import all; export where source = RTS_STATIC; }; }
`
