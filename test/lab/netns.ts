import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import type { Ip } from '../../src/model/net.ts'
import { addressBytes } from './packet-bytes.ts'

/** A network namespace that lasts as long as this object is open, or the test's process lives. */
export class NetworkNamespace {
  readonly pid: number
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder
    this.pid = pid
  }

  static async open(): Promise<NetworkNamespace> {
    // `cat` ends when this process is gone and its input with it, and the namespace ends with `cat`.
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(holder.stdout ?? holder, 'data')
    if (holder.pid === undefined) throw new Error('unshare did not start')
    letGo(holder)
    return new NetworkNamespace(holder, holder.pid)
  }

  /** Runs a command inside to its end. @throws when it fails */
  run(command: readonly string[], input?: string): string {
    const [program = '', ...args] = this.inside(command)
    const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr}\n${(input ?? '').slice(0, 2000)}`)
    return stdout
  }

  /** The command line that runs a command inside. */
  inside(command: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.pid), '-n', ...command]
  }

  async close(): Promise<void> {
    if (this.#holder.exitCode !== null) return
    this.#holder.ref()
    const closed = once(this.#holder, 'exit')
    this.#holder.stdin?.end()
    await closed
  }
}

/** A packet to send, whole with its IP header, through an interface of a namespace. */
export interface WirePacket {
  readonly wire: string
  readonly destination: Ip
  readonly bytes: Buffer
}

/** Sends packets out of a namespace, byte for byte as they are given: one after another on one processor, so that they arrive in order. */
export class PacketSender {
  readonly #process: ChildProcess
  readonly #lines: Interface

  constructor(namespace: NetworkNamespace) {
    const [program = '', ...args] = namespace.inside(['taskset', '-c', '0', 'perl', '-MSocket', '-e', SEND])
    this.#process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (!this.#process.stdout) throw new Error('no output')
    this.#lines = createInterface(this.#process.stdout)
    letGo(this.#process)
  }

  /** Resolves when the kernel has taken all of them. */
  async send(packets: readonly WirePacket[]): Promise<void> {
    const output = this.#process.stdout as Socket
    output.ref()
    const done = once(this.#lines, 'line')
    const lines = packets.map(
      ({ wire, destination, bytes }) => `${wire} ${destination.family} ${addressBytes(destination).toString('hex')} ${bytes.toString('hex')}\n`,
    )
    this.#process.stdin?.write(`${lines.join('')}done\n`)
    await done
    output.unref()
  }

  async close(): Promise<void> {
    this.#process.ref()
    const closed = once(this.#process, 'exit')
    this.#process.stdin?.end()
    await closed
  }
}

// --- internal ---

/** A test that fails half-way ends all the same: what it started ends with it. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout]) (stream as Socket | null)?.unref()
}

/** Raw sockets whose headers come with the packet (SOL_SOCKET 1, SO_BINDTODEVICE 25); a packet that cannot be sent is as good as one that does not arrive. */
const SEND = `
$| = 1;
my %sockets;
while (<STDIN>) {
  if (/^done/) { print "done\\n"; next }
  my ($wire, $family, $to, $bytes) = split;
  my $socket = $sockets{"$wire/$family"} ||= do {
    socket(my $new, $family == 4 ? AF_INET : AF_INET6, SOCK_RAW, 255) or die $!;
    setsockopt($new, 1, 25, $wire) or die $!;
    $new;
  };
  my $address = pack('H*', $to);
  send($socket, pack('H*', $bytes), 0, $family == 4 ? pack_sockaddr_in(0, $address) : pack_sockaddr_in6(0, $address));
}
`
