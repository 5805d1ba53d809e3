import { join } from 'node:path'
import { createIpam } from '../../ipam/store.ts'
import type { Datastore } from '../../store/datastore.ts'
import type { Clock } from '../../store/resources/clock.ts'
import type { Routes } from '../host/routes.ts'
import { dockerApi } from './docker-api.ts'
import { dockerIsRunning } from './docker-events.ts'
import { endpoints } from './endpoints.ts'
import { kernelInterfaces } from './interfaces.ts'
import { ipamDriver } from './ipam-driver.ts'
import { leftovers, type Removed } from './leftovers.ts'
import { networkDriver } from './network-driver.ts'
import { networkNames } from './network-names.ts'
import { type Methods, type PluginServer, servePlugin } from './plugin-server.ts'
import { type Scope, scopeOfDocker } from './scope.ts'

/** Where Docker answers. */
export const DOCKER_SOCKET = '/var/run/docker.sock'

export interface DockerDriversOptions {
  readonly datastore: Datastore
  readonly clock: Clock
  /** The name of this host's Node, which must exist. */
  readonly node: string
  /** Docker's own socket; by default `/var/run/docker.sock`. */
  readonly dockerSocket?: string
  /** Where Docker looks for plugins; by default `/run/docker/plugins`. */
  readonly pluginFolder?: string
  /** `auto`: as Docker is set up. */
  readonly scope: 'auto' | Scope
  readonly containerLabels: boolean
  readonly programmed: (interfaceName: string, revision: number) => Promise<void>
  /** The host's routes, to which those of containers come. */
  readonly routes: Routes
  /** Milliseconds that what is left over is given to find its counterpart; by default half a minute. */
  readonly grace?: number
  readonly events: {
    /** A call of Docker's that failed; Docker was told. */
    failed(method: string, error: unknown): void
    warning(message: string): void
    /** What Docker's networks are now. */
    scoped?(scope: Scope): void
    /** A call that was answered, and how many milliseconds Docker waited. */
    answered?(method: string, milliseconds: number): void
  }
}

export interface DockerDrivers {
  /** Removes what Docker forgot to have removed; to be called now and then. */
  sweep(): Promise<Removed>
  close(): Promise<void>
}

/** Serves the network driver `calico` and the IPAM driver `calico-ipam`. To be there before Docker starts: it does not try again. */
export async function startDockerDrivers(options: DockerDriversOptions): Promise<DockerDrivers> {
  const { datastore, clock, node, events } = options
  const folder = options.pluginFolder ?? '/run/docker/plugins'
  const docker = dockerApi(options.dockerSocket ?? DOCKER_SOCKET)
  const interfaces = kernelInterfaces(options.routes)
  const own = endpoints({ datastore, clock, node, interfaces })
  const ipam = createIpam(datastore, clock)
  const rest = leftovers({ ipam, node, endpoints: own, interfaces, grace: options.grace ?? GRACE })
  const serve = (name: string, errorField: 'Err' | 'Error', methods: Methods): Promise<PluginServer> =>
    servePlugin({
      path: join(folder, `${name}.sock`),
      methods,
      errorField,
      failed: (method, error) => events.failed(method, error),
      answered: (method, milliseconds) => events.answered?.(method, milliseconds),
    })

  const scope = async (): Promise<Scope> => {
    const found = options.scope === 'auto' ? await scopeOfDocker(datastore, docker, node) : options.scope
    events.scoped?.(found)
    return found
  }
  const ipamServer = await serve('calico-ipam', 'Error', ipamDriver({ ipam, node, endpoints: own }))
  const methods = networkDriver({
    docker,
    names: networkNames(datastore, docker),
    endpoints: own,
    interfaces,
    scope,
    containerLabels: options.containerLabels,
    programmed: options.programmed,
    pause: (milliseconds) => clock.pause(milliseconds),
    warn: (message) => events.warning(message),
  })
  const networkServer = await serve('calico', 'Err', methods)
  // To ask a Docker that is not there could start it, and waits for it in vain.
  if (options.scope !== 'auto' || dockerIsRunning()) await scope()
  else events.scoped?.(await scopeOfDocker(datastore, undefined, node))
  return {
    sweep: () => rest.sweep(),
    close: async () => void (await Promise.all([networkServer.close(), ipamServer.close()])),
  }
}

// --- internal ---

/** Docker repeats a call to a driver that is away for 15 seconds. */
const GRACE = 30_000
