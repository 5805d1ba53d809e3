import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DockerHost, dockerHere } from '../../lab/docker-host.ts'
import { Fabric } from '../../lab/fabric.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { PROGRAM } from '../../system/built.ts'

/** Two hosts with a real Docker each, an agent each, and one etcd: what is typed on one is seen on the other. */

const CALICO = ['--driver', 'calico', '--ipam-driver', 'calico-ipam']
const LABEL = 'org.projectcalico.mirror.origin'

describe('networks of several hosts', { skip: dockerHere() || namespacesHere('etcd') }, () => {
  let fabric: Fabric
  let one: DockerHost
  let two: DockerHost

  before(async () => {
    fabric = await Fabric.open()
    one = await DockerHost.open('calico-01', fabric)
    two = await DockerHost.open('calico-02', fabric)
    for (const host of [one, two]) {
      await host.startAgent()
      await host.startDocker('--dns', host.address)
    }
    await inside(one, ['apply', '-f', '-'], POOLS)
  })
  after(async () => {
    await one?.close()
    await two?.close()
    await fabric?.close()
  })

  it('one that is made on a host is there on the other, and is told to be a copy', async () => {
    await create(one, 'net1', '--label', 'team=a')
    await has(two, 'net1')
    assert.equal(
      await inspect(two, 'net1', '{{.Driver}} {{.IPAM.Driver}} {{json .Labels}}'),
      `calico calico-ipam {"${LABEL}":"calico-01","team":"a"}`,
    )
    assert.equal(await inspect(one, 'net1', '{{json .Labels}}'), '{"team":"a"}')
  })

  it('containers of both hosts find each other by name in it', async () => {
    await one.docker('run', '--net', 'net1', '--name', 'workload-A', '-tid', 'busybox')
    await two.docker('run', '--net', 'net1', '--name', 'workload-E', '-tid', 'busybox')
    const address = await two.docker('inspect', '--format', '{{ .NetworkSettings.Networks.net1.IPAddress }}', 'workload-E')
    await eventually(async () => (await one.try(['docker', 'exec', 'workload-A', 'nslookup', 'workload-E.net1'])).stdout.includes(address))
    await eventually(async () => (await two.try(['docker', 'exec', 'workload-E', 'nslookup', 'workload-A'])).code === 0)
    await one.docker('rm', '-f', 'workload-A')
    await two.docker('rm', '-f', 'workload-E')
  })

  it('keeps subnets and IPv6', async () => {
    await create(two, 'net6', '--subnet', '10.9.0.0/24', '--ipv6', '--subnet', 'fd00:9::/112')
    await has(one, 'net6')
    const subnets = (await inspect(one, 'net6', '{{range .IPAM.Config}}{{.Subnet}} {{end}}{{.EnableIPv6}}')).split(' ').sort()
    assert.deepEqual(subnets, ['10.9.0.0/24', 'fd00:9::/112', 'true'])
  })

  it('one that is removed where it was made is gone on the other', async () => {
    await two.docker('network', 'rm', 'net6')
    await lacks(one, 'net6')
  })

  it('one that is removed where it is a copy is gone on the other', async () => {
    await two.docker('network', 'rm', 'net1')
    await lacks(one, 'net1')
  })

  it('one with containers goes when the last of them does, and that is told', async () => {
    await create(one, 'busy')
    await has(two, 'busy')
    await two.docker('run', '--net', 'busy', '--name', 'workload-X', '-tid', 'busybox')
    await one.docker('network', 'rm', 'busy')
    await eventually(async () => /^Network: +busy: it was removed on another host, but containers are attached$/m.test(await status(two)))
    assert.match(two.log, /"a network was removed on another host, and goes when its last container here does","network":"busy"/)
    await has(two, 'busy')
    await two.docker('rm', '-f', 'workload-X')
    await lacks(two, 'busy')
    await eventually(async () => !/^Network: /m.test(await status(two)))
  })

  it('what happened while an agent was away is made up for', async () => {
    for (const name of ['stays', 'goes', 'goes-at-copy', 'changes']) await create(one, name)
    for (const name of ['stays', 'goes', 'goes-at-copy', 'changes']) await has(two, name)
    await two.stopDrivers('SIGKILL')
    await one.docker('network', 'rm', 'goes', 'changes')
    await create(one, 'comes')
    await create(one, 'changes', '--subnet', '10.9.0.0/24')
    await two.startAgent()
    await has(two, 'comes')
    await lacks(two, 'goes')
    await eventually(async () => (await inspect(two, 'changes', '{{range .IPAM.Config}}{{.Subnet}}{{end}}')) === '10.9.0.0/24')
    // Now where it was made.
    await one.stopDrivers('SIGKILL')
    await two.docker('network', 'rm', 'goes-at-copy')
    await eventually(async () => /^Networks: +3 on all hosts$/m.test(await status(two)))
    await one.startAgent()
    await lacks(one, 'goes-at-copy')
    await has(one, 'stays')
    assert.deepEqual(await calicoNetworks(one), ['changes', 'comes', 'stays'])
    assert.deepEqual(await calicoNetworks(two), ['changes', 'comes', 'stays'])
  })

  it('one that is removed where it was made, while no agent looks, is gone on the other', async () => {
    await one.stopDrivers('SIGTERM')
    // The network driver is there without the agent: it is the record that nobody takes away.
    await one.startAgent('--no-mirror-networks')
    await one.docker('network', 'rm', 'comes')
    await one.stopDrivers('SIGTERM')
    await one.startAgent()
    await lacks(two, 'comes')
    await lacks(one, 'comes')
  })

  it('what happened while Docker was away is made up for', async () => {
    await two.stopDocker('SIGKILL')
    await create(one, 'later')
    await one.docker('network', 'rm', 'changes')
    await two.startDocker('--dns', two.address)
    await has(two, 'later')
    await lacks(two, 'changes')
    await create(two, 'back')
    await has(one, 'back')
    assert.deepEqual(await calicoNetworks(two), ['back', 'later', 'stays'])
  })

  it('one of the same name that is otherwise is let be, and that is told', async () => {
    await two.docker('network', 'create', 'bridged')
    await create(one, 'bridged')
    await eventually(async () => /^Network: +bridged: a network of driver bridge has this name here$/m.test(await status(two)))
    assert.equal(await inspect(two, 'bridged', '{{.Driver}}'), 'bridge')
    await two.docker('network', 'rm', 'bridged')
    await eventually(async () => (await inspect(two, 'bridged', '{{.Driver}}')) === 'calico')
    await one.docker('network', 'rm', 'bridged')
    await lacks(two, 'bridged')

    await two.stopDrivers('SIGTERM')
    await two.startAgent('--no-mirror-networks')
    assert.doesNotMatch(await status(two), /^Networks?:/m)
    await create(two, 'same')
    await create(two, 'different', '--subnet', '10.9.0.0/24')
    await create(one, 'same')
    await create(one, 'different')
    await two.stopDrivers('SIGTERM')
    await two.startAgent()
    await eventually(async () => /^Network: +different: its subnets are 10\.9\.0\.0\/24, not none, unlike on calico-01$/m.test(await status(two)))
    assert.match(two.log, /"a network is not here as it is on other hosts: it is let be","network":"different"/)
    assert.doesNotMatch(await status(two), /same:/)
    await two.docker('network', 'rm', 'different')
    await eventually(async () => (await inspect(two, 'different', `{{index .Labels "${LABEL}"}}`)) === 'calico-01')
    // Made on both, it is one network now.
    await one.docker('network', 'rm', 'same', 'different')
    await lacks(two, 'same')
    await lacks(two, 'different')
    assert.deepEqual(await calicoNetworks(one), ['back', 'later', 'stays'])
  })

  it('a datastore that was emptied takes no network along', async () => {
    const ids = async () => await Promise.all([one, two].map((host) => host.docker('network', 'ls', '-q', '--filter', 'name=back|later|stays')))
    const before = await ids()
    await one.run(process.execPath, '-e', EMPTY, fabric.etcd)
    for (const [here, there] of [
      [one, two],
      [two, one],
    ] as const) {
      await create(here, `after-${here.name}`)
      await has(there, `after-${here.name}`)
    }
    assert.deepEqual(await ids(), before)
  })

  it('is for Docker itself to do where networks are global', async () => {
    await two.stopDrivers('SIGTERM')
    await two.startAgent('--docker-scope', 'global')
    assert.doesNotMatch(await status(two), /^(?:Networks?|Names):/m)
  })

  // --- internal ---

  async function create(host: DockerHost, name: string, ...options: readonly string[]): Promise<void> {
    await host.docker('network', 'create', ...CALICO, ...options, name)
  }

  async function calicoNetworks(host: DockerHost): Promise<string[]> {
    return (await host.docker('network', 'ls', '--filter', 'driver=calico', '--format', '{{.Name}}')).split('\n').sort()
  }

  async function inspect(host: DockerHost, name: string, format: string): Promise<string> {
    return (await host.try(['docker', 'network', 'inspect', '--format', format, name])).stdout.trim()
  }

  async function has(host: DockerHost, name: string): Promise<void> {
    await eventually(async () => (await calicoNetworks(host)).includes(name))
  }

  async function lacks(host: DockerHost, name: string): Promise<void> {
    await eventually(async () => !(await calicoNetworks(host)).includes(name))
  }

  async function inside(host: DockerHost, args: readonly string[], stdin = ''): Promise<void> {
    const script = ['sh', '-c', 'printf %s "$1" | "$2" "$3" "$4" "$5" "$6"', 'sh', stdin, process.execPath, PROGRAM, ...args]
    const { code, stderr } = await host.try(script)
    assert.equal(code, 0, stderr)
  }

  async function status(host: DockerHost): Promise<string> {
    return (await host.try([process.execPath, PROGRAM, 'node', 'status'])).stdout
  }

  async function eventually(what: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 400; tries++) {
      if (await what()) return
      await pause(50)
    }
    assert.fail(`it did not come to be\n${one.log.slice(-3000)}\n--\n${two.log.slice(-3000)}`)
  }
})

// --- internal ---

/** Deletes every key of ours. */
const EMPTY = `
const range = { key: btoa('/calico/'), range_end: btoa('/calico0') }
fetch(process.argv[1] + '/v3/kv/deleterange', { method: 'POST', body: JSON.stringify(range) }).then(async (answer) => {
  if (!(Number((await answer.json()).deleted) > 0)) throw new Error('nothing was deleted')
})
`

const POOLS = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'small' }, spec: { cidr: '10.9.0.0/24' } },
    { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'six' }, spec: { cidr: 'fd00:9::/112' } },
  ],
})
