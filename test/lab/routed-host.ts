import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PROGRAM } from '../system/built.ts'
import type { Fabric } from './fabric.ts'

/**
 * A host of its own on this machine: namespaces for network, mounts, names and processes, in which the built agent and a real BIRD run as on any host, and plain
 * namespaces as workloads. All of it ends with this object, or with the test's process.
 */
export class RoutedHost {
  readonly name: string
  /** What it is called by others. */
  readonly address: string
  readonly #fabric: Fabric
  readonly #outer: ChildProcess
  readonly #pid: number
  #agent: Agent | undefined

  private constructor(name: string, fabric: Fabric, outer: ChildProcess, pid: number) {
    this.name = name
    this.#fabric = fabric
    this.#outer = outer
    this.#pid = pid
    this.address = fabric.attach(name, pid)
  }

  static async open(name: string, fabric: Fabric): Promise<RoutedHost> {
    const namespaces = ['--net', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private', '--mount-proc']
    const outer = spawn('unshare', [...namespaces, 'bash', '-c', INIT, 'init', name], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(outer.stdout ?? outer, 'data')
    for (const stream of [outer.stdin, outer.stdout]) (stream as Socket | null)?.unref()
    outer.unref()
    const [inner = 0] = childrenOf(outer.pid)
    const host = new RoutedHost(name, fabric, outer, inner)
    host.run('sh', '-ec', `ip addr add ${host.address}/24 dev eth0; ip link set eth0 up; ip route add default via 172.18.18.1`)
    return host
  }

  /** Runs a command inside; gives what it printed, without the last line feed. @throws when it fails */
  run(...command: string[]): string {
    const { status, stdout, stderr } = this.try(command)
    if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}: ${stderr}`)
    return stdout.trimEnd()
  }

  /** Runs a command inside, whatever comes of it. */
  try(command: readonly string[], input = ''): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
    const [program = '', ...args] = this.inside(command)
    return spawnSync(program, args, { input, encoding: 'utf8', env: this.#env })
  }

  /** Runs the built program with the fabric's etcd. */
  calicoctl(args: readonly string[], input = ''): string {
    const { status, stdout, stderr } = this.try([process.execPath, PROGRAM, ...args], input)
    if (status !== 0) throw new Error(`calicoctl ${args.join(' ')}: exit ${status}: ${stderr}`)
    return stdout
  }

  /** Takes an address for a workload of this host: a given one, or any. */
  assign(family: 4 | 6 = 4, address?: string): string {
    return this.run(process.execPath, ASSIGN, this.name, String(family), ...(address === undefined ? [] : [address]))
  }

  /**
   * Makes a plain network namespace a workload with an address, as Docker's driver makes a container one. Its endpoint has one profile, of that name; resolves
   * when the kernel has its rules.
   */
  workload(name: string, profile: string, address = this.assign()): string {
    const six = address.includes(':')
    const inside = ['ip', 'netns', 'exec', name]
    this.run('ip', 'netns', 'add', name)
    this.run('ip', 'link', 'add', `cali${name}`, 'type', 'veth', 'peer', 'name', 'cali0', 'netns', name)
    this.run('ip', 'link', 'set', `cali${name}`, 'up')
    this.run(...inside, 'ip', 'link', 'set', 'lo', 'up')
    this.run(...inside, 'ip', 'addr', 'add', `${address}/${six ? 128 : 32}`, 'dev', 'cali0', 'nodad')
    this.run(...inside, 'ip', 'link', 'set', 'cali0', 'up')
    if (six) {
      const link = /fe80::[0-9a-f:]+/.exec(this.run('ip', '-6', 'addr', 'show', 'dev', `cali${name}`, 'scope', 'link'))?.[0] ?? ''
      this.run(...inside, 'ip', '-6', 'route', 'add', 'default', 'via', link, 'dev', 'cali0')
    } else {
      this.run(...inside, 'ip', 'route', 'add', '169.254.1.1', 'dev', 'cali0')
      this.run(...inside, 'ip', 'route', 'add', 'default', 'via', '169.254.1.1', 'dev', 'cali0')
    }
    const spec = { orchestrator: 'libnetwork', workload: 'libnetwork', node: this.name, endpoint: name, interfaceName: `cali${name}` }
    const ipNetworks = [`${address}/${six ? 128 : 32}`]
    const endpoint = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'WorkloadEndpoint',
      metadata: { namespace: 'libnetwork' },
      spec: { ...spec, ipNetworks, profiles: [profile] },
    }
    this.calicoctl(['apply', '-f', '-'], JSON.stringify(endpoint))
    return address
  }

  /** Whether a workload of this host gets an answer, within so many tries of a second. */
  pings(workload: string, address: string, tries = 1): boolean {
    return this.try(['ip', 'netns', 'exec', workload, 'ping', '-q', '-c', '1', '-w', String(tries), address]).status === 0
  }

  /** Starts the agent; resolves when its rules are in the kernel. */
  async startAgent(...options: readonly string[]): Promise<void> {
    const args = [process.execPath, PROGRAM, 'node', 'run', '--agent-log=debug', '--disable-docker-networking', ...options]
    const [program = '', ...rest] = this.inside(args)
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: this.#env })
    this.#agent = new Agent(child)
    await this.logs('the kernel has what the datastore says')
  }

  /** Waits until the agent that was started last has told of an event; gives the particulars. */
  async logs(event: string, fields: (fields: Readonly<Record<string, unknown>>) => boolean = () => true): Promise<void> {
    await this.#agent?.logs(event, fields)
  }

  /** Calls back with each line that the agent writes from now on. */
  heard(listener: (line: string) => void): void {
    this.#agent?.listeners.add(listener)
  }

  /** Whether the agent that was started last has told of an event. */
  hasLogged(event: string): boolean {
    return this.#agent?.has(event) ?? false
  }

  async stopAgent(signal: NodeJS.Signals): Promise<void> {
    const { process: child } = this.#agent ?? {}
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    for (const pid of childrenOf(child.pid)) process.kill(pid, signal)
    await ended
  }

  /** What is in the host's table of routes, once it is as the test wants it: looked at again each time that the kernel tells of a change. */
  async routes(family: '-4' | '-6', holds: (routes: readonly string[]) => boolean): Promise<readonly string[]> {
    const [program = '', ...args] = this.#watching(['ip', family, 'monitor', 'route'])
    const monitor = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      let routes: readonly string[] = []
      const look = () => {
        routes = this.run('ip', family, 'route', 'show')
          .split('\n')
          .map((line) => line.replace(/ +/g, ' ').trim())
        return holds(routes)
      }
      await once(monitor, 'spawn')
      // The monitor says nothing of when it has begun to listen: a change of ours is seen when it has.
      const lines = createInterface(monitor.stdout)
      const timer = setInterval(() => lines.emit('line', ''), 200)
      try {
        const giveUp = Date.now() + PATIENCE
        while (!look()) {
          if (Date.now() > giveUp)
            throw new Error(`${this.name} does not have the routes that were waited for:\n${routes.join('\n')}\n${this.#agent?.said ?? ''}`)
          await once(lines, 'line')
        }
      } finally {
        clearInterval(timer)
      }
      return routes
    } finally {
      monitor.kill()
    }
  }

  /** Waits until BIRD's protocols are as the test wants them. BIRD tells nobody of changes: it is asked again and again. */
  async bird(holds: (protocols: string) => boolean): Promise<void> {
    const giveUp = Date.now() + PATIENCE
    for (;;) {
      const { stdout } = this.try(['birdc', '-s', '/var/run/calico/bird.ctl', 'show', 'protocols'])
      if (holds(stdout)) return
      if (Date.now() > giveUp) throw new Error(`BIRD of ${this.name} has\n${stdout}\n${this.#agent?.said ?? ''}`)
      await pause(100)
    }
  }

  /** Notes from now on which IPv4 routes the host loses without getting them again. */
  watchLost(): { readonly end: () => Promise<readonly string[]> } {
    const destinations = () =>
      new Set(
        this.run('ip', '-4', 'route', 'show')
          .split('\n')
          .map((line) => line.replace(/^blackhole /, '').split(' ')[0] ?? ''),
      )
    const before = destinations()
    const [program = '', ...args] = this.#watching(['ip', '-4', 'monitor', 'route'])
    const monitor = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const lost: string[] = []
    createInterface(monitor.stdout).on('line', (line) => {
      const [, to = ''] = /^Deleted (?:blackhole )?(\S+)/.exec(line) ?? []
      if (before.has(to)) lost.push(line.trim())
    })
    return {
      end: async () => {
        const over = once(monitor, 'close')
        monitor.kill()
        await over
        return lost
      },
    }
  }

  async close(): Promise<void> {
    if (this.#outer.exitCode !== null) return
    const closed = once(this.#outer, 'exit')
    this.#outer.ref()
    this.#outer.kill('SIGKILL')
    await closed
  }

  /** Where the datastore is, for programs inside. */
  get etcd(): string {
    return this.#fabric.etcd
  }

  get #env(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: '/root', LC_ALL: 'C', ETCD_ENDPOINTS: this.#fabric.etcd }
  }

  /** In the host's network, but not among its processes: nsenter becomes the command then, and can be ended. */
  #watching(command: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.#pid), '-n', '--', ...command]
  }

  /** The command line that runs a command inside. */
  inside(command: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.#pid), '-m', '-n', '-u', '-p', '--', ...command]
  }
}

// --- internal ---

/** Milliseconds after which something that should come will not. */
const PATIENCE = 60_000

const ASSIGN = fileURLToPath(new URL('./assign-address.js', import.meta.url))

/** The first process of a host, named $1: it gives it a /run of its own, and then waits for its input to end. */
const INIT = `
set -e
hostname "$1"
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
ip link set lo up
sysctl -q -w net.ipv4.ip_forward=1
echo ready
while read -r _; do :; done
`

class Agent {
  readonly process: ChildProcess
  readonly #seen: string[] = []
  readonly listeners = new Set<(line: string) => void>()
  readonly #waiting = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.process = child
    const wake = () => {
      for (const one of this.#waiting) one()
    }
    if (child.stderr) {
      createInterface(child.stderr).on('line', (line) => {
        this.#seen.push(line)
        for (const listener of this.listeners) listener(line)
        wake()
      })
    }
    child.once('exit', wake)
  }

  has(event: string, fits: (fields: Readonly<Record<string, unknown>>) => boolean = () => true): boolean {
    return this.#seen.some((line) => {
      const fields = JSON.parse(line) as Record<string, unknown>
      return fields['event'] === event && fits(fields)
    })
  }

  async logs(event: string, fits: (fields: Readonly<Record<string, unknown>>) => boolean): Promise<void> {
    while (!this.has(event, fits)) {
      if (this.process.exitCode !== null) throw new Error(`the agent ended:\n${this.#seen.join('\n')}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  get said(): string {
    return this.#seen.join('\n')
  }
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}
