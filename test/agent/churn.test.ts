import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { judge } from '../conformance/ipam-replay.ts'
import { DockerHost, dockerHere } from '../lab/docker-host.ts'
import { etcdHere } from '../lab/etcd.ts'
import { Fabric } from '../lab/fabric.ts'
import type { Traffic } from '../lab/traffic.ts'

/**
 * Containers come and go while the agent, dockerd and etcd are killed: nothing is left of them, what runs is never cut, and what is denied never gets through. With
 * `CALICOCTL_TEST_LONG=1` it takes five times as long; `CALICOCTL_TEST_SEED` repeats a run.
 */

const CYCLES = process.env['CALICOCTL_TEST_LONG'] === '1' ? 1000 : 200
const AT_ONCE = 6
const CYCLES_A_KILL = 30
const SEED = Number(process.env['CALICOCTL_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const NETWORKS = ['net1', 'net2'] as const

describe('containers that come and go', { skip: dockerHere() || etcdHere() }, () => {
  let fabric: Fabric
  let host: DockerHost
  const random = randomNumbers(SEED)
  /** Resolves when all is running that was killed last. */
  let whole: Promise<void> = Promise.resolve()

  before(async () => {
    fabric = await Fabric.open()
    host = await DockerHost.open('churn', fabric)
    await startAgent()
    await startDocker()
    for (const network of NETWORKS) await host.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', network)
    for (const [name, network] of STAYING) await host.docker('run', '-d', '--name', name, '--net', network, 'busybox', 'sleep', '36000')
  })
  after(async () => {
    await host?.close()
    await fabric?.close()
  })

  it(`leave nothing behind and cut nobody, whoever is killed (seed ${SEED})`, async (test) => {
    const right = await addressOf('right')
    const server = await startTraffic('right', 'serve', right, true)
    const allowed = await startTraffic('left', 'send', right, true)
    const denied = await startTraffic('other', 'send', right, false)
    const kills = plannedKills()
    test.diagnostic(`seed ${SEED}, ${[...kills].map(([cycle, victims]) => `${victims.join(' and ')} at ${cycle}`).join(', ')}`)
    let [next, finished] = [0, 0]
    const work = async () => {
      while (next < CYCLES) {
        const number = next++
        const victims = kills.get(number)
        if (victims) whole = whole.then(() => kill(victims))
        if (await cycle(number)) finished++
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    await whole
    test.diagnostic(`${finished} of ${CYCLES} containers ran and were removed at the first attempt`)
    assert.ok(finished > CYCLES / 2, `only ${finished} of ${CYCLES} containers ran\n${host.log.slice(-3000)}`)

    const staying = new Set(STAYING.map(([name]) => name as string))
    const strays = (await host.docker('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => !staying.has(name))
    if (strays.length > 0) await host.docker('rm', '-f', ...strays)
    const expected = await whatShouldBe()
    // The agent sweeps every second what has been left over for two, or has not come into its container for twelve.
    const giveUp = Date.now() + 60_000
    while (Date.now() < giveUp && JSON.stringify(await whatIs()) !== JSON.stringify(expected)) await pause(100)
    assert.deepEqual(await whatIs(), expected, host.log.slice(-3000))

    test.diagnostic(`swept ${host.log.split('what Docker had forgotten was removed').length - 1} times`)

    const [through, blocked] = [await endTraffic(allowed), await endTraffic(denied)]
    test.diagnostic(`allowed: ${JSON.stringify(through)}, denied: ${JSON.stringify(blocked)}`)
    assert.ok(through.sent > 100 && through.streamSent > 100 && blocked.sent > 100)
    const { sent, streamSent } = through
    assert.deepEqual(through, { sent, answered: sent, streamSent, streamReturned: streamSent, streamIsOpen: true }, 'allowed traffic was cut')
    assert.deepEqual([blocked.answered, blocked.streamIsOpen], [0, false], 'denied traffic got through')
    server.kill()

    // Whatever the rules have come to be made of, step by step: made anew they are the same.
    const rules = await rulesInKernel()
    await host.stopDrivers('SIGTERM')
    await host.run('nft', 'delete', 'table', 'inet', 'calico')
    await startAgent()
    assert.deepEqual(rules, await rulesInKernel())
  })

  // --- internal ---

  const startAgent = () => host.startAgent('--cleanup-after=2')
  // Containers survive a killed dockerd until the next one starts, unless it is told to let them.
  const startDocker = () => host.startDocker('--live-restore')

  /** Kills them in the same moment, and starts each again once that it needs is there. */
  async function kill(victims: readonly Victim[]): Promise<void> {
    const killing = { agent: () => host.stopDrivers('SIGKILL'), dockerd: () => host.stopDocker('SIGKILL'), etcd: () => fabric.killEtcd() }
    await Promise.all(victims.map((victim) => killing[victim]()))
    if (victims.includes('etcd')) await fabric.startEtcd()
    if (victims.includes('agent')) await startAgent()
    if (victims.includes('dockerd')) await startDocker()
  }

  /** One container from its start to its end. Gives whether all of it worked at once. */
  async function cycle(number: number): Promise<boolean> {
    const name = `churn-${number}`
    const [first, second] = random() < 0.5 ? NETWORKS : [NETWORKS[1], NETWORKS[0]]
    const ran = await host.try(['docker', 'run', '-d', '--name', name, '--net', first, 'busybox', 'sleep', '36000'])
    if (random() < 0.25) await host.try(['docker', 'network', 'connect', second, name])
    const removed = await host.try(['docker', 'rm', '-f', name])
    if (ran.code === 0 && removed.code === 0) return true
    await whole
    await host.try(['docker', 'rm', '-f', name])
    return false
  }

  function plannedKills(): Map<number, readonly Victim[]> {
    const kills = new Map<number, readonly Victim[]>()
    const count = Math.floor(CYCLES / CYCLES_A_KILL)
    for (let index = 0; index < count; index++) {
      // Each of them in turn, at some point of its stretch.
      kills.set(Math.floor((index + random()) * CYCLES_A_KILL), VICTIMS[index % VICTIMS.length] ?? [])
    }
    return kills
  }

  const addressOf = (name: string) => host.docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name)

  /** Runs in the network of a container, but is no process of it. */
  async function startTraffic(name: string, role: string, address: string, isReady: boolean): Promise<ChildProcess> {
    const pid = await host.docker('inspect', '-f', '{{.State.Pid}}', name)
    const script = fileURLToPath(new URL('../lab/traffic.js', import.meta.url))
    const child = host.start(['nsenter', '-t', pid, '-n', process.execPath, script, role, address])
    if (isReady && child.stdout) await once(child.stdout, 'data')
    return child
  }

  async function endTraffic(child: ChildProcess): Promise<Traffic> {
    if (!child.stdout) throw new Error('no output')
    const line = once(createInterface(child.stdout), 'line')
    child.stdin?.end()
    return JSON.parse(String(await line)) as Traffic
  }

  interface Found {
    readonly endpoints: readonly string[]
    readonly addresses: object
    readonly interfaces: readonly string[]
    readonly routes: readonly string[]
    /** Interfaces and addresses that are named in the rules. */
    readonly rules: readonly string[]
    readonly monitors: number
  }

  /** What there has to be for the containers that stay. */
  async function whatShouldBe(): Promise<Found> {
    const endpoints: string[] = []
    const [interfaces, routes, rules]: string[][] = [[], [], []]
    for (const [name] of STAYING) {
      const facts = '{{range .NetworkSettings.Networks}}{{.EndpointID}} {{.IPAddress}}{{end}}'
      const [id = '', address = ''] = (await host.docker('inspect', '-f', facts, name)).split(' ')
      const link = `cali${id.slice(0, 11)}`
      endpoints.push(`${id} ${address}/32`)
      interfaces?.push(link)
      routes?.push(`${address} dev ${link} proto 90 scope link`)
      rules?.push(link, address)
    }
    return {
      endpoints: endpoints.sort(),
      addresses: { allocated: STAYING.length, cooling: 0, bad: [], handlesTooLow: 0, handlesTooHigh: 0 },
      interfaces: interfaces?.sort() ?? [],
      routes: routes?.sort() ?? [],
      rules: rules?.sort() ?? [],
      monitors: 2,
    }
  }

  async function whatIs(): Promise<Found> {
    const dump = fileURLToPath(new URL('../lab/store-dump.js', import.meta.url))
    const store = new Map(Object.entries(JSON.parse(await host.run(process.execPath, dump)) as Record<string, string>))
    const endpoints = [...store].flatMap(([key, value]) => {
      if (!key.startsWith('/calico/resources/v3/projectcalico.org/workloadendpoints/')) return []
      const { spec } = JSON.parse(value) as { spec: { endpoint: string; ipNetworks: string[] } }
      return [`${spec.endpoint} ${spec.ipNetworks.join()}`]
    })
    const links = await host.run('ip', '-br', 'link')
    const rules = await host.run('nft', '-s', 'list', 'table', 'inet', 'calico')
    return {
      endpoints: endpoints.sort(),
      addresses: judge(store),
      interfaces: [...links.matchAll(/^((?:cali|temp)\w+)/gm)].map(([, name = '']) => name).sort(),
      routes: (await host.run('ip', 'route'))
        .split('\n')
        .filter((line) => line.includes('cali'))
        .map((line) => line.trim())
        .sort(),
      rules: [
        ...new Set([...rules.matchAll(/"(cali\w{6,})"|\b(192\.168\.\d+\.\d+)\b(?!\/)/g)].map(([, link, address]) => link ?? address ?? '')),
      ].sort(),
      monitors: (await host.run('ps', '-eo', 'args')).split('\n').filter((line) => /^(?:ip|nft) .*monitor/.test(line)).length,
    }
  }

  /** Each chain, set and map as the kernel has it, in no order. */
  async function rulesInKernel(): Promise<string[]> {
    const listed = await host.run('nft', '-s', 'list', 'table', 'inet', 'calico')
    const blocks = listed.split(/\n(?=\t(?:chain|set|map) )/).slice(1)
    return blocks
      .filter((block) => !block.startsWith('\tset ours'))
      .map((block) =>
        block
          .replace(/elements = \{([^}]*)\}/, (_, elements: string) =>
            elements
              .split(',')
              .map((element) => element.trim())
              .sort()
              .join(' '),
          )
          .replace(/\s+\}?\s*$/, ''),
      )
      .sort()
  }
})

type Victim = 'agent' | 'dockerd' | 'etcd'
/** Together, too: what one had asked the other for is then known to none. */
const VICTIMS: readonly (readonly Victim[])[] = [
  ['agent'],
  ['agent', 'dockerd'],
  ['etcd'],
  ['dockerd'],
  ['etcd', 'agent', 'dockerd'],
  ['agent', 'dockerd'],
]
/** Containers that are there all the time; the last one is of another network. */
const STAYING = [
  ['left', 'net1'],
  ['right', 'net1'],
  ['other', 'net2'],
] as const

/** Numbers from 0 up to but not including 1, always the same for a seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
