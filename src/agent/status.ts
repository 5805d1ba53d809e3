import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { dirname } from 'node:path'
import type { MirrorStatus } from './docker/mirror.ts'
import type { NamesStatus } from './dns/name-service.ts'

/** What an agent says of itself. Times are RFC 3339. */
export interface AgentStatus {
  readonly version: string
  readonly node: string
  readonly pid: number
  readonly startedAt: string
  /** Whether the kernel has what the datastore says. */
  readonly inSync: boolean
  /** The datastore's revision that the kernel has; 0 before the first. */
  readonly revision: number
  readonly programmedAt?: string
  /** Milliseconds from a change being known to the kernel having it, of the last change. */
  readonly lagMilliseconds?: number
  readonly datastore: 'connected' | 'away' | 'emptied'
  /** Who leads traffic between hosts. */
  readonly backend: 'bird' | 'none'
  readonly endpoints: { readonly workloads: number; readonly hosts: number; readonly idle: number }
  /** Policies and profiles that are not enforced as written, but closed. */
  readonly refused: readonly string[]
  /** Addresses at which names of containers are to be answered, and why they are not. */
  readonly names: readonly NamesStatus[]
  /** Docker's networks that all hosts share, when it is for the agents to do that. */
  readonly networks?: MirrorStatus
  readonly lastError?: string
}

/** Answers `GET /status` (JSON) and `GET /metrics` (Prometheus' text) on a unix socket that only its owner may use. Gives how to end it. */
export async function serveStatus(path: string, status: () => AgentStatus): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await rm(path, { force: true })
  const server = createServer((incoming, answer) => {
    if (incoming.url === '/status') answer.setHeader('content-type', 'application/json').end(`${JSON.stringify(status())}\n`)
    else if (incoming.url === '/metrics') answer.setHeader('content-type', 'text/plain; version=0.0.4').end(metricsOf(status()))
    else answer.writeHead(404).end('GET /status or /metrics\n')
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  await chmod(path, 0o600)
  return async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    await rm(path, { force: true })
  }
}

/** Asks an agent for its status. @throws when none answers */
export async function askStatus(path: string): Promise<AgentStatus> {
  const text = await new Promise<string>((resolve, reject) => {
    const asking = request({ socketPath: path, path: '/status', timeout: TIMEOUT }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      answer.on('error', reject)
    })
    asking.on('timeout', () => asking.destroy(new Error('the agent does not answer')))
    asking.on('error', reject)
    asking.end()
  })
  return JSON.parse(text) as AgentStatus
}

// --- internal ---

const TIMEOUT = 5000

function metricsOf(status: AgentStatus): string {
  const gauges: readonly (readonly [name: string, help: string, value: number])[] = [
    ['in_sync', 'Whether the kernel has what the datastore says.', Number(status.inSync)],
    ['datastore_connected', 'Whether the datastore answers.', Number(status.datastore === 'connected')],
    ['datastore_revision', 'Revision of the datastore that the kernel has.', status.revision],
    ['workload_endpoints', 'Workload endpoints of this host.', status.endpoints.workloads],
    ['host_endpoints', 'Host endpoints of this host.', status.endpoints.hosts],
    ['idle_endpoints', 'Endpoints of this host that cannot act.', status.endpoints.idle],
    ['refused_chains', 'Policies and profiles that the kernel refused, and that are closed.', status.refused.length],
    ['last_lag_seconds', 'Time from a change being known to the kernel having it.', (status.lagMilliseconds ?? 0) / 1000],
  ]
  return gauges
    .map(([name, help, value]) => `# HELP calicoctl_${name} ${help}\n# TYPE calicoctl_${name} gauge\ncalicoctl_${name} ${value}\n`)
    .join('')
}
