import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A real etcd of one member, started for a test on free loopback ports, with its data in a temporary folder. */
export interface EtcdServer {
  readonly endpoint: string
  readonly folder: string
  /** Certificates, when it was started with TLS: its authority's, and a client's with its key. */
  readonly certificates?: Certificates
  /** Ends the process without warning, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on the same data and ports. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface EtcdOptions {
  /** https, and clients must show a certificate. */
  readonly tls?: boolean
  /** Bytes after which it takes no more writes. */
  readonly quota?: number
}

/**
 * Why tests that need an etcd are skipped here, or false when it is there. With `CI=true` nothing is skipped: the test fails instead.
 */
export function etcdHere(): string | false {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'etcd')))
  return found || process.env['CI'] === 'true' ? false : 'needs etcd (Debian package etcd-server)'
}

export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-etcd-'))
  const certificates = options.tls ? makeCertificates(folder) : undefined
  const [port, peerPort] = [await freePort(), await freePort()]
  const security = certificates
    ? [
        '--cert-file',
        join(folder, 'server.crt'),
        '--key-file',
        join(folder, 'server.key'),
        '--trusted-ca-file',
        certificates.ca,
        '--client-cert-auth',
      ]
    : []
  const quota = options.quota === undefined ? [] : ['--quota-backend-bytes', String(options.quota)]
  const server = member(folder, { name: 'default', port, peerPort }, `default=http://127.0.0.1:${peerPort}`, [...security, ...quota])
  await server.restart()
  return { ...server, ...(certificates ? { certificates } : {}) }
}

/** A port on the loopback interface that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

// --- internal ---

interface Seat {
  readonly name: string
  readonly port: number
  readonly peerPort: number
}

/** One etcd, not yet started. */
function member(folder: string, { name, port, peerPort }: Seat, cluster: string, more: readonly string[]): EtcdServer {
  const endpoint = `${more.includes('--cert-file') ? 'https' : 'http'}://127.0.0.1:${port}`
  const peer = `http://127.0.0.1:${peerPort}`
  const args = [
    '--name',
    name,
    '--data-dir',
    join(folder, 'data'),
    '--listen-client-urls',
    endpoint,
    '--advertise-client-urls',
    endpoint,
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    cluster,
    '--logger',
    'zap',
    ...more,
  ]
  let child: ChildProcess | undefined
  const restart = async (): Promise<void> => {
    const started = spawn('etcd', args, { stdio: 'ignore', env: { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch } })
    child = started
    const failed = new Promise<never>((_, reject) => started.once('error', reject))
    await Promise.race([answering(port), failed])
  }
  const kill = async (): Promise<void> => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  const stop = async (): Promise<void> => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  return { endpoint, folder, kill, restart, stop }
}

/** Waits until something answers on the port; a minute is more than any machine needs. */
async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await pause(20)
  }
  throw new Error(`etcd does not answer on port ${port}`)
}

function makeCertificates(folder: string): Certificates {
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test-ca', '-keyout', file('ca.key'), '-out', file('ca.crt'))
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    )
    openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      file(`${name}.csr`),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
      '-out',
      file(`${name}.crt`),
    )
  }
  return { ca: file('ca.crt'), cert: file('client.crt'), key: file('client.key') }
}
