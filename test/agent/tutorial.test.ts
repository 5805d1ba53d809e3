import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DockerHost, dockerHere } from '../lab/docker-host.ts'
import { PROGRAM, runBuilt } from '../system/built.ts'
import { CHECKOUT } from '../system/folder.ts'

/** The one-host half of Calico's Docker tutorial, with a real Docker and the agent of the built program (`reference/tutorial.md`). */

describe('Docker networks on one host', { skip: dockerHere() }, () => {
  let host: DockerHost
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-tutorial-'))
    host = await DockerHost.open('calico-01')
    await host.startAgent('--cleanup-after=10')
    await host.startDocker()
    for (const network of ['net1', 'net2']) await host.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', network)
    for (const [name, network] of [
      ['workload-A', 'net1'],
      ['workload-B', 'net2'],
      ['workload-C', 'net1'],
    ] as const) {
      await host.docker('run', '--net', network, '--name', name, '-tid', 'busybox')
    }
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  const calicoctl = async (...args: readonly string[]) => await runBuilt(['--datastore', host.store, ...args], { cwd: folder })
  const ping = async (from: string, to: string) => (await host.try(['docker', 'exec', from, 'ping', '-c', '1', '-W', '1', to])).code === 0
  const addressOf = (name: string, network: string) =>
    host.docker('inspect', '--format', `{{ .NetworkSettings.Networks.${network}.IPAddress }}`, name)
  /** Until the agent has taken a change in. */
  const eventually = async (what: () => Promise<boolean>) => {
    for (let tries = 0; tries < 600; tries++) {
      if (await what()) return
      await pause(50)
    }
    assert.fail(`it did not come to be\n${host.log.slice(-3000)}`)
  }

  it('members of a network reach each other, by name too', async () => {
    assert.equal(await ping('workload-A', 'workload-C.net1'), true)
    assert.equal(await ping('workload-C', 'workload-A'), true)
    assert.equal(await ping('workload-A', await addressOf('workload-C', 'net1')), true)
  })

  it('others reach nobody there, and are not reached', async () => {
    assert.equal(await ping('workload-A', await addressOf('workload-B', 'net2')), false)
    assert.equal(await ping('workload-B', await addressOf('workload-A', 'net1')), false)
  })

  it('each network is a profile of its name, and each container an endpoint with its name', async () => {
    const profiles = await calicoctl('get', 'profiles', '-o', 'name')
    assert.equal(profiles.stdout, 'profile/net1\nprofile/net2\nprofile/projectcalico-default-allow\n')
    const endpoints = await calicoctl('get', 'wep', '-n', 'libnetwork')
    assert.deepEqual(endpoints.stdout.match(/\bworkload-[ABC](?= )/g)?.sort(), ['workload-A', 'workload-B', 'workload-C'])
    const why = await calicoctl('why', 'workload-A', 'workload-B', 'icmp')
    assert.equal(why.code, 1)
    assert.match(why.stdout, /^DENIED: workload-A may not reach workload-B with icmp:/)
    assert.equal((await calicoctl('why', 'workload-A', 'workload-C', 'icmp')).code, 0)
  })

  it('an edited profile is in force at once', async () => {
    const target = await addressOf('workload-B', 'net2')
    assert.equal(await ping('workload-A', target), false)
    const rules = {
      spec: {
        ingress: [
          { action: 'Allow', source: { selector: "net2 == ''" } },
          { action: 'Allow', protocol: 'ICMP', source: { selector: "net1 == ''" } },
        ],
      },
    }
    const patched = await calicoctl('patch', 'profile', 'net2', '-p', JSON.stringify(rules))
    assert.equal(patched.code, 0, patched.stderr)
    await eventually(() => ping('workload-A', target))
    assert.equal(await ping('workload-B', await addressOf('workload-A', 'net1')), false)
  })

  it('policies act on labels of endpoints', async () => {
    const policy = `apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: quiet}\nspec: {selector: has(net1), types: [Egress], egress: []}\n`
    await writeFile(join(folder, 'quiet.yaml'), policy)
    assert.equal((await calicoctl('apply', '-f', 'quiet.yaml')).code, 0)
    await eventually(async () => !(await ping('workload-A', 'workload-C')))
    assert.equal((await calicoctl('delete', '-f', 'quiet.yaml')).code, 0)
    await eventually(() => ping('workload-A', 'workload-C'))
  })

  it('a container that goes takes its endpoint, its address and its interface along', async () => {
    await host.docker('run', '--net', 'net1', '--name', 'workload-X', '-tid', 'busybox')
    const address = await addressOf('workload-X', 'net1')
    await host.docker('rm', '-f', 'workload-X')
    assert.doesNotMatch((await calicoctl('get', 'wep', '-A', '-o', 'wide')).stdout, new RegExp(address.replaceAll('.', '\\.')))
    assert.match((await calicoctl('ipam', 'show', `--ip=${address}`)).stdout, /not assigned|not currently assigned/i)
    const links = await host.run('ip', '-o', 'link', 'show', 'type', 'veth')
    assert.equal(links.split('\n').filter((line) => /cali/.test(line)).length, 3)
  })

  it('what a killed Docker leaves behind is cleaned up, and running containers are not cut', async () => {
    await host.docker('run', '--net', 'net1', '--name', 'workload-Y', '-tid', 'busybox')
    const endpoints = async () => (await calicoctl('get', 'wep', '-A')).stdout.trim().split('\n').length - 1
    assert.equal(await endpoints(), 4)
    const veths = await host.run('ip', '-o', 'link', 'show', 'type', 'veth')
    const names = [...veths.matchAll(/(cali[0-9a-f]{11})@/g)].map(([, name = '']) => name)
    const address = await addressOf('workload-Y', 'net1')
    const mine = (await host.run('ip', '-o', 'route', 'get', address)).match(/dev (cali[0-9a-f]+)/)?.[1] ?? assert.fail('no route')
    assert.ok(names.includes(mine))
    await host.run('ip', 'link', 'delete', mine)
    await eventually(async () => (await endpoints()) === 3)
    assert.equal(await ping('workload-A', 'workload-C'), true)
  })
})

describe("the README's Docker host", { skip: dockerHere() }, () => {
  it('ends with isolated networks, typed as written', async () => {
    const [, block] = /^```sh\n(calicoctl node run [\s\S]*?)^```$/m.exec(readFileSync(join(CHECKOUT, 'README.md'), 'utf8')) ?? []
    assert.ok(block)
    const folder = await mkdtemp(join(tmpdir(), 'calicoctl-readme-docker-'))
    const host = await DockerHost.open('calico-01')
    try {
      await host.startDocker()
      await symlink(PROGRAM, join(folder, 'calicoctl'))
      // A person takes longer to type the second line than the agent to start.
      const started = `until calicoctl node status > status.txt 2>&1; do sleep 0.1; done`
      const script = `trap 'kill $(jobs -p)' EXIT; cd ${folder}; export HOME=${folder} PATH=${folder}:$PATH\n${block.replace('&\n', `&\n${started}\n`)}`
      const { code, stdout, stderr } = await host.try(['bash', '-e', '-c', script])
      assert.equal(code, 0, `${stdout}\n${stderr}\n${host.log.slice(-3000)}`)
      assert.match(
        stdout,
        /4 packets transmitted, 4 packets received[\s\S]*A does not reach B[\s\S]*DENIED[\s\S]*and that is why[\s\S]*net1[\s\S]*net2[\s\S]*2 packets transmitted, [12] packets received/,
      )
    } finally {
      await host.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
