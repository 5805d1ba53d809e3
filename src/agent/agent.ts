import { join } from 'node:path'
import process from 'node:process'
import { UserError } from '../model/user-error.ts'
import type { Datastore } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'
import { coalesce } from './coalesce.ts'
import { Dataplane } from './dataplane/dataplane.ts'
import type { LocalEndpoints } from './dataplane/host.ts'
import { Nft } from './dataplane/nft.ts'
import { Renderer } from './dataplane/render.ts'
import { type Followed, followWorld } from './feed.ts'
import { footprintFile } from './footprint-file.ts'
import { readInterfaces, watchInterfaces } from './host/interfaces.ts'
import { ProgramError, runProgram } from './host/program.ts'
import { updateRoutes } from './host/routes.ts'
import { prepareHost, prepareInterface } from './host/settings.ts'
import { HOST_KINDS, hostFacts } from './host-facts.ts'
import type { Log } from './log.ts'
import { type AgentStatus, askStatus, serveStatus } from './status.ts'

export interface AgentOptions {
  /** The host's name, as in `spec.node` of its endpoints. */
  readonly node: string
  readonly datastore: Datastore
  readonly clock: Pick<Clock, 'now' | 'pause'>
  readonly log: Log
  readonly version: string
  /** Where its socket and its notes are. */
  readonly runFolder: string
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty: boolean
}

/** Where an agent listens for questions about itself, below its folder. */
export function statusSocket(runFolder: string): string {
  return join(runFolder, 'agent.sock')
}

/**
 * Enforces on this host what the datastore says, until the signal aborts; what the kernel has then stays.
 * @throws UserError when it cannot begin: programs are missing, or another agent is at work
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { log, clock, node } = options
  await requirePrograms()
  await refuseSecond(options.runFolder)
  await prepareHost(log)
  const state = new State(options)
  const dataplane = new Dataplane(new Nft(), footprintFile(join(options.runFolder, 'dataplane.json')), {
    refused: (owner, why) => log('error', 'the kernel refuses a policy or profile: it is closed until it is changed', { owner, why }),
    repaired: () => log('warning', 'the rules in the kernel were changed by someone else: they are right again'),
    failed: (error) => {
      state.lastError = error.message
      log('error', 'the kernel takes no rules: those from before stay', { why: error.message })
    },
  })
  const stopServing = await serveStatus(statusSocket(options.runFolder), () => state.status(dataplane.refused))
  const renderer = new Renderer()
  const prepared = new Set<string>()
  let followed: Followed | undefined
  let settling: NodeJS.Timeout | undefined

  const program = async (): Promise<void> => {
    if (!followed || signal.aborted) return
    const { world, others, revision } = followed
    const begun = clock.now().getTime()
    const interfaces = await readInterfaces()
    const { ruleset, local } = renderer.render(world, hostFacts(node, interfaces, others))
    await dataplane.apply(ruleset)
    for (const name of local.workloads.keys()) {
      if (!interfaces.has(name)) prepared.delete(name)
      else if (!prepared.has(name)) {
        await prepareInterface(name, log)
        prepared.add(name)
      }
    }
    await updateRoutes(local.workloads, new Set(interfaces.keys()))
    state.programmed(revision, local, clock.now(), begun)
    log('debug', 'the kernel has what the datastore says', { revision })
    clearTimeout(settling)
    settling = setTimeout(() => void dataplane.settle().then(() => log('debug', 'the state of the kernel is noted')), SETTLE_MILLISECONDS).unref()
  }
  const update = coalesce(() =>
    program().catch((error: unknown) => {
      state.lastError = error instanceof Error ? error.message : String(error)
      log('error', 'the host cannot be brought up to date', { why: state.lastError })
    }),
  )

  const guard = dataplane.guard(signal)
  await guard.ready
  const watching = Promise.all([guard.over, watchInterfaces(signal, () => void update())])
  log('info', 'the agent has started', { node, datastore: options.datastore.name, version: options.version })
  for await (const next of followWorld(options.datastore, signal, { clock, events: state, acceptEmpty: options.acceptEmpty, also: HOST_KINDS })) {
    followed = next
    state.noteWorld(next.world.setAside.map(({ problem }) => problem.message))
    await update()
  }
  await watching
  clearTimeout(settling)
  await dataplane.settle()
  await stopServing()
  log('info', 'the agent has stopped: what the kernel has stays')
}

// --- internal ---

/** How long nothing may change before the kernel's state is noted. */
const SETTLE_MILLISECONDS = 1000

async function requirePrograms(): Promise<void> {
  for (const [command, from] of [
    [['nft', '--version'], 'nftables'],
    [['ip', '-Version'], 'iproute2'],
  ] as const) {
    try {
      await runProgram(command)
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      throw new UserError(`the agent needs the program ${command[0]}: ${error.message}`, `on Debian: apt-get install ${from}`)
    }
  }
}

async function refuseSecond(runFolder: string): Promise<void> {
  const path = statusSocket(runFolder)
  const other = await askStatus(path).catch(() => undefined)
  if (other) throw new UserError(`an agent is at work on this host already: process ${other.pid}, as node ${other.node}`, `it answers at ${path}`)
}

/** What the agent tells of itself. */
class State {
  lastError: string | undefined
  readonly #options: AgentOptions
  readonly #startedAt: string
  #datastore: AgentStatus['datastore'] = 'connected'
  #revision = 0
  #inSync = false
  #programmedAt: string | undefined
  #lag: number | undefined
  #local: LocalEndpoints | undefined
  #setAside: ReadonlySet<string> = new Set()

  constructor(options: AgentOptions) {
    this.#options = options
    this.#startedAt = options.clock.now().toISOString()
  }

  readonly away = (error: Error): void => {
    this.#datastore = 'away'
    this.#options.log('error', 'the datastore is away: what the kernel has stays', { why: error.message })
  }
  readonly back = (): void => {
    this.#datastore = 'connected'
    this.#options.log('info', 'the datastore is back')
  }
  readonly emptied = (): void => {
    this.#datastore = 'emptied'
    this.#options.log('error', 'everything is gone from the datastore: what the kernel has stays, unless the agent is started with --accept-empty')
  }

  /** Tells, once, of each resource that cannot be understood. */
  noteWorld(messages: readonly string[]): void {
    for (const message of messages) if (!this.#setAside.has(message)) this.#options.log('error', 'a resource cannot be understood', { why: message })
    this.#setAside = new Set(messages)
    this.#inSync = false
  }

  programmed(revision: number, local: LocalEndpoints, now: Date, begun: number): void {
    const known = new Set(this.#local?.idle.map(({ endpoint, reason }) => `${endpoint.id} ${reason}`))
    for (const { endpoint, reason } of local.idle) {
      if (!known.has(`${endpoint.id} ${reason}`)) this.#options.log('warning', 'an endpoint cannot act', { endpoint: endpoint.id, why: reason })
    }
    this.#revision = revision
    this.#inSync = true
    this.#local = local
    this.#programmedAt = now.toISOString()
    this.#lag = now.getTime() - begun
  }

  status(refused: readonly string[]): AgentStatus {
    const { node, version } = this.#options
    return {
      version,
      node,
      pid: process.pid,
      startedAt: this.#startedAt,
      inSync: this.#inSync && this.#datastore === 'connected',
      revision: this.#revision,
      ...(this.#programmedAt === undefined ? {} : { programmedAt: this.#programmedAt }),
      ...(this.#lag === undefined ? {} : { lagMilliseconds: this.#lag }),
      datastore: this.#datastore,
      endpoints: { workloads: this.#local?.workloads.size ?? 0, hosts: this.#local?.hosts.size ?? 0, idle: this.#local?.idle.length ?? 0 },
      refused,
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
    }
  }
}
