import assert from 'node:assert/strict'
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

  it('VXLAN, and without BGP as well', async () => {
    await start('vxlanMode: Always', () => ['--backend=none'])
    const [a, b] = [one.workload('a', 'open'), two.workload('b', 'open')]
    for (const host of [one, two]) await host.routes('-4', (routes) => routes.some((route) => /^10\.1\.\S+\/26 via 10\.1\.\S+ dev vxlan\.calico proto 80 onlink$/.test(route)))
    const before = sent(one, 'vxlan.calico')
    assert.deepEqual([one.pings('a', b, 5), two.pings('b', a, 5)], [true, true])
    assert.ok(sent(one, 'vxlan.calico') > before)
  })
})
