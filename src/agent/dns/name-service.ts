import { formatIp, type Ip } from '../../model/net.ts'
import type { World } from '../../policy/world/world.ts'
import type { Log } from '../log.ts'
import { Names } from './names.ts'
import { isNeighbour } from './neighbours.ts'
import { DNS_PORT, readNameServers } from './resolv-conf.ts'
import { NameServer } from './server.ts'

export interface NameServiceOptions {
  /** The name of this host's Node. */
  readonly node: string
  /** Addresses of this host to listen at. */
  readonly addresses: readonly Ip[]
  readonly log: Log
  /** Where it listens has changed. */
  readonly changed: () => void
}

/** How names are served, for `node status`. */
export interface NamesStatus {
  readonly address: string
  readonly failure?: string
}

/** Answers this host's containers for the names of all hosts' (`reference/docker-e2e.md 6`), from the first world on and while it is wanted. */
export class NameService {
  readonly #options: NameServiceOptions
  readonly #names: Names
  #servers: readonly NameServer[] = []
  #isWanted = true
  #hasWorld = false

  constructor(options: NameServiceOptions) {
    this.#options = options
    this.#names = new Names(options.node)
  }

  /** The addresses at which it listens. */
  get listening(): readonly Ip[] {
    return this.#options.addresses.filter((_, index) => this.#servers[index]?.isListening)
  }

  get status(): readonly NamesStatus[] {
    return this.#servers.map(({ failure }, index) => {
      const address = this.#options.addresses[index]
      return { address: address ? formatIp(address) : '', ...(failure === undefined ? {} : { failure }) }
    })
  }

  async update(world: World): Promise<void> {
    this.#names.update(world)
    this.#hasWorld = true
    await this.#adjust()
  }

  /** Begins or ends. */
  async want(wanted: boolean): Promise<void> {
    this.#isWanted = wanted
    await this.#adjust()
  }

  async close(): Promise<void> {
    await this.want(false)
  }

  // --- internal ---

  async #adjust(): Promise<void> {
    const { addresses, log, changed } = this.#options
    if (this.#isWanted && this.#hasWorld && this.#servers.length === 0) {
      const own = new Set(addresses.map(formatIp))
      this.#servers = [...own].map(
        (address) =>
          new NameServer({
            address,
            port: DNS_PORT,
            names: this.#names,
            isNeighbour,
            upstreams: () => readNameServers('/etc/resolv.conf', own),
            log,
            changed,
          }),
      )
      await Promise.all(this.#servers.map((server) => server.start()))
    } else if (!this.#isWanted && this.#servers.length > 0) {
      const servers = this.#servers
      this.#servers = []
      await Promise.all(servers.map((server) => server.close()))
      changed()
    }
  }
}
