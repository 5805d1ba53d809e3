import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Fabric } from '../../lab/fabric.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { RoutedHost } from '../../lab/routed-host.ts'

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

describe('hosts tell each other their blocks', { skip: namespacesHere('bird', 'etcd') }, () => {
  let fabric: Fabric
  let one: RoutedHost
  let two: RoutedHost

  before(async () => {
    fabric = await Fabric.open()
    ;[one, two] = [await RoutedHost.open('host1', fabric), await RoutedHost.open('host2', fabric)]
    one.calicoctl(['apply', '-f', '-'], RESOURCES)
    await one.startAgent()
    await two.startAgent()
  })
  after(async () => {
    await one.close()
    await two.close()
    await fabric.close()
  })

  const blockOf = (address: string) => address.replace(/(\d+)$/, (last) => `${Number(last) - (Number(last) % 64)}/26`)

  it('a block that a host takes is a route on the other, and goes nowhere on its own but to its workloads', async () => {
    const address = one.workload('a', 'open')
    const block = blockOf(address)
    await two.routes('-4', (routes) => routes.includes(`${block} via 172.18.18.101 dev eth0 proto bird src 172.18.18.102 metric 1024`))
    await one.routes('-4', (routes) => routes.includes(`blackhole ${block} proto 80`))
    const other = two.workload('b', 'open')
    await one.routes('-4', (routes) => routes.some((route) => route.startsWith(`${blockOf(other)} via 172.18.18.102`)))
    assert.equal(one.pings('a', other, 5), true)
    assert.equal(two.pings('b', address, 5), true)
  })
})
