import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Fabric } from '../../lab/fabric.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { RoutedHost } from '../../lab/routed-host.ts'

const RESOURCES = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: net6}
spec: {cidr: "fd10::/64"}
---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
`

describe('hosts tell each other their blocks of IPv6', { skip: namespacesHere('bird', 'etcd') }, () => {
  let fabric: Fabric
  let one: RoutedHost
  let two: RoutedHost

  before(async () => {
    fabric = await Fabric.open()
    ;[one, two] = [await RoutedHost.open('host1', fabric), await RoutedHost.open('host2', fabric)]
    one.calicoctl(['apply', '-f', '-'], RESOURCES)
    for (const host of [one, two]) {
      host.run('ip', 'addr', 'add', `fd18::${host.address.split('.')[3]}/64`, 'dev', 'eth0', 'nodad')
      await host.startAgent('--ip6=autodetect')
    }
  })
  after(async () => {
    await one.close()
    await two.close()
    await fabric.close()
  })

  it('over sessions of IPv6, and workloads reach each other', async () => {
    const [a, b] = [one.workload('a', 'open', one.assign(6)), two.workload('b', 'open', two.assign(6))]
    await one.routes('-6', (routes) =>
      routes.some((route) => /^fd10:\S+\/122 via fd18::102 dev eth0 proto bird src fd18::101 metric 1024/.test(route)),
    )
    await one.routes('-6', (routes) => routes.some((route) => /^blackhole fd10:\S+\/122 dev lo proto 80 /.test(route)))
    await two.routes('-6', (routes) => routes.some((route) => /^fd10:\S+\/122 via fd18::101 dev eth0 proto bird /.test(route)))
    assert.deepEqual([one.pings('a', b, 5), two.pings('b', a, 5)], [true, true])
    assert.match(one.calicoctl(['node', 'status']), /\nIPv6 BGP status\n[^]*\| fd18::102 +\| node-to-node mesh \| up +\|/)
  })
})
