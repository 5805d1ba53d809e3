import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NetworkNamespace } from './netns.ts'

/** The address of the fabric itself, where its etcd answers; hosts have those from `.101` on. */
const ADDRESS = '172.18.18.1'

/** What hosts of a test are plugged into: a switch in a network namespace of its own, and an etcd that all of them reach. */
export class Fabric {
  /** What `ETCD_ENDPOINTS` is on every host. */
  readonly etcd = `http://${ADDRESS}:2379`
  readonly #namespace: NetworkNamespace
  readonly #folder: string
  #server: ChildProcess | undefined
  #hosts = 0

  private constructor(namespace: NetworkNamespace, folder: string) {
    this.#namespace = namespace
    this.#folder = folder
  }

  static async open(): Promise<Fabric> {
    const fabric = new Fabric(await NetworkNamespace.open(), await mkdtemp(join(tmpdir(), 'calicoctl-fabric-')))
    const batch = ['link set lo up', 'link add br0 type bridge', `addr add ${ADDRESS}/24 dev br0`, 'link set br0 up']
    fabric.#namespace.run(['ip', '-batch', '-'], `${batch.join('\n')}\n`)
    await fabric.startEtcd()
    return fabric
  }

  /** Gives a host, by a process of its, the interface `eth0` on the switch; it has no address yet. Gives the address that it is to have. */
  attach(name: string, pid: number): string {
    const batch = [`link add ${name} type veth peer name eth0 netns ${pid}`, `link set ${name} master br0 up`]
    this.#namespace.run(['ip', '-batch', '-'], `${batch.join('\n')}\n`)
    return `172.18.18.${101 + this.#hosts++}`
  }

  /** Pulls the plug of a host, or puts it in again. */
  plug(name: string, state: 'up' | 'down'): void {
    this.#namespace.run(['ip', 'link', 'set', name, state])
  }

  /** Starts etcd, its second interface too, in which Docker keeps what its cluster store has to. Resolves when it answers. */
  async startEtcd(): Promise<void> {
    const urls = ['--listen-client-urls', this.etcd, '--advertise-client-urls', this.etcd, '--listen-peer-urls', `http://${ADDRESS}:2380`]
    const [program = '', ...args] = this.#namespace.inside([
      'etcd',
      '--data-dir',
      join(this.#folder, 'etcd'),
      '--enable-v2',
      '--log-level',
      'error',
      ...urls,
    ])
    const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    server.stderr.on('data', (chunk: Buffer) => void (complaint += chunk.toString()))
    server.unref()
    ;(server.stderr as Socket).unref()
    this.#server = server
    for (;;) {
      if (server.exitCode !== null) throw new Error(`etcd ended: ${complaint}`)
      try {
        this.#namespace.run(['bash', '-c', HEALTH])
        return
      } catch {
        await pause(50)
      }
    }
  }

  /** As a crash would. */
  async killEtcd(): Promise<void> {
    if (!this.#server || this.#server.exitCode !== null) return
    const ended = once(this.#server, 'exit')
    this.#server.ref()
    // nsenter becomes what it starts, unless that gets a namespace for processes.
    this.#server.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.killEtcd()
    await this.#namespace.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

// --- internal ---

const HEALTH = `exec 3<> /dev/tcp/${ADDRESS}/2379; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; grep -q true <&3`
