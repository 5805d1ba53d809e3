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
 * Containers come and go, on one host and on two, while the agent, dockerd, BIRD and etcd are killed: nothing is left of them, what runs is never cut, and what is
 * denied never gets through. With `CALICOCTL_TEST_LONG=1` it is a thousand containers; `CALICOCTL_TEST_SEED` repeats a run.
 */

const IS_LONG = process.env['CALICOCTL_TEST_LONG'] === '1'
const AT_ONCE = 6
const SEED = Number(process.env['CALICOCTL_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const NETWORKS = ['net1', 'net2'] as const

/** A part of a host, by the host's number; etcd is of none. */
type Victim = readonly [part: 'agent' | 'dockerd' | 'bird' | 'etcd', host: number]

interface World {
  readonly where: string
  readonly count: number
  readonly cycles: number
  readonly cyclesAKill: number
  /** Packets of allowed traffic that may be lost. */
  readonly lossAKill: number
  /** Who is killed in the same moment, in turn: what one had asked the other for is then known to none. */
  readonly together: readonly (readonly Victim[])[]
  /** Containers that are there all the time, their networks and hosts; the last one is of another network. */
  readonly staying: readonly (readonly [name: string, network: string, host: number])[]
  readonly dockerOptions: (fabric: Fabric) => readonly string[]
}

const WORLDS: readonly World[] = [
  {
    where: 'one host',
    count: 1,
    cycles: IS_LONG ? 1000 : 200,
    cyclesAKill: 30,
    lossAKill: 0,
    together: [
      [['agent', 0]],
      [
        ['agent', 0],
        ['dockerd', 0],
      ],
      [['etcd', 0]],
      [['dockerd', 0]],
      [
        ['etcd', 0],
        ['agent', 0],
        ['dockerd', 0],
      ],
      [
        ['agent', 0],
        ['dockerd', 0],
      ],
    ],
    staying: [
      ['left', 'net1', 0],
      ['right', 'net1', 0],
      ['other', 'net2', 0],
    ],
    dockerOptions: () => [],
  },
  {
    where: 'two hosts',
    count: 2,
    cycles: IS_LONG ? 1000 : 72,
    cyclesAKill: IS_LONG ? 20 : 9,
    lossAKill: 2,
    together: [
      [
        ['agent', 0],
        ['dockerd', 0],
      ],
      [['bird', 1]],
      [['etcd', 0]],
      [
        ['agent', 1],
        ['dockerd', 1],
      ],
      [
        ['agent', 0],
        ['agent', 1],
      ],
      [
        ['bird', 0],
        ['agent', 0],
      ],
      [
        ['etcd', 0],
        ['agent', 1],
        ['dockerd', 0],
      ],
      [['dockerd', 1]],
    ],
    staying: [
      ['left', 'net1', 0],
      ['right', 'net1', 1],
      ['other', 'net2', 0],
    ],
    // Networks are shared; what Docker knows of them is in etcd too.
    dockerOptions: ({ clusterStore }) => [`--cluster-store=${clusterStore}`],
  },
]

interface Stayer {
  readonly name: string
  readonly network: string
  readonly host: DockerHost
  readonly endpoint: string
  readonly address: string
  readonly pid: string
}

interface Found {
  readonly endpoints: readonly string[]
  readonly addresses: object
  readonly handles: number
  readonly hosts: readonly FoundOnHost[]
}

interface FoundOnHost {
  readonly interfaces: readonly string[]
  readonly routes: readonly string[]
  /** To blocks of other hosts. */
  readonly ways: readonly string[]
  /** Interfaces and addresses that are named in the rules. */
  readonly rules: readonly string[]
  readonly monitors: number
  readonly birds: number
}

interface Block {
  readonly cidr: string
  readonly owner: string
}

for (const { where, count, cycles, cyclesAKill, lossAKill, together, staying, dockerOptions } of WORLDS)
  describe(`containers that come and go on ${where}`, { skip: dockerHere() || etcdHere() }, () => {
    let fabric: Fabric
    let hosts: readonly DockerHost[] = []
    const random = randomNumbers(SEED)
    /** Resolves when all is running that was killed last. */
    let whole: Promise<void> = Promise.resolve()
    let here: readonly Stayer[] = []

    before(async () => {
      fabric = await Fabric.open()
      const names = Array.from({ length: count }, (_, index) => `churn-${index + 1}`)
      const opened: DockerHost[] = []
      for (const name of names) opened.push(await DockerHost.open(name, fabric))
      hosts = opened
      await Promise.all(hosts.map(startAgent))
      await Promise.all(hosts.map(startDocker))
      for (const network of NETWORKS) await at(0).docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', network)
      const stayers: Stayer[] = []
      for (const [name, network, host] of staying) stayers.push(await stay(name, network, at(host)))
      here = stayers
      const [left, right] = [stayer('left'), stayer('right')]
      while ((await left.host.ping('left', right.address, 1)).answered === 0) await pause(100)
    })
    after(async () => {
      await Promise.all(hosts.map((host) => host.close()))
      await fabric?.close()
    })

    it(`leave nothing behind and cut nobody, whoever is killed (seed ${SEED})`, async (test) => {
      const { address: right } = stayer('right')
      const server = await startTraffic('right', 'serve', right, true)
      const allowed = await startTraffic('left', 'send', right, true)
      const denied = await startTraffic('other', 'send', right, false)
      const kills = plannedKills()
      test.diagnostic(
        `seed ${SEED}, ${[...kills].map(([cycle, victims]) => `${victims.map(([part, host]) => `${part} ${host + 1}`).join(' and ')} at ${cycle}`).join(', ')}`,
      )
      let [next, finished] = [0, 0]
      const work = async () => {
        while (next < cycles) {
          const number = next++
          const victims = kills.get(number)
          if (victims) whole = whole.then(() => kill(victims))
          if (await cycle(number)) finished++
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      await whole
      test.diagnostic(`${finished} of ${cycles} containers ran and were removed at the first attempt`)
      assert.ok(finished > cycles / 2, `only ${finished} of ${cycles} containers ran\n${logs()}`)

      for (const host of hosts) {
        const names = await host.docker('ps', '-a', '--format', '{{.Names}}')
        const strays = names.split('\n').filter((name) => !here.some((stayer) => stayer.name === name))
        if (strays.length > 0) await host.docker('rm', '-f', ...strays)
      }
      // The agent sweeps every second what has been left over for two, or has not come into its container for twelve.
      const giveUp = Date.now() + 60_000
      let [found, expected] = await foundAndExpected()
      while (Date.now() < giveUp && JSON.stringify(found) !== JSON.stringify(expected)) {
        await pause(100)
        ;[found, expected] = await foundAndExpected()
      }
      assert.deepEqual(found, expected, `what is left is not what the containers that stayed need\n${logs()}`)
      test.diagnostic(`swept ${logs(Number.POSITIVE_INFINITY).split('what Docker had forgotten was removed').length - 1} times`)

      const [through, blocked] = [await endTraffic(allowed), await endTraffic(denied)]
      test.diagnostic(`allowed: ${JSON.stringify(through)}, denied: ${JSON.stringify(blocked)}`)
      assert.ok(through.sent > 100 && through.streamSent > 100 && blocked.sent > 100)
      const { sent, answered, streamSent } = through
      assert.deepEqual(through, { sent, answered, streamSent, streamReturned: streamSent, streamIsOpen: true }, 'an allowed connection was cut')
      assert.ok(sent - answered <= lossAKill * kills.size, `${sent - answered} of ${sent} packets were lost in ${kills.size} kills`)
      assert.deepEqual([blocked.answered, blocked.streamIsOpen], [0, false], 'denied traffic got through')
      server.kill()

      // Whatever the rules have come to be made of, step by step: made anew they are the same.
      for (const host of hosts) {
        const rules = await rulesInKernel(host)
        await host.stopDrivers('SIGTERM')
        await host.run('nft', 'delete', 'table', 'inet', 'calico')
        await startAgent(host)
        assert.deepEqual(rules, await rulesInKernel(host))
      }
    })

    // --- internal ---

    const at = (host: number) => hosts[host] ?? assert.fail(`no host ${host}`)
    const stayer = (name: string) => here.find((one) => one.name === name) ?? assert.fail(`no ${name}`)
    const logs = (length = 3000) => hosts.map(({ log }) => log.slice(-length)).join('\n')
    const startAgent = (host: DockerHost) => host.startAgent('--cleanup-after=2')
    // Containers survive a killed dockerd until the next one starts, unless it is told to let them.
    const startDocker = (host: DockerHost) => host.startDocker('--live-restore', ...dockerOptions(fabric))

    async function stay(name: string, network: string, host: DockerHost): Promise<Stayer> {
      await host.docker('run', '-d', '--name', name, '--net', network, 'busybox', 'sleep', '36000')
      const facts = '{{range .NetworkSettings.Networks}}{{.EndpointID}} {{.IPAddress}}{{end}} {{.State.Pid}}'
      const [endpoint = '', address = '', pid = ''] = (await host.docker('inspect', '-f', facts, name)).split(' ')
      return { name, network, host, endpoint, address, pid }
    }

    /** Kills them in the same moment, and starts each again once that it needs is there. */
    async function kill(victims: readonly Victim[]): Promise<void> {
      const killing = {
        agent: (host: DockerHost) => host.stopDrivers('SIGKILL'),
        dockerd: (host: DockerHost) => host.stopDocker('SIGKILL'),
        // Its agent may just be about to start it.
        bird: async (host: DockerHost) => void (await host.try(['sh', '-c', 'pid=$(pidof bird) && kill -9 $pid'])),
        etcd: () => fabric.killEtcd(),
      }
      await Promise.all(victims.map(([part, host]) => killing[part](at(host))))
      if (victims.some(([part]) => part === 'etcd')) await fabric.startEtcd()
      for (const [part, host] of victims) if (part === 'agent') await startAgent(at(host))
      for (const [part, host] of victims) if (part === 'dockerd') await startDocker(at(host))
    }

    /** One container from its start to its end. Gives whether all of it worked at once. */
    async function cycle(number: number): Promise<boolean> {
      const name = `churn-${number}`
      const [first, second] = random() < 0.5 ? NETWORKS : [NETWORKS[1], NETWORKS[0]]
      const host = at(Math.floor(random() * count))
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
      for (let index = 0; index < Math.floor(cycles / cyclesAKill); index++) {
        // Each of them in turn, at some point of its stretch.
        kills.set(Math.floor((index + random()) * cyclesAKill), together[index % together.length] ?? [])
      }
      return kills
    }

    /** Runs in the network of a container, but is no process of it. */
    async function startTraffic(name: string, role: string, address: string, isReady: boolean): Promise<ChildProcess> {
      const { host, pid } = stayer(name)
      const script = fileURLToPath(new URL('../lab/traffic.js', import.meta.url))
      const child = host.start(['nsenter', '-t', pid, '-n', process.execPath, script, role, address])
      if (isReady && child.stdout) await once(child.stdout, 'data')
      return child
    }

    async function endTraffic(child: ChildProcess): Promise<Traffic> {
      if (!child.stdout) throw new Error('no output')
      const lines = createInterface(child.stdout)
      child.stdin?.end()
      // Who got through although it is denied has said that it is ready before.
      for await (const line of lines) if (line.startsWith('{')) return JSON.parse(line) as Traffic
      throw new Error('the traffic ended without a word')
    }

    /** What there is, on all hosts, and what there has to be for the containers that stay. */
    async function foundAndExpected(): Promise<readonly [Found, Found]> {
      const dump = fileURLToPath(new URL('../lab/store-dump.js', import.meta.url))
      const store = new Map(Object.entries(JSON.parse(await at(0).run(process.execPath, dump)) as Record<string, string>))
      const endpoints = [...store].flatMap(([key, value]) => {
        if (!key.startsWith('/calico/resources/v3/projectcalico.org/workloadendpoints/')) return []
        const { spec } = JSON.parse(value) as { spec: { endpoint: string; node: string; ipNetworks: string[] } }
        return [`${spec.endpoint} ${spec.node} ${spec.ipNetworks.join()}`]
      })
      const handles = [...store.keys()].flatMap((key) => /^\/calico\/ipam\/v2\/handle\/(.*)/.exec(key)?.[1] ?? [])
      const found = {
        endpoints: endpoints.sort(),
        addresses: judge(store),
        handles: handles.length,
        hosts: await Promise.all(hosts.map(foundOnHost)),
      }
      const expected = {
        endpoints: here.map(({ endpoint, host, address }) => `${endpoint} ${host.name} ${address}/32`).sort(),
        addresses: { allocated: here.length, cooling: 0, bad: [], handlesTooLow: 0, handlesTooHigh: 0 },
        // Docker gives addresses back by themselves.
        handles: 0,
        hosts: hosts.map((host) => expectedOnHost(host, blocksIn(store))),
      }
      return [found, expected]
    }

    async function foundOnHost(host: DockerHost): Promise<FoundOnHost> {
      const links = await host.run('ip', '-br', 'link')
      const rules = await host.run('nft', '-s', 'list', 'table', 'inet', 'calico')
      const routes = (await host.run('ip', 'route')).split('\n').map((line) => line.trim())
      const processes = (await host.run('ps', '-eo', 'args')).split('\n')
      return {
        interfaces: [...links.matchAll(/^((?:cali|temp)\w+)/gm)].map(([, name = '']) => name).sort(),
        routes: routes.filter((line) => line.includes('cali')).sort(),
        ways: routes.flatMap((line) => /^(\S+ via \S+) .*proto bird/.exec(line)?.[1] ?? []).sort(),
        rules: [
          ...new Set([...rules.matchAll(/"(cali\w{6,})"|\b(192\.168\.\d+\.\d+)\b(?!\/)/g)].map(([, link, address]) => link ?? address ?? '')),
        ].sort(),
        monitors: processes.filter((line) => /^(?:ip|nft) .*monitor/.test(line)).length,
        birds: processes.filter((line) => line.startsWith('bird ')).length,
      }
    }

    function expectedOnHost(host: DockerHost, blocks: readonly Block[]): FoundOnHost {
      const local = here.filter((one) => one.host === host)
      const reachable = here.filter(({ network }) => local.some((one) => one.network === network))
      return {
        interfaces: local.map(linkOf).sort(),
        routes: local.map((one) => `${one.address} dev ${linkOf(one)} proto 90 scope link`).sort(),
        // Nothing leads to a block that is no more.
        ways: hosts
          .filter((other) => other !== host)
          .flatMap((other) => blocks.filter(({ owner }) => owner === other.name).map(({ cidr }) => `${cidr} via ${other.address}`))
          .sort(),
        rules: [...local.map(linkOf), ...reachable.map(({ address }) => address)].sort(),
        monitors: 2,
        birds: 1,
      }
    }

    /** Each chain, set and map as the kernel has it, in no order. */
    async function rulesInKernel(host: DockerHost): Promise<string[]> {
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

function linkOf({ endpoint }: Stayer): string {
  return `cali${endpoint.slice(0, 11)}`
}

function blocksIn(store: ReadonlyMap<string, string>): Block[] {
  return [...store].flatMap(([key, value]) => {
    if (!key.startsWith('/calico/ipam/v2/assignment/')) return []
    const { cidr, affinity } = JSON.parse(value) as { cidr: string; affinity: string | null }
    return [{ cidr, owner: affinity?.replace(/^host:/, '') ?? '' }]
  })
}
