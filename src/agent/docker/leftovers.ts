import type { Endpoint } from '../../policy/world/world.ts'
import { formatIp } from '../../model/net.ts'
import { releaseAddresses } from '../../ipam/release.ts'
import type { Ipam } from '../../ipam/store.ts'
import { runProgram } from '../host/program.ts'
import type { Log } from '../log.ts'
import type { Endpoints } from './endpoints.ts'

export interface LeftoversOptions {
  readonly ipam: Ipam
  readonly endpoints: Endpoints
  readonly log: Log
  /** How long something has to look forgotten before it goes: Docker makes endpoints and interfaces one after the other. */
  readonly graceMilliseconds: number
}

/**
 * Looks after what Docker forgets when it, or this agent, is killed (`reference/docker-e2e.md 3, 8`): endpoints of containers whose interface is gone, with their addresses,
 * and interfaces that no endpoint is known for.
 */
export class Leftovers {
  readonly #options: LeftoversOptions
  /** Since when each thing looks forgotten, in milliseconds. */
  readonly #since = new Map<string, number>()
  /** Interfaces that have been there, or whose endpoints were, when this agent began. */
  #seen: Set<string> | undefined

  constructor(options: LeftoversOptions) {
    this.#options = options
  }

  /** Removes what has looked forgotten for long enough. Gives after how many milliseconds it is worth to look again; undefined when nothing looks forgotten. */
  async remove(workloads: ReadonlyMap<string, Endpoint>, interfaces: ReadonlySet<string>, now: number): Promise<number | undefined> {
    const forgotten = new Map<string, () => Promise<void>>()
    this.#seen ??= new Set(workloads.keys())
    for (const name of interfaces) this.#seen.add(name)
    const unseen = new Set<string>()
    for (const [interfaceName, endpoint] of workloads) {
      const { orchestrator, endpoint: id = '' } = endpoint.resource.spec as { orchestrator?: string; endpoint?: string }
      if (orchestrator !== 'libnetwork' || interfaces.has(interfaceName)) continue
      forgotten.set(`endpoint ${id}`, () => this.#removeEndpoint(id, endpoint))
      if (!this.#seen.has(interfaceName)) unseen.add(`endpoint ${id}`)
    }
    for (const name of interfaces) {
      if (MADE_FOR_DOCKER.test(name) && !workloads.has(name)) forgotten.set(`interface ${name}`, () => this.#removeInterface(name))
    }
    for (const what of this.#since.keys()) if (!forgotten.has(what)) this.#since.delete(what)
    let next: number | undefined
    for (const [what, remove] of forgotten) {
      const since = this.#since.get(what) ?? now
      this.#since.set(what, since)
      const left = since + this.#options.graceMilliseconds * (unseen.has(what) ? PATIENCE : 1) - now
      if (left > 0) next = Math.min(next ?? left, left)
      else await remove()
    }
    return next
  }

  // --- internal ---

  async #removeEndpoint(id: string, { id: name, addresses }: Endpoint): Promise<void> {
    await this.#options.endpoints.remove(id)
    await releaseAddresses(
      this.#options.ipam,
      addresses.map((ip) => ({ address: formatIp(ip) })),
    )
    this.#options.log('warning', 'an endpoint whose container is gone was removed, and its addresses given back', { endpoint: name })
  }

  async #removeInterface(name: string): Promise<void> {
    await runProgram(['ip', 'link', 'delete', name])
    this.#options.log('warning', 'an interface that belongs to no endpoint was removed', { interface: name })
  }
}

// --- internal ---

/** Docker may be about to ask for the interface: where none has been yet, it has so many times as long. */
const PATIENCE = 12
/** As the driver calls them, after Docker's ids; interfaces of other workloads are let be. */
const MADE_FOR_DOCKER = /^cali[0-9a-f]{11}$/
