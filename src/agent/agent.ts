import { join } from 'node:path'
import type { Family, Ip } from '../model/net.ts'
import { UserError } from '../model/user-error.ts'
import type { Datastore } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'
import { coalesce } from './coalesce.ts'
import { Dataplane } from './dataplane/dataplane.ts'
import { WORKLOAD_PREFIX } from './dataplane/host.ts'
import { Nft } from './dataplane/nft.ts'
import { dockerIsRunning } from './docker/docker-events.ts'
import { dockerNetworks } from './docker/docker-networks.ts'
import { DOCKER_SOCKET, type DockerDrivers, startDockerDrivers } from './docker/drivers.ts'
import { acceptForwarding } from './docker/forwarding.ts'
import { NetworkMirror } from './docker/mirror.ts'
import { networkRecords } from './docker/network-records.ts'
import type { Scope } from './docker/scope.ts'
import { NameService } from './dns/name-service.ts'
import { nodeAddresses } from './dns/own-addresses.ts'
import { followWorld } from './feed.ts'
import { footprintFile } from './footprint-file.ts'
import { detectAddress } from './host/autodetect.ts'
import { claimHost } from './host/claim.ts'
import { HostInterfaces } from './host/interfaces.ts'
import { Routes } from './host/routes.ts'
import { type FelixOverride, FelixSettings } from './felix-settings.ts'
import { HOST_KINDS } from './host-facts.ts'
import type { Log } from './log.ts'
import { Programmed } from './programmed.ts'
import { Programming } from './programming.ts'
import { type HostAddress, registerHost } from './register.ts'
import { requirePrograms } from './requirements.ts'
import { ROUTING_KINDS } from './routing/facts.ts'
import { Routing } from './routing/routing.ts'
import { State } from './state.ts'
import { askStatus, serveStatus } from './status.ts'

export interface AgentOptions {
  /** The host's name, as in `spec.node` of its endpoints. */
  readonly node: string
  readonly datastore: Datastore
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** Where its socket and its notes are. */
  readonly runFolder: string
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty: boolean
  /** What to be for Docker; undefined: nothing. */
  readonly docker: DockerOptions | undefined
  /** The addresses that other hosts know this one by. */
  readonly addresses: Readonly<Record<Family, AddressOptions | undefined>>
  /** Its AS number; undefined: that of the datastore. */
  readonly asNumber: number | undefined
  /** Settings of Felix from outside of the datastore; later ones win. */
  readonly felix: readonly FelixOverride[]
  /** Makes a pool of addresses when there is none. */
  readonly defaultPools: boolean
  /** Where the files of BIRD are; undefined: BGP is somebody else's. */
  readonly birdFolder: string | undefined
  /** Where passwords of BGP sessions are. */
  readonly bgpSecrets: string
  /** Where to answer for the names of containers; `auto`: at the Node's own addresses, if Docker's networks are of one host each. */
  readonly dns: 'auto' | 'off' | Ip
}

/** An address as the user has given it; without one it is found out by a method, as `detectAddress` takes it. */
export interface AddressOptions {
  readonly given: string | undefined
  readonly method: string
}

export interface DockerOptions {
  readonly scope: 'auto' | 'local' | 'global'
  /** Labels of containers become labels of their endpoints. */
  readonly containerLabels: boolean
  /** Calico's networks of other hosts are made here too, and those of this host there, where they are of one host each. */
  readonly mirrorNetworks: boolean
  /** How long, in milliseconds, an endpoint without interface, or an interface without endpoint, is let be. */
  readonly graceMilliseconds: number
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
  await requirePrograms({ bird: options.birdFolder !== undefined })
  await refuseSecond(options.runFolder)
  const release = await claimHost(options)
  await registerHost({
    ...options,
    addresses: { 4: await addressOf(options.addresses[4], 4), 6: await addressOf(options.addresses[6], 6) },
  })
  const state = new State(options)
  const forward = coalesce(async () => {
    if (options.docker) await acceptForwarding(log)
  })
  const dataplane = new Dataplane(new Nft(), footprintFile(join(options.runFolder, 'dataplane.json')), {
    refused: (owner, why) => log('error', 'the kernel refuses a policy or profile: it is closed until it is changed', { owner, why }),
    repaired: () => log('warning', 'the rules in the kernel were changed by someone else: they are right again'),
    elsewhere: () => void forward(),
    failed: (error) => {
      state.lastError = error.message
      log('error', 'the kernel takes no rules: those from before stay', { why: error.message })
    },
  })
  const names = await nameService(options, () => void programming.update())
  const mirror = options.docker?.mirrorNetworks ? networkMirror(options) : undefined
  const stopServing = await serveStatus(statusSocket(options.runFolder), () =>
    state.status(dataplane.refused, { names: names?.status, networks: mirror?.status }),
  )
  const interfaces = new HostInterfaces()
  const routes = new Routes()
  const routing = new Routing(options)
  const programmed = new Programmed()
  const felix = new FelixSettings({ node, overrides: options.felix, ownPrefix: options.docker && WORKLOAD_PREFIX, log })
  const nameServers = () => names?.listening ?? []
  const programming = new Programming({ node, clock, log, state, dataplane, interfaces, routes, routing, felix, programmed, nameServers })

  const scoped = (scope: Scope) => {
    void names?.want(options.dns !== 'auto' || scope === 'local')
    mirror?.want(scope === 'local')
  }
  const drivers = options.docker && (await startDrivers(options, options.docker, { programmed, routes, scoped }))
  const mirroring = mirror?.follow(signal)
  const sweep = coalesce(() => sweepLeftovers(drivers, log))
  const sweeping = options.docker && setInterval(() => void sweep(), Math.max(500, options.docker.graceMilliseconds / 2)).unref()
  await forward()
  const guard = dataplane.guard(signal)
  await guard.ready
  const watching = Promise.all([guard.over, interfaces.watch(signal, () => void programming.update())])
  log('info', 'the agent has started', { node, datastore: options.datastore.name, version: options.version })
  for await (const next of followWorld(options.datastore, signal, {
    clock,
    events: state,
    acceptEmpty: options.acceptEmpty,
    also: [...HOST_KINDS, ...ROUTING_KINDS],
  })) {
    await names?.update(next.world)
    state.noteWorld(next.world.setAside.map(({ problem }) => problem.message))
    await programming.update(next)
  }
  programming.close()
  clearInterval(sweeping)
  await drivers?.close()
  await names?.close()
  await routing.close()
  await Promise.all([watching, mirroring])
  await dataplane.settle()
  await stopServing()
  release()
  log('info', 'the agent has stopped: what the kernel has stays')
}

// --- internal ---

async function addressOf(options: AddressOptions | undefined, family: Family): Promise<HostAddress | undefined> {
  const text = options && (options.given ?? (await detectAddress(options.method, family)))
  return text === undefined ? undefined : { text, isGiven: options?.given !== undefined }
}

async function startDrivers(
  options: AgentOptions,
  docker: DockerOptions,
  { programmed, routes, scoped }: { readonly programmed: Programmed; readonly routes: Routes; readonly scoped: (scope: Scope) => void },
): Promise<DockerDrivers> {
  const { datastore, clock, node, log } = options
  return await startDockerDrivers({
    datastore,
    clock,
    node,
    scope: docker.scope,
    containerLabels: docker.containerLabels,
    programmed: (name, revision) => programmed.waitFor(name, revision),
    routes,
    grace: docker.graceMilliseconds,
    events: {
      scoped,
      failed: (method, error) =>
        log('error', 'Docker was refused something', { method, why: error instanceof Error ? error.message : String(error) }),
      warning: (message) => log('warning', 'Docker asked for something', { message }),
      answered: (method, milliseconds) => log('debug', 'Docker was answered', { method, milliseconds: Math.round(milliseconds * 10) / 10 }),
    },
  })
}

function networkMirror({ node, datastore, clock, log, acceptEmpty }: AgentOptions): NetworkMirror {
  const records = networkRecords({ datastore, clock, node, acceptEmpty })
  return new NetworkMirror({ node, networks: dockerNetworks(DOCKER_SOCKET), records, socketPath: DOCKER_SOCKET, isRunning: dockerIsRunning, log })
}

async function nameService({ dns, docker, datastore, node, log }: AgentOptions, changed: () => void): Promise<NameService | undefined> {
  if (dns === 'off' || (dns === 'auto' && !docker)) return undefined
  const addresses = dns === 'auto' ? await nodeAddresses(datastore, node) : [dns]
  if (addresses.length === 0) log('warning', 'names of containers on other hosts are not answered: the Node has no address', { node })
  return new NameService({ node, addresses, log, changed })
}

/** Tells what Docker had forgotten, and was removed. */
async function sweepLeftovers(drivers: DockerDrivers | undefined, log: Log): Promise<void> {
  try {
    const { endpoints = [], interfaces = [], addresses = [] } = (await drivers?.sweep()) ?? {}
    if (endpoints.length + interfaces.length + addresses.length === 0) return
    log('warning', 'what Docker had forgotten was removed', { endpoints, interfaces, addresses })
  } catch (error) {
    log('error', 'what Docker has forgotten cannot be looked for', { why: error instanceof Error ? error.message : String(error) })
  }
}

async function refuseSecond(runFolder: string): Promise<void> {
  const path = statusSocket(runFolder)
  const other = await askStatus(path).catch(() => undefined)
  if (other) throw new UserError(`an agent is at work on this host already: process ${other.pid}, as node ${other.node}`, `it answers at ${path}`)
}
