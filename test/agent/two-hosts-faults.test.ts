import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { AgentStatus } from '../../src/agent/status.ts'
import { DockerHost, dockerHere } from '../lab/docker-host.ts'
import { Fabric } from '../lab/fabric.ts'
import { PROGRAM } from '../system/built.ts'

/** What two hosts stand: each part of them killed while traffic runs, the network between them cut, one of them gone for good. */

/** Pings, of which forty are sent in a second. */
const COUNT = 200

describe('between two hosts', { skip: dockerHere() }, () => {
  let fabric: Fabric
  let one: DockerHost
  let two: DockerHost
  const addresses = new Map<string, string>()

  before(async () => {
    fabric = await Fabric.open({ members: 3 })
    ;[one, two] = [await DockerHost.open('calico-01', fabric), await DockerHost.open('calico-02', fabric)]
    await Promise.all(
      [one, two].map(async (host) => {
        await host.startAgent('--cleanup-after=2')
        await startDocker(host)
      }),
    )
    for (const network of ['net1', 'net2']) await one.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', network)
    for (const [host, name, network] of [
      [one, 'workload-A', 'net1'],
      [one, 'workload-B', 'net2'],
      [two, 'workload-E', 'net1'],
    ] as const) {
      addresses.set(name, await start(host, name, network))
    }
    await eventually(async () => (await one.ping('workload-A', addressOf('workload-E'), 1)).answered === 1)
  })
  after(async () => {
    await Promise.all([one, two].map((host) => host.close()))
    await fabric.close()
  })

  const startDocker = (host: DockerHost) => host.startDocker('--live-restore', `--cluster-store=${fabric.clusterStore}`)
  const addressOf = (name: string) => addresses.get(name) ?? assert.fail(`no ${name}`)
  const start = async (host: DockerHost, name: string, network: string) => {
    await host.docker('run', '--net', network, '--name', name, '-tid', 'busybox')
    return await host.docker('inspect', '--format', `{{ .NetworkSettings.Networks.${network}.IPAddress }}`, name)
  }
  const calicoctl = (host: DockerHost, ...args: readonly string[]) => host.try([process.execPath, PROGRAM, ...args])
  const statusOf = async (host: DockerHost) => JSON.parse((await calicoctl(host, 'node', 'status', '-o', 'json')).stdout) as AgentStatus
  const eventually = async (what: () => Promise<boolean>) => {
    for (let tries = 0; tries < 300; tries++) {
      if (await what()) return
      await pause(100)
    }
    assert.fail(`it did not come to be\n${one.log.slice(-3000)}\n${two.log.slice(-3000)}`)
  }

  /** Traffic that is allowed and traffic that is not, while something happens. */
  const under = async (what: () => Promise<void>) => {
    const allowed = one.ping('workload-A', addressOf('workload-E'), COUNT)
    const denied = one.ping('workload-B', addressOf('workload-E'), COUNT)
    await pause(1000)
    await what()
    const [{ sent, answered }, { answered: through }] = await Promise.all([allowed, denied])
    assert.equal(through, 0, 'packets came through a path that is denied')
    assert.equal(sent, COUNT)
    assert.ok(sent - answered <= 2, `${sent - answered} of ${sent} packets were lost`)
  }

  /** Containers come and go, and edited profiles are enforced, on both hosts. */
  const works = async () => {
    const address = await start(two, 'workload-X', 'net2')
    await eventually(async () => (await one.ping('workload-B', address, 1)).answered === 1)
    assert.equal((await one.ping('workload-A', address, 2)).answered, 0)
    await two.docker('rm', '-f', 'workload-X')
  }

  for (const host of [0, 1]) {
    const name = `calico-0${host + 1}`
    const victim = () => [one, two][host] ?? assert.fail()

    it(`the agent of ${name} is killed`, async () => {
      await under(async () => {
        await victim().stopDrivers('SIGKILL')
        await victim().startAgent('--cleanup-after=2')
      })
      await works()
    })

    it(`the BIRD of ${name} is killed`, async () => {
      const pids = async () => (await victim().try(['pidof', 'bird'])).stdout.trim()
      const before = await pids()
      assert.match(before, /^\d+$/)
      await under(async () => {
        await victim().run('kill', '-9', before)
        await eventually(async () => /^\d+$/.test(await pids()) && (await pids()) !== before)
      })
      await works()
    })

    it(`the Docker of ${name} is killed`, async () => {
      await under(async () => {
        await victim().stopDocker('SIGKILL')
        await startDocker(victim())
      })
      await works()
    })
  }

  it('etcd loses the member that leads', async () => {
    const leader = fabric.leader()
    assert.notEqual(leader, -1)
    await under(async () => {
      await fabric.killEtcd(leader)
      await eventually(async () => ![-1, leader].includes(fabric.leader()))
      await fabric.startEtcd(leader)
    })
    await works()
  })

  it('all of etcd is gone for a while', async () => {
    await under(async () => {
      await Promise.all([0, 1, 2].map((member) => fabric.killEtcd(member)))
      await Promise.all([0, 1, 2].map((member) => fabric.startEtcd(member)))
    })
    await eventually(async () => (await calicoctl(one, 'get', 'nodes')).code === 0)
    await works()
  })

  it('the network between them is cut for half a minute', async () => {
    fabric.cut()
    assert.equal((await one.ping('workload-A', addressOf('workload-E'), 20)).answered, 0)
    await pause(30_000)
    fabric.mend()
    // Five seconds of pings: the way is open again for most of them.
    const { answered } = await one.ping('workload-A', addressOf('workload-E'), COUNT)
    assert.ok(answered >= COUNT / 2, `${answered} of ${COUNT} packets came through`)
    await works()
  })

  it('their clocks are five minutes apart', async () => {
    await two.stopDrivers('SIGTERM')
    await two.startAgentAhead('+5m', '--cleanup-after=2')
    const minutes = async (host: DockerHost) => (Date.parse((await statusOf(host)).startedAt) - Date.now()) / 60_000
    assert.ok((await minutes(two)) > 4)
    await under(works)
    // What is left over is known by the time that it is so, not by what other hosts take for the time.
    const containers = async (host: DockerHost) => (await host.docker('ps', '-q')).split('\n').length
    assert.deepEqual([await containers(one), (await statusOf(one)).endpoints.workloads], [2, 2])
    assert.deepEqual([await containers(two), (await statusOf(two)).endpoints.workloads], [1, 1])
  })

  it('a host that is gone for good is deleted, and all that it had is given back', async () => {
    await two.close()
    assert.equal((await calicoctl(one, 'delete', 'node', 'calico-02')).code, 0)
    const endpoints = await calicoctl(one, 'get', 'wep', '-A', '-o', 'wide')
    assert.match(endpoints.stdout, /calico-01/)
    assert.doesNotMatch(endpoints.stdout, /calico-02/)
    assert.match((await calicoctl(one, 'ipam', 'show', `--ip=${addressOf('workload-E')}`)).stdout, /not (?:currently )?assigned/)
    const block = addressOf('workload-E').replace(/\d+$/, (last) => `${Number(last) & 192}/26`)
    const blocks = (await calicoctl(one, 'ipam', 'show', '--show-blocks')).stdout
    assert.match(blocks, /\/26 /)
    assert.equal(blocks.includes(` ${block} `), false, blocks)
    await eventually(async () => !(await one.run('ip', 'route')).includes(`via ${two.address}`))
    assert.equal((await one.ping('workload-A', addressOf('workload-E'), 1)).answered, 0)
  })
})
