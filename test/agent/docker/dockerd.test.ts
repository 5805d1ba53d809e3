import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Datastore } from '../../../src/store/datastore.ts'
import { prefixRange } from '../../../src/store/datastore.ts'
import { openDatastore } from '../../../src/store/open.ts'
import { judge } from '../../conformance/ipam-replay.ts'
import { run } from '../../context.ts'
import { DockerHost, dockerHere } from '../../lab/docker-host.ts'

/** The drivers and a real dockerd, on a host of their own: what users type, and what is there afterwards. Policy is not enforced here. */

const CALICO = ['--driver', 'calico', '--ipam-driver', 'calico-ipam']

describe('Docker with the drivers', { skip: dockerHere() }, () => {
  let host: DockerHost
  let store: Datastore

  before(async () => {
    host = await DockerHost.open('host1')
    store = await openDatastore({ driver: 'local', path: host.store })
    const resource = (kind: string, name: string, spec: object) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
    const items = [
      resource('Node', 'host1', {}),
      resource('IPPool', 'any', { cidr: '192.168.0.0/16' }),
      resource('IPPool', 'small', { cidr: '10.9.0.0/24' }),
      resource('IPPool', 'six', { cidr: 'fd00:9::/112' }),
    ]
    const { code, stderr } = await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
    assert.equal(code, 0, stderr)
    await host.startDrivers({ containerLabels: true })
    await host.startDocker()
  })
  after(async () => {
    await store?.close()
    await host?.close()
  })

  it('makes the networks of the tutorial, and runs containers in them', async () => {
    for (const name of ['net1', 'net2']) await host.docker('network', 'create', ...CALICO, name)
    await host.docker('run', '--net', 'net1', '--name', 'workload-A', '-tid', 'busybox')
    await host.docker('run', '--net', 'net2', '--name', 'workload-B', '-tid', 'busybox')
    await host.docker('run', '--net', 'net1', '--label', 'org.projectcalico.label.role=db', '--name', 'workload-C', '-tid', 'busybox')
    assert.deepEqual(await containers(), ['workload-A net1', 'workload-B net2', 'workload-C net1'])
    assert.deepEqual(await profiles(), ['net1', 'net2'])
    assert.match(await host.docker('network', 'ls'), /net1 +calico +local/)
  })

  it('gives them the addresses that their endpoints have, and one way out', async () => {
    const address = await addressOf('workload-A', 'net1')
    assert.match((await run(['get', 'workloadendpoints', '--all-namespaces'], { store })).stdout, new RegExp(`${address}/32`))
    assert.match(await host.docker('exec', 'workload-A', 'ip', 'addr', 'show', 'cali0'), new RegExp(`inet ${address}/32`))
    const routes = await host.docker('exec', 'workload-A', 'ip', 'route')
    assert.match(routes, /^default via 169\.254\.1\.1 dev cali0 *\n169\.254\.1\.1 dev cali0 scope link *$/)
  })

  it('lets them reach each other, by name too', async () => {
    await host.docker('exec', 'workload-A', 'ping', '-c', '1', '-W', '5', 'workload-C.net1')
    await host.docker('exec', 'workload-C', 'ping', '-c', '1', '-W', '5', await addressOf('workload-B', 'net2'))
  })

  it('takes labels of a container for its endpoint', async () => {
    const { stdout } = await run(['get', 'workloadendpoints', '--all-namespaces', '-o', 'json'], { store })
    assert.match(stdout, /"role": "db"/)
  })

  it('gives the subnet and the address that are asked for, IPv6 beside it', async () => {
    await host.docker('network', 'create', ...CALICO, '--subnet', '10.9.0.0/24', '--ipv6', '--subnet', 'fd00:9::/112', 'net3')
    await host.docker('run', '--net', 'net3', '--ip', '10.9.0.77', '--name', 'workload-D', '-tid', 'busybox')
    assert.equal(await addressOf('workload-D', 'net3'), '10.9.0.77')
    assert.match(await host.docker('exec', 'workload-D', 'ip', '-6', 'addr', 'show', 'cali0'), /inet6 fd00:9::[0-9a-f]+\/128/)
    assert.match(await host.docker('exec', 'workload-D', 'ip', '-6', 'route'), /default via fe80::1 dev cali0/)
    await host.docker('exec', 'workload-D', 'ping', '-c', '1', '-W', '5', 'fe80::1%cali0')
  })

  for (const [what, args, message] of [
    ['an address that is in use', ['run', '--net', 'net3', '--ip', '10.9.0.77', '-d', 'busybox'], /10\.9\.0\.77 is in use/],
    ['a subnet without a pool', ['network', 'create', ...CALICO, '--subnet', '10.77.0.0/24', 'bad'], /must match the CIDR of an IPPool/],
    ['a gateway', ['network', 'create', ...CALICO, '--subnet', '10.9.0.0/24', '--gateway', '10.9.0.1', 'bad'], /--gateway 10\.9\.0\.1/],
    ['an option', ['network', 'create', ...CALICO, '--opt', 'mtu=9000', 'bad'], /unknown options \(--opt\): mtu/],
    ['--internal', ['network', 'create', ...CALICO, '--internal', 'bad'], /--internal is not possible/],
    ['other addresses', ['network', 'create', '--driver', 'calico', 'bad'], /needs addresses of Calico/],
  ] as const) {
    it(`refuses ${what} in words`, async () => {
      const { code, stderr } = await host.try(['docker', ...args])
      assert.notEqual(code, 0)
      assert.match(stderr, message)
    })
  }

  it('puts a container into a second network, from where it can be started again', async () => {
    await host.docker('network', 'connect', 'net2', 'workload-A')
    assert.deepEqual(await containers(), ['workload-A net1', 'workload-A net2', 'workload-B net2', 'workload-C net1', 'workload-D net3'])
    await host.docker('restart', '-t', '0', 'workload-A')
    await host.docker('exec', 'workload-A', 'ping', '-c', '1', '-W', '5', 'workload-C.net1')
    await host.docker('exec', 'workload-A', 'ping', '-c', '1', '-W', '5', 'workload-B.net2')
    const routes = await host.docker('exec', 'workload-A', 'ip', 'route')
    assert.match(
      routes,
      /^default via 169\.254\.1\.[12] dev cali\d *\n169\.254\.1\.1 dev cali\d scope link *\n169\.254\.1\.2 dev cali\d scope link *$/,
    )
    assert.doesNotMatch(await host.docker('exec', 'workload-A', 'ip', 'addr'), /172\.1[89]\./)
    await host.docker('network', 'disconnect', 'net2', 'workload-A')
    assert.deepEqual(await containers(), ['workload-A net1', 'workload-B net2', 'workload-C net1', 'workload-D net3'])
  })

  it('keeps a profile that was edited when containers come and go', async () => {
    await run(['patch', 'profile', 'net2', '-p', '{"spec":{"egress":[{"action":"Deny"}]}}'], { store })
    await host.docker('rm', '-f', 'workload-B')
    await host.docker('run', '--net', 'net2', '--name', 'workload-B', '-tid', 'busybox')
    assert.match((await run(['get', 'profile', 'net2', '-o', 'yaml'], { store })).stdout, /egress:\n {2}- action: Deny\n/)
  })

  it('goes on when the drivers start anew, killed or not', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await host.stopDrivers(signal)
      await host.docker('exec', 'workload-A', 'ping', '-c', '1', '-W', '5', 'workload-C.net1')
      await host.startDrivers({ containerLabels: true })
      await host.docker('run', '--net', 'net1', '--rm', 'busybox', 'ping', '-c', '1', '-W', '5', 'workload-C.net1')
    }
    await host.docker('network', 'connect', 'net2', 'workload-A')
    const gateways = /169\.254\.1\.1 dev cali\d scope link *\n169\.254\.1\.2 dev cali\d scope link/
    assert.match(await host.docker('exec', 'workload-A', 'ip', 'route'), gateways)
    await host.docker('network', 'disconnect', 'net1', 'workload-A')
    await host.docker('exec', 'workload-A', 'ping', '-c', '1', '-W', '5', 'workload-B.net2')
    await host.docker('network', 'connect', 'net1', 'workload-A')
    await host.docker('network', 'disconnect', 'net2', 'workload-A')
  })

  it('has nothing left of containers after Docker was killed, but what runs again', async () => {
    await host.docker('update', '--restart', 'always', 'workload-A')
    await host.stopDocker('SIGKILL')
    await host.stopDrivers('SIGKILL')
    await host.startDrivers({ containerLabels: true })
    await host.startDocker()
    await until(async () => (await containers()).join() === 'workload-A net1')
    await checkAddresses()
    await until(async () => (await host.try(['docker', 'exec', 'workload-A', 'ip', 'route'])).stdout.startsWith('default via 169.254.1.'))
  })

  it('leaves nothing behind when all is removed', async () => {
    await host.docker('rm', '-f', 'workload-A', 'workload-B', 'workload-C', 'workload-D')
    for (const name of ['net1', 'net2', 'net3']) await host.docker('network', 'rm', name)
    assert.deepEqual(await containers(), [])
    assert.equal((await judged()).allocated, 0)
    assert.doesNotMatch(await host.run('ip', '-br', 'link'), /cali|temp/)
    assert.doesNotMatch(await host.run('ip', 'route'), /cali/)
    assert.deepEqual(await profiles(), ['net1', 'net2', 'net3'])
  })

  // --- internal ---

  /** What runs, from the endpoints: container and network. */
  async function containers(): Promise<string[]> {
    const { stdout } = await run(['get', 'workloadendpoints', '--all-namespaces', '-o', 'json'], { store })
    const { items } = JSON.parse(stdout) as { items: { metadata: { annotations?: Record<string, string> }; spec: { profiles: string[] } }[] }
    return items.map(({ metadata, spec }) => `${metadata.annotations?.['docker.projectcalico.org/container']} ${spec.profiles.join()}`).sort()
  }

  async function profiles(): Promise<string[]> {
    const { stdout } = await run(['get', 'profiles', '-o', 'json'], { store })
    const { items } = JSON.parse(stdout) as { items: { metadata: { name: string } }[] }
    return items.map(({ metadata }) => metadata.name).filter((name) => name !== 'projectcalico-default-allow')
  }

  function addressOf(container: string, network: string): Promise<string> {
    return host.docker('inspect', '--format', `{{ .NetworkSettings.Networks.${network}.IPAddress }}`, container)
  }

  async function judged() {
    const { keyValues } = await store.range(prefixRange('/calico/ipam/'))
    return judge(new Map(keyValues.map(({ key, value }) => [key, value])))
  }

  /** As many addresses as endpoints have, and a store that hangs together. */
  async function checkAddresses(): Promise<void> {
    const { stdout } = await run(['get', 'workloadendpoints', '--all-namespaces', '-o', 'json'], { store })
    const { items } = JSON.parse(stdout) as { items: { spec: { ipNetworks: string[] } }[] }
    const held = items.flatMap(({ spec }) => spec.ipNetworks).length
    assert.deepEqual(await judged(), { allocated: held, cooling: 0, bad: [], handlesTooLow: 0, handlesTooHigh: 0 })
  }

  /** Docker brings its containers back when it has told that it is there. */
  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (await holds()) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.fail(`it does not come to hold: ${(await containers()).join()}\n${host.log.slice(-3000)}`)
  }
})
