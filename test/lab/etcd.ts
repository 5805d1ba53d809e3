import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DatastoreError } from '../../src/store/datastore.ts'
import { type EtcdSettings, openEtcd } from '../../src/store/drivers/etcd.ts'

/** A real etcd of one member, started for a test on free loopback ports, with its data in a temporary folder. */
export interface EtcdServer extends Member {
  readonly folder: string
  /** Certificates, when it was started with TLS: its authority's, and a client's with its key. */
  readonly certificates?: Certificates
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** Several that hold the same data, as long as most of them run. */
export interface EtcdCluster {
  readonly members: readonly Member[]
  stop(): Promise<void>
}

interface Member {
  readonly endpoint: string
  /** Ends the process without warning, as a crash would. */
  kill(): Promise<void>
  /** Lets the process stand still, its connections open, until `resume`. */
  suspend(): void
  resume(): void
  /** Starts it again on the same data and ports, and waits until it answers. */
  restart(): Promise<void>
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
  const quota = options.quota === undefined ? [] : ['--quota-backend-bytes', String(options.quota)]
  const seat = await takeSeat(folder, 'default')
  const server = member(seat, [seat], quota, certificates)
  await server.restart()
  return { ...server, folder, ...(certificates ? { certificates } : {}), stop: () => remove(folder, [server]) }
}

export async function startCluster(size: number): Promise<EtcdCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-etcd-'))
  const seats: Seat[] = []
  while (seats.length < size) seats.push(await takeSeat(folder, `member-${seats.length}`))
  const members = seats.map((seat) => member(seat, seats, []))
  await Promise.all(members.map((one) => one.restart()))
  return { members, stop: () => remove(folder, members) }
}

/**
 * A loopback address that no other process of the tests uses, where the system has more than one: a port that was free, or that a server left for a moment,
 * cannot be taken by another test file that runs at the same time.
 */
export const LOOPBACK =
  process.platform === 'linux' ? `127.${64 + (process.pid >> 16)}.${(process.pid >> 8) & 255}.${process.pid & 255}` : '127.0.0.1'

/** A port of LOOPBACK that nobody listens on, and that was not given before. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  if (given.has(port)) return freePort()
  given.add(port)
  return port
}

// --- internal ---

const given = new Set<number>()

interface ServerCertificates {
  readonly serverCert: string
  readonly serverKey: string
}

interface Seat {
  readonly name: string
  readonly folder: string
  readonly port: number
  readonly peerPort: number
}

async function takeSeat(folder: string, name: string): Promise<Seat> {
  return { name, folder: join(folder, name), port: await freePort(), peerPort: await freePort() }
}

/** One etcd of a cluster, not yet started. */
function member(seat: Seat, cluster: readonly Seat[], more: readonly string[], certificates?: Certificates & ServerCertificates): Member {
  const endpoint = `${certificates ? 'https' : 'http'}://${LOOPBACK}:${seat.port}`
  const flags: Readonly<Record<string, string>> = {
    name: seat.name,
    'data-dir': seat.folder,
    'listen-client-urls': endpoint,
    'advertise-client-urls': endpoint,
    'listen-peer-urls': peerOf(seat),
    'initial-advertise-peer-urls': peerOf(seat),
    'initial-cluster': cluster.map((one) => `${one.name}=${peerOf(one)}`).join(),
    logger: 'zap',
    ...(certificates ? { 'cert-file': certificates.serverCert, 'key-file': certificates.serverKey, 'trusted-ca-file': certificates.ca } : {}),
  }
  const args = [...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]), ...(certificates ? ['--client-cert-auth'] : []), ...more]
  const pem = (file: string) => ({ file })
  const settings: EtcdSettings = {
    endpoints: [endpoint],
    timeout: 2000,
    ...(certificates ? { ca: pem(certificates.ca), cert: pem(certificates.cert), key: pem(certificates.key) } : {}),
  }
  let child: ChildProcess | undefined
  const restart = async (): Promise<void> => {
    const log = openSync(`${seat.folder}.log`, 'w')
    const started = spawn('etcd', args, { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch } })
    closeSync(log)
    child = started
    const failed = once(started, 'exit').then(() => {
      throw new Error(`etcd ended:\n${readFileSync(`${seat.folder}.log`, 'utf8').slice(-2000)}`)
    })
    // After a restart nobody waits for it any more.
    failed.catch(() => undefined)
    await Promise.race([answering(settings, () => child === started && started.exitCode === null), failed])
  }
  const kill = async (): Promise<void> => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    await ended
  }
  return { endpoint, kill, restart, suspend: () => void child?.kill('SIGSTOP'), resume: () => void child?.kill('SIGCONT') }
}

function peerOf(seat: Seat): string {
  return `http://${LOOPBACK}:${seat.peerPort}`
}

async function remove(folder: string, members: readonly Member[]): Promise<void> {
  await Promise.all(members.map((one) => one.kill()))
  await rm(folder, { recursive: true, force: true })
}

/** Waits until it answers a question, be it with a refusal. A listening port is not enough: it may be without a leader still. */
async function answering(settings: EtcdSettings, runs: () => boolean): Promise<void> {
  const giveUp = Date.now() + 60_000
  while (runs()) {
    const store = openEtcd(settings)
    const outcome = await store.get('/').catch((error: unknown) => error)
    await store.close()
    if (!(outcome instanceof DatastoreError && ['unreachable', 'timeout'].includes(outcome.code))) return
    if (Date.now() > giveUp) throw outcome
    await pause(20)
  }
}

function makeCertificates(folder: string): Certificates & ServerCertificates {
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
      `subjectAltName=IP:${LOOPBACK}`,
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
  return { ca: file('ca.crt'), cert: file('client.crt'), key: file('client.key'), serverCert: file('server.crt'), serverKey: file('server.key') }
}
