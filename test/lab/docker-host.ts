import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PROGRAM } from '../system/built.ts'
import type { Fabric } from './fabric.ts'

/** What a command inside said. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Why tests with a real Docker are skipped here, or false when it is there. With `CI=true` nothing is skipped: the test fails instead. */
export function dockerHere(): string | false {
  const missing = ['dockerd', 'docker', 'busybox', 'unshare', 'nsenter', 'ip', 'iptables', 'tar'].filter((program) => !isOnPath(program))
  const reason =
    process.getuid?.() !== 0 ? 'needs root' : missing.length > 0 ? `needs ${missing.join(', ')} (Debian docker.io, busybox-static)` : false
  if (reason !== false && process.env['CI'] === 'true') throw new Error(`CI must run tests with Docker: ${reason}`)
  return reason
}

/**
 * A host of its own on this machine: namespaces for network, mounts, names and processes, in which a real dockerd and the drivers run as on any host. It ends
 * with this object, or with the test's process.
 */
export class DockerHost {
  readonly name: string
  /** Where its datastore is, when it has one of its own; readable from outside. */
  readonly store: string
  /** What it is called by others. */
  readonly address: string
  readonly #fabric: Fabric | undefined
  readonly #folder: string
  readonly #outer: ChildProcess
  readonly #pid: number
  #dockerd: ChildProcess | undefined
  #drivers: ChildProcess | undefined
  /** Processes of containers, as the host numbers them. */
  readonly #pids = new Map<string, string>()
  #log = ''

  private constructor(name: string, folder: string, outer: ChildProcess, pid: number, fabric: Fabric | undefined) {
    this.name = name
    this.#folder = folder
    this.#outer = outer
    this.#pid = pid
    this.store = join(folder, 'store.db')
    this.#fabric = fabric
    this.address = fabric?.attach(name, pid) ?? '172.18.18.101'
  }

  /** With a fabric it is on its switch, and its datastore is the fabric's etcd; without one it is alone. */
  static async open(name: string, fabric?: Fabric): Promise<DockerHost> {
    const folder = await mkdtemp(join(tmpdir(), 'calicoctl-docker-'))
    await mkdir(join(folder, 'cgroup'))
    const namespaces = ['--net', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private', '--mount-proc']
    const outer = spawn('unshare', [...namespaces, 'bash', '-c', INIT, 'init', name, join(folder, 'cgroup')], { stdio: ['pipe', 'pipe', 'pipe'] })
    let complaint = ''
    outer.stderr?.on('data', (chunk: Buffer) => void (complaint += chunk.toString()))
    const ended = once(outer, 'exit').then(() => Promise.reject(new Error(`the host ended: ${complaint}`)))
    ended.catch(() => {})
    await Promise.race([once(outer.stdout ?? outer, 'data'), ended])
    const [inner = 0] = childrenOf(outer.pid)
    const host = new DockerHost(name, folder, outer, inner, fabric)
    if (!fabric) await host.run('sh', '-ec', 'ip link add eth0 type veth peer name far; ip link set far up')
    await host.run('sh', '-ec', `ip addr add ${host.address}/24 dev eth0; ip link set eth0 up; ip route add default via 172.18.18.1`)
    return host
  }

  /** Runs a command inside to its end, whatever that is. */
  async try(command: readonly string[], options: { readonly timeout?: number; readonly stdin?: ChildProcess['stdout'] } = {}): Promise<Said> {
    const child = this.#spawn(command, [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'])
    if (options.stdin && child.stdin) options.stdin.pipe(child.stdin)
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => void (stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { code: code ?? -1, stdout, stderr }
  }

  /** Starts a command inside that runs on; its input and output are pipes. */
  start(command: readonly string[]): ChildProcess {
    return this.#spawn(command, ['pipe', 'pipe', 'pipe'])
  }

  /** Runs a command that must work; gives what it printed, without the last line feed. */
  async run(...command: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(command)
    if (code !== 0) throw new Error(`${command.join(' ')}: exit ${code}: ${stderr}\n${this.#log.slice(-2000)}`)
    return stdout.trimEnd()
  }

  docker(...args: string[]): Promise<string> {
    return this.run('docker', ...args)
  }

  /**
   * Sends pings out of a container, one each 25 milliseconds, past Docker, which may be away. Resolves when the last was answered or given up.
   */
  async ping(container: string, address: string, count: number): Promise<{ readonly sent: number; readonly answered: number }> {
    const pid = this.#pids.get(container) ?? (await this.docker('inspect', '--format', '{{ .State.Pid }}', container))
    this.#pids.set(container, pid)
    const { stdout, stderr } = await this.try([
      'nsenter',
      '-t',
      pid,
      '-n',
      'ping',
      '-q',
      '-n',
      '-W',
      '1',
      '-i',
      '0.025',
      '-c',
      String(count),
      address,
    ])
    const [, sent = '', answered = ''] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? []
    if (sent === '') throw new Error(`ping: ${stdout}${stderr}`)
    return { sent: Number(sent), answered: Number(answered) }
  }

  /** Starts the two drivers on this host's datastore; Docker finds them. */
  async startDrivers(options: { readonly containerLabels?: boolean } = {}): Promise<void> {
    const script = fileURLToPath(new URL('./docker-drivers.js', import.meta.url))
    const child = this.#spawn([process.execPath, script, this.store, String(options.containerLabels ?? false)], ['pipe', 'pipe', 'pipe'])
    child.stderr?.on('data', (chunk: Buffer) => void (this.#log += chunk.toString()))
    this.#drivers = child
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the drivers ended: ${this.#log}`)))
    ended.catch(() => {})
    await Promise.race([once(child.stdout ?? child, 'data'), ended])
  }

  async stopDrivers(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await end(this.#drivers, signal)
    this.#drivers = undefined
  }

  /** Starts the agent as `startAgent`, with a clock that is so much ahead, as in `+5m`. */
  async startAgentAhead(by: string, ...options: readonly string[]): Promise<void> {
    await this.#startAgent(['env', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'faketime', '-f', by], options)
  }

  /** Starts the agent of the built program on this host's datastore: it brings the drivers. Resolves when its rules are in the kernel. */
  async startAgent(...options: readonly string[]): Promise<void> {
    await this.#startAgent([], options)
  }

  async #startAgent(before: readonly string[], options: readonly string[]): Promise<void> {
    const own = this.#fabric ? [] : ['--name=host1', `--datastore=${this.store}`]
    const child = this.#spawn(
      [...before, process.execPath, PROGRAM, 'node', 'run', '--agent-log=debug', ...own, ...options],
      ['ignore', 'ignore', 'pipe'],
    )
    this.#drivers = child
    const from = this.#log.length
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the agent ended: ${this.#log}`)))
      child.stderr?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString()
        if (this.#log.slice(from).includes('the kernel has what the datastore says')) resolve()
      })
    })
  }

  /** Starts dockerd and waits until it answers; the first time it gets its one image, `busybox`. */
  async startDocker(...options: readonly string[]): Promise<void> {
    const args = [...options, '--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', this.#cgroup, '--iptables=true']
    const child = this.#spawn(['dockerd', ...args], ['ignore', 'ignore', 'pipe'])
    child.stderr?.on('data', (chunk: Buffer) => void (this.#log += chunk.toString()))
    this.#dockerd = child
    let running = true
    child.once('exit', () => (running = false))
    while ((await this.try(['docker', 'version'])).code !== 0) {
      if (!running) throw new Error(`dockerd ended: ${this.#log.slice(-3000)}`)
      await pause(50)
    }
    if ((await this.docker('images', '-q', 'busybox')) === '') await this.#importImage()
  }

  /** `SIGKILL` is what a crash does; containers run on. */
  async stopDocker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await end(this.#dockerd, signal)
    this.#dockerd = undefined
  }

  /** What the drivers and dockerd have said. */
  get log(): string {
    return this.#log
  }

  async close(): Promise<void> {
    if (this.#outer.exitCode === null && this.#outer.signalCode === null) {
      const closed = once(this.#outer, 'exit')
      // With the first process of the host go all others; `unshare` has waited for it when it ends.
      process.kill(this.#pid, 'SIGKILL')
      await closed
    }
    // Control groups belong to no namespace.
    for (const hierarchy of await readdir(CGROUPS)) await removeGroups(join(CGROUPS, hierarchy, this.#cgroup))
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** The beginning of a command line that runs what follows on this host. */
  get enter(): readonly string[] {
    return ['nsenter', '-t', String(this.#pid), '-m', '-n', '-u', '-p', '--']
  }

  get #cgroup(): string {
    return `/calicoctl-${this.#pid}`
  }

  #spawn(command: readonly string[], stdio: ('ignore' | 'pipe')[]): ChildProcess {
    const [program = '', ...args] = [...this.enter, ...command]
    const etcd = this.#fabric && { ETCD_ENDPOINTS: this.#fabric.etcd }
    return spawn(program, args, { stdio, env: { PATH: process.env['PATH'], HOME: '/root', LC_ALL: 'C', ...etcd } })
  }

  /** A file system with nothing in it but busybox under all its names. */
  async #importImage(): Promise<void> {
    const root = join(this.#folder, 'image')
    await mkdir(join(root, 'bin'), { recursive: true })
    await this.run('cp', await this.run('sh', '-c', 'command -v busybox'), join(root, 'bin', 'busybox'))
    await this.run('chroot', root, '/bin/busybox', '--install', '-s', '/bin')
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const change = ['-c', 'CMD ["sh"]', '-c', 'ENV PATH=/bin']
    const { code, stderr } = await this.try(['docker', 'import', ...change, '-', 'busybox:latest'], { stdin: tar.stdout })
    if (code !== 0) throw new Error(`docker import: ${stderr}`)
  }
}

// --- internal ---

const CGROUPS = '/sys/fs/cgroup'

/** A group is removed like a folder, the inner ones first; the files in it go with it. */
async function removeGroups(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeGroups(join(folder, entry.name))
  // The last processes of the host may be about to end.
  for (let tries = 0; tries < 100; tries++) {
    const error = await rmdir(folder).catch((error: NodeJS.ErrnoException) => error)
    if (error?.code !== 'EBUSY') return
    await pause(50)
  }
}

/**
 * The first process of a host, named $1. It shows the machine's control groups under a /sys of its own network, has folders of its own for what runs and
 * for memory that is shared (faketime names it by process, and the same numbers are on each host), and then waits for its input to end. The host gets a link with a default route: without one the kernel does not answer for the containers' gateway.
 */
const INIT = `
set -e
hostname "$1"
mount --rbind /sys/fs/cgroup "$2"
mount -t sysfs sysfs /sys
mount --rbind "$2" /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
mkdir -p /run/docker/plugins /run/lock /run/netns /var/lib/docker
mount -t tmpfs tmpfs /var/lib/docker
ip link set lo up
sysctl -q -w net.ipv4.ip_forward=1
echo ready
while read -r _; do :; done
`

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  // The process that came with a namespace for processes is a child of nsenter, which ends with it.
  for (const pid of childrenOf(child.pid)) process.kill(pid, signal)
  await ended
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
}
