import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { prefixRange } from '../../src/store/datastore.ts'
import { openDatastore } from '../../src/store/open.ts'
import { judge } from '../conformance/ipam-replay.ts'
import { DockerHost, dockerHere, type Said } from '../lab/docker-host.ts'
import { PROGRAM, runBuilt } from '../system/built.ts'

/** What the built agent and a real Docker do when something is amiss: it is said in words, and nothing half-made is left. */

const CALICO = ['--driver', 'calico', '--ipam-driver', 'calico-ipam']
const pool = (name: string, cidr: string, blockSize: number) =>
  `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: ${name}}\nspec: {cidr: ${cidr}, blockSize: ${blockSize}}\n`

describe('Docker is told', { skip: dockerHere() }, () => {
  let host: DockerHost

  before(async () => {
    host = await DockerHost.open('host1')
    await calicoctl('apply', pool('four', '10.9.0.0/30', 30), pool('wide', '10.8.0.0/24', 26))
    await host.startAgent()
    await host.startDocker()
    await host.docker('network', 'create', ...CALICO, '--subnet', '10.9.0.0/30', 'narrow')
    await host.docker('network', 'create', ...CALICO, '--subnet', '10.8.0.0/24', 'wide')
  })
  after(() => host.close())
  afterEach(async () => {
    const containers = await host.docker('ps', '-aq')
    if (containers !== '') await host.docker('rm', '-f', ...containers.split('\n'))
    assert.deepEqual(await left(), { addresses: 0, endpoints: 0, interfaces: '', routes: '' })
  })

  it('that no address is free', async () => {
    for (let number = 0; number < 4; number++) await runIn('narrow', `c${number}`)
    const refused = await tryIn('narrow', 'one-more')
    assertTold(refused, /no address is free in 10\.9\.0\.0\/30 \(add an IPPool, or remove containers\)/)
    const { addresses, endpoints } = await left()
    assert.deepEqual([addresses, endpoints], [4, 4])
    await host.docker('rm', '-f', 'c2')
    await host.docker('start', 'one-more')
  })

  it('that an address is in use', async () => {
    await runIn('wide', 'first', '--ip', '10.8.0.7')
    assertTold(await tryIn('wide', 'second', '--ip', '10.8.0.7'), /10\.8\.0\.7 is in use \(calicoctl ipam show --ip=10\.8\.0\.7 says by whom\)/)
    assert.equal((await left()).addresses, 1)
    assert.equal((await host.try(['docker', 'inspect', '-f', '{{.State.Running}}', 'first'])).stdout, 'true\n')
  })

  it('that a pool is gone, and what runs in it runs on', async () => {
    await runIn('wide', 'before')
    await runIn('wide', 'beside')
    await calicoctl('delete', pool('wide', '10.8.0.0/24', 26))
    assertTold(await tryIn('wide', 'after'), /10\.8\.0\.0\/24/)
    const address = await host.docker('inspect', '-f', '{{.NetworkSettings.Networks.wide.IPAddress}}', 'beside')
    await host.docker('exec', 'before', 'ping', '-c', '1', '-W', '5', address)
    await host.docker('rm', '-f', 'before', 'beside', 'after')
    assert.deepEqual(await left(), { addresses: 0, endpoints: 0, interfaces: '', routes: '' })
    await calicoctl('apply', pool('wide', '10.8.0.0/24', 26))
    await runIn('wide', 'again')
  })

  it('that the kernel cannot be set up', async () => {
    await host.run('mount', '-t', 'proc', 'proc', '/mnt')
    await host.run('mount', '--bind', '-o', 'ro', '/mnt/sys', '/proc/sys')
    await host.run('mount', '-o', 'remount,ro,bind', '/proc/sys')
    try {
      const refused = await tryIn('wide', 'unlucky')
      assertTold(refused, /a setting of the kernel cannot be made 1: EROFS: .*proxy_arp.*\(is \/proc\/sys mounted read-only\?\)/)
      assert.match(host.log, /"level":"error","event":"Docker was refused something","method":"NetworkDriver\.Join","why":"a setting of the kernel/)
      assert.deepEqual(await left(), { addresses: 0, endpoints: 0, interfaces: '', routes: '' })
    } finally {
      await host.run('umount', '/proc/sys')
      await host.run('umount', '/mnt')
    }
    await host.docker('start', 'unlucky')
  })

  // --- internal ---

  async function calicoctl(verb: string, ...documents: readonly string[]): Promise<void> {
    const { code, stderr } = await runBuilt([verb, '-f', '-', '--datastore', host.store], { stdin: documents.join('---\n') })
    assert.equal(code, 0, stderr)
  }

  const tryIn = (network: string, name: string, ...options: readonly string[]) =>
    host.try(['docker', 'run', '-d', '--name', name, '--net', network, ...options, 'busybox', 'sleep', '36000'])

  async function runIn(network: string, name: string, ...options: readonly string[]): Promise<void> {
    const { code, stderr } = await tryIn(network, name, ...options)
    assert.equal(code, 0, `${stderr}\n${host.log.slice(-3000)}`)
  }

  /** What there is of containers. */
  async function left() {
    const store = await openDatastore({ driver: 'local', path: host.store })
    const { keyValues } = await store.range(prefixRange('/calico/'))
    await store.close()
    const { allocated, bad } = judge(new Map(keyValues.map(({ key, value }) => [key, value])))
    assert.deepEqual(bad, [])
    return {
      addresses: allocated,
      endpoints: keyValues.filter(({ key }) => key.startsWith('/calico/resources/v3/projectcalico.org/workloadendpoints/')).length,
      interfaces: [...(await host.run('ip', '-br', 'link')).matchAll(/^(?:cali|temp)\w+/gm)].join(' '),
      routes: await host.run('ip', 'route', 'show', 'proto', '90'),
    }
  }
})

describe('the agent says why it cannot begin', { skip: dockerHere() }, () => {
  let host: DockerHost
  let folder: string

  before(async () => {
    host = await DockerHost.open('host1')
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-faults-'))
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  const agent = (...options: readonly string[]) => [process.execPath, PROGRAM, 'node', 'run', `--datastore=${host.store}`, ...options]

  for (const [missing, from] of [
    ['nft', 'nftables'],
    ['ip', 'iproute2'],
  ] as const) {
    it(`a program is missing: ${missing}`, async () => {
      // A folder with all programs but that one.
      const programs = join(folder, `without-${missing}`)
      await mkdir(programs)
      for (const program of ['ip', 'nft', 'iptables'].filter((name) => name !== missing)) {
        await symlink(await host.run('sh', '-c', `command -v ${program}`), join(programs, program))
      }
      const { code, stderr } = await host.try(['/usr/bin/env', `PATH=${programs}`, ...agent()])
      assert.equal(code, 1)
      assert.match(
        stderr,
        new RegExp(`^the agent needs the program ${missing}: cannot run ${missing}: .*ENOENT.*\\non Debian: apt-get install ${from}\\n$`),
      )
      assert.equal((await host.try(['nft', 'list', 'table', 'inet', 'calico'])).code, 1)
    })
  }

  it('it is not root', async () => {
    const { code, stderr } = await host.try(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...agent()])
    assert.equal(code, 1)
    assert.match(stderr, /^Need super user privileges: Operation not permitted\nrun it as root, as in: sudo calicoctl node run\n$/)
  })

  it('there is another one, whatever folder it has', async () => {
    await host.startAgent()
    try {
      for (const options of [[], [`--run-dir=${join(folder, 'elsewhere')}`]]) {
        const { code, stderr } = await host.try(agent('--name=host2', ...options))
        assert.equal(code, 1)
        assert.match(stderr, /^an agent is at work on this host already: process \d+, as node host1\n/)
      }
      const { stdout } = await host.try([process.execPath, PROGRAM, 'get', 'nodes', '-o', 'name', `--datastore=${host.store}`])
      assert.equal(stdout, 'node/host1\n')
      assert.equal((await host.try([process.execPath, PROGRAM, 'node', 'status'])).code, 0)
    } finally {
      await host.stopDrivers('SIGKILL')
    }
  })

  it('unless that one was killed, or is no agent at all', async () => {
    await host.startAgent()
    await host.stopDrivers('SIGKILL')
    const name = "require('net').createServer().listen('\\0' + 'calicoctl-agent'.padEnd(107, '.'), () => console.log('ready'))"
    const squatter = host.start(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', name])
    if (squatter.stdout) await once(squatter.stdout, 'data')
    await host.startAgent()
    await host.stopDrivers('SIGTERM')
    squatter.kill()
  })
})

describe('a network with IPv6', { skip: dockerHere() }, () => {
  let host: DockerHost

  before(async () => {
    host = await DockerHost.open('host1')
    const documents = [pool('four', '10.8.0.0/24', 26), pool('six', 'fd00:9::/112', 122)].join('---\n')
    const { code, stderr } = await runBuilt(['apply', '-f', '-', '--datastore', host.store], { stdin: documents })
    assert.equal(code, 0, stderr)
    await host.startAgent()
    await host.startDocker()
    for (const network of ['net1', 'net2']) await host.docker('network', 'create', ...CALICO, '--ipv6', '--subnet', 'fd00:9::/112', network)
    for (const [name, network] of [
      ['workload-A', 'net1'],
      ['workload-B', 'net2'],
      ['workload-C', 'net1'],
    ] as const) {
      await host.docker('run', '-d', '--name', name, '--net', network, 'busybox', 'sleep', '36000')
    }
  })
  after(() => host.close())

  const addressOf = (name: string) => host.docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}', name)
  const ping = (from: string, to: string, family = '-6'): Promise<Said> =>
    host.try(['docker', 'exec', from, 'ping', family, '-c', '1', '-W', '2', to])

  it('lets its members reach each other, by address and by name', async () => {
    const address = await addressOf('workload-C')
    assert.match(address, /^fd00:9::/)
    for (const to of [address, 'workload-C', 'workload-C.net1']) assert.equal((await ping('workload-A', to)).code, 0, to)
    assert.equal((await ping('workload-A', 'workload-C', '-4')).code, 0)
  })

  it('keeps others out', async () => {
    for (const [from, to] of [
      ['workload-A', 'workload-B'],
      ['workload-B', 'workload-C'],
    ] as const) {
      assert.equal((await ping(from, await addressOf(to))).code, 1)
    }
  })

  it('leaves nothing behind', async () => {
    await host.docker('rm', '-f', 'workload-A', 'workload-B', 'workload-C')
    assert.equal(await host.run('ip', '-6', 'route', 'show', 'proto', '90'), '')
    for (let tries = 0; tries < 100 && (await host.run('nft', 'list', 'table', 'inet', 'calico')).includes('fd00:9::'); tries++) await pause(50)
    assert.doesNotMatch(await host.run('nft', 'list', 'table', 'inet', 'calico'), /fd00:9::[0-9a-f]/)
    const { stdout } = await runBuilt(['ipam', 'show', '--datastore', host.store])
    assert.match(stdout, /fd00:9::\/112 [^\n]* 0 \(0%\)/)
  })
})

function assertTold({ code, stderr }: Said, message: RegExp): void {
  assert.equal(code, 125, stderr)
  assert.match(stderr, message)
}
