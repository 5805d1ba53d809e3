import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DockerHost, dockerHere } from '../../lab/docker-host.ts'
import { PROGRAM, runBuilt } from '../../system/built.ts'

/** Names across hosts with a real Docker: this host's containers ask, the datastore knows two of another host. */

/** As the lab gives it to its host. */
const ADDRESS = '172.18.18.101'

describe('names of containers on other hosts, with Docker', { skip: dockerHere() }, () => {
  let host: DockerHost
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-names-'))
    host = await DockerHost.open('calico-01')
    // The host's own resolver, which knows one name.
    await writeFile(join(folder, 'resolv.conf'), `# the agent itself is never asked\nnameserver ${ADDRESS}\nnameserver 127.0.0.7\n`)
    await host.run('mount', '--bind', join(folder, 'resolv.conf'), '/etc/resolv.conf')
    void host.try([process.execPath, '-e', RESOLVER], { timeout: 240_000 })
    await host.startAgent()
    await host.startDocker('--dns', ADDRESS)
    for (const network of ['net1', 'net2']) await host.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', network)
    await host.docker('run', '--net', 'net1', '--name', 'workload-A', '-tid', 'busybox')
    await host.docker('run', '--net', 'net2', '--name', 'workload-B', '-tid', 'busybox')
    await apply(elsewhere('workload-E', 'net1', '10.77.0.5'), elsewhere('workload-F', 'net2', '10.77.0.6'))
  })
  after(async () => {
    await host?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const apply = async (...resources: readonly object[]) => {
    await writeFile(join(folder, 'wanted.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: resources }))
    const { code, stderr } = await runBuilt(['--datastore', host.store, 'apply', '-f', 'wanted.json'], { cwd: folder })
    assert.equal(code, 0, stderr)
  }
  /** What `nslookup` in a container finds. */
  const lookup = async (container: string, name: string) => {
    const { stdout } = await host.try(['docker', 'exec', container, 'nslookup', name])
    return [...stdout.matchAll(/^Address(?: \d)?: *(\S+)/gm)]
      .map(([, address = '']) => address)
      .filter((address) => !address.startsWith('127.0.0.11'))
  }
  const eventually = async (what: () => Promise<boolean>) => {
    for (let tries = 0; tries < 200; tries++) {
      if (await what()) return
      await pause(50)
    }
    assert.fail(`it did not come to be\n${host.log.slice(-3000)}`)
  }

  it('are answered to members of the network, with and without its name', async () => {
    await eventually(async () => (await lookup('workload-A', 'workload-E.net1')).join() === '10.77.0.5')
    assert.deepEqual(await lookup('workload-A', 'workload-e'), ['10.77.0.5'])
    const { stdout } = await host.try(['docker', 'exec', 'workload-A', 'ping', '-c', '1', '-W', '1', 'workload-E.net1'])
    assert.match(stdout, /^PING workload-E\.net1 \(10\.77\.0\.5\)/)
  })

  it('are not answered to others', async () => {
    assert.deepEqual(await lookup('workload-B', 'workload-E.net1'), [])
    assert.deepEqual(await lookup('workload-B', 'workload-E'), [])
    assert.deepEqual(await lookup('workload-B', 'workload-F'), ['10.77.0.6'])
  })

  it('are answered by Docker itself for those that it has', async () => {
    const { stdout } = await host.try(['docker', 'exec', 'workload-A', 'ping', '-c', '1', '-W', '1', 'workload-A.net1'])
    assert.match(stdout, /1 packets received/)
  })

  it('other names are asked of the host, for all of its containers', async () => {
    await eventually(async () => (await lookup('workload-A', 'www.example')).join() === '192.0.2.80')
    const { stdout } = await host.try(['docker', 'run', '--rm', 'busybox', 'nslookup', 'www.example'])
    assert.match(stdout, /Address(?: 1)?: *192\.0\.2\.80/)
    const own = await host.try(['docker', 'run', '--rm', '--net', 'host', 'busybox', 'nslookup', 'www.example'])
    assert.match(own.stdout, /Address(?: 1)?: *192\.0\.2\.80/)
  })

  it('are answered whatever policy says, and nothing else of the host is open', async () => {
    const policy = (name: string, spec: object) => ({
      apiVersion: 'projectcalico.org/v3',
      kind: 'GlobalNetworkPolicy',
      metadata: { name },
      spec,
    })
    await apply(
      policy('quiet', { order: 1, selector: "projectcalico.org/orchestrator == 'libnetwork'", types: ['Ingress', 'Egress'] }),
      policy('closed', { order: 1, selector: "role == 'host'", preDNAT: true, applyOnForward: true, ingress: [{ action: 'Deny' }] }),
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'HostEndpoint',
        metadata: { name: 'all', labels: { role: 'host' } },
        spec: { node: 'host1', interfaceName: '*' },
      },
    )
    const pings = async () => (await host.try(['docker', 'exec', 'workload-A', 'ping', '-c', '1', '-W', '1', ADDRESS])).code === 0
    await eventually(
      async () => !(await pings()) && /pre-dnat-dispatch/.test(await host.run('nft', 'list', 'chain', 'inet', 'calico', 'mangle-prerouting')),
    )
    assert.deepEqual(await lookup('workload-A', 'workload-E.net1'), ['10.77.0.5'])
  })

  it('are told of by node status', async () => {
    const { stdout } = await host.try([process.execPath, PROGRAM, 'node', 'status'])
    assert.match(stdout, /^Names: +answered at 172\.18\.18\.101$/m)
  })
})

describe('where another program has the port of names', { skip: dockerHere() }, () => {
  it('the agent says so and goes on; it answers, and lets questions pass, when the port is free', async () => {
    const host = await DockerHost.open('calico-01')
    const node = (script: string) => host.try([process.execPath, '-e', script])
    const status = async () => (await host.try([process.execPath, PROGRAM, 'node', 'status'])).stdout
    const rules = () => host.run('nft', 'list', 'chain', 'inet', 'calico', 'workload-to-host')
    const eventually = async (what: () => Promise<boolean>) => {
      while (!(await what())) await pause(50)
    }
    try {
      const holder = node(HOLDER)
      await eventually(
        async () =>
          (await node(`require('net').connect(53, '${ADDRESS}').on('data', () => process.exit(0)).on('error', () => process.exit(1))`)).code === 0,
      )
      await host.startAgent()
      assert.match(await status(), /^Names: +not answered: another program has port 53 of 172\.18\.18\.101$/m)
      assert.match(host.log, /"names of containers on other hosts are not answered".*another program has port 53/)
      assert.doesNotMatch(await rules(), /dport 53/)
      await node(`require('net').connect(53, '${ADDRESS}').end('go')`)
      await holder
      await eventually(async () => /^Names: +answered at/m.test(await status()))
      await eventually(async () => /172\.18\.18\.101 .* dport 53 accept/.test(await rules()))
    } finally {
      await host.close()
    }
  })
})

// --- internal ---

/** Has port 53, says so to who connects, and goes when it is told to. */
const HOLDER = `
const server = require('net').createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => process.exit(0))
  socket.write('taken')
})
server.listen(53, '${ADDRESS}')
`

/** A name server on port 53 that knows `www.example` alone, and says of everything else that there is no such name. */
const RESOLVER = `
const socket = require('dgram').createSocket('udp4')
socket.on('message', (query, from) => {
  const isKnown = query.includes(Buffer.from('\\x03www\\x07example\\x00\\x00\\x01', 'latin1'))
  const isName = query.includes(Buffer.from('\\x03www\\x07example\\x00', 'latin1'))
  const end = query.indexOf(0, 12) + 5
  const header = Buffer.from([query[0], query[1], 0x81, isName ? 0x80 : 0x83, 0, 1, 0, isKnown ? 1 : 0, 0, 0, 0, 0])
  const answer = isKnown ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80]) : Buffer.alloc(0)
  socket.send(Buffer.concat([header, query.subarray(12, end), answer]), from.port, from.address)
})
socket.bind(53, '127.0.0.7')
`

function elsewhere(container: string, network: string, address: string): object {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { namespace: 'libnetwork', annotations: { 'docker.projectcalico.org/container': container } },
    spec: {
      orchestrator: 'libnetwork',
      workload: 'libnetwork',
      node: 'calico-02',
      endpoint: container.toLowerCase(),
      interfaceName: 'cali0',
      ipNetworks: [`${address}/32`],
      profiles: [network],
    },
  }
}
