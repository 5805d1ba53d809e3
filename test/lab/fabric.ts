import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NetworkNamespace } from './netns.ts'

/** The addresses of the fabric itself, where its etcd answers; hosts have those from `.101` on. */
const addressOf = (member: number) => `172.18.18.${1 + member}`

export interface FabricOptions {
  /** Of its etcd; 1 by default. */
  readonly members?: number
}

/** What hosts of a test are plugged into: a switch in a network namespace of its own, and an etcd that all of them reach. */
export class Fabric {
  /** What `ETCD_ENDPOINTS` is on every host. */
  readonly etcd: string
  readonly #namespace: NetworkNamespace
  readonly #folder: string
  readonly #members: readonly number[]
  readonly #servers = new Map<number, ChildProcess>()
  #hosts = 0

  private constructor(namespace: NetworkNamespace, folder: string, members: number) {
    this.#namespace = namespace
    this.#folder = folder
    this.#members = Array.from({ length: members }, (_, member) => member)
    this.etcd = this.#members.map((member) => `http://${addressOf(member)}:2379`).join(',')
  }

  static async open({ members = 1 }: FabricOptions = {}): Promise<Fabric> {
    const fabric = new Fabric(await NetworkNamespace.open(), await mkdtemp(join(tmpdir(), 'calicoctl-fabric-')), members)
    const addresses = fabric.#members.map((member) => `addr add ${addressOf(member)}/24 dev br0`)
    // Without a hardware address of its own it would take another with each host, and those that are there already would talk to the one before.
    fabric.#ip('link set lo up', 'link add br0 address 02:00:00:00:00:01 type bridge', ...addresses, 'link set br0 up')
    await Promise.all(fabric.#members.map((member) => fabric.startEtcd(member)))
    return fabric
  }

  /** What Docker takes for its cluster store. */
  get clusterStore(): string {
    return `etcd://${this.#members.map((member) => `${addressOf(member)}:2379`).join(',')}`
  }

  /** Gives a host, by a process of its, the interface `eth0` on the switch; it has no address yet. Gives the address that it is to have. */
  attach(name: string, pid: number): string {
    this.#ip(`link add ${name} type veth peer name eth0 netns ${pid}`, `link set ${name} master br0 up`)
    return `172.18.18.${101 + this.#hosts++}`
  }

  /** Lets nothing pass between hosts, until `mend`; each reaches the etcd all the same. */
  cut(): void {
    this.#namespace.run(['nft', '-f', '-'], 'table bridge cut { chain forward { type filter hook forward priority 0; policy drop; }\n }\n')
  }

  mend(): void {
    this.#namespace.run(['nft', 'delete', 'table', 'bridge', 'cut'])
  }

  /** Starts a member of etcd, its second interface too, in which Docker keeps what its cluster store has to. Resolves when it answers. */
  async startEtcd(member = 0): Promise<void> {
    const url = (of: number, port: number) => `http://${addressOf(of)}:${port}`
    const clients = ['--listen-client-urls', url(member, 2379), '--advertise-client-urls', url(member, 2379)]
    const peers = ['--listen-peer-urls', url(member, 2380), '--initial-advertise-peer-urls', url(member, 2380)]
    const cluster = ['--name', `member${member}`, '--initial-cluster', this.#members.map((of) => `member${of}=${url(of, 2380)}`).join(',')]
    const data = ['--data-dir', join(this.#folder, `etcd${member}`), '--enable-v2', '--log-level', 'error']
    const [program = '', ...args] = this.#namespace.inside(['etcd', ...data, ...clients, ...peers, ...cluster])
    const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    server.stderr.on('data', (chunk: Buffer) => void (complaint += chunk.toString()))
    server.unref()
    ;(server.stderr as Socket).unref()
    this.#servers.set(member, server)
    while (!this.#ask(member, '/health').includes('"true"')) {
      if (server.exitCode !== null) throw new Error(`etcd ended: ${complaint}`)
      await pause(50)
    }
  }

  /** As a crash would. */
  async killEtcd(member = 0): Promise<void> {
    const server = this.#servers.get(member)
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.ref()
    // nsenter has become what it started: it has no namespace for processes to make.
    server.kill('SIGKILL')
    await ended
  }

  /** The member that the others follow. */
  leader(): number {
    return this.#members.find((member) => /^etcd_server_is_leader 1$/m.test(this.#ask(member, '/metrics'))) ?? -1
  }

  /** What the first member tells of itself, in Prometheus' text. */
  metrics(): string {
    return this.#ask(0, '/metrics')
  }

  /** What a member answers, as far as it does. */
  #ask(member: number, path: string): string {
    const script = `exec 3<> /dev/tcp/${addressOf(member)}/2379; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`
    try {
      return this.#namespace.run(['timeout', '2', 'bash', '-c', script])
    } catch {
      return ''
    }
  }

  #ip(...lines: readonly string[]): void {
    this.#namespace.run(['ip', '-batch', '-'], `${lines.join('\n')}\n`)
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => this.killEtcd(member)))
    await this.#namespace.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
