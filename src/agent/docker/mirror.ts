import { coalesce } from '../coalesce.ts'
import type { Log } from '../log.ts'
import { followDockerEvents } from './docker-events.ts'
import { DockerApiError } from './docker-request.ts'
import type { DockerNetworkFacts, DockerNetworks, NewDockerNetwork } from './docker-networks.ts'
import type { NetworkRecord, NetworkRecords } from './network-records.ts'

/** Networks that another host's agent has asked for carry this label, with the name of the host where they were made. */
export const MIRROR_LABEL = 'org.projectcalico.mirror.origin'

export interface NetworkMirrorOptions {
  /** The name of this host's Node. */
  readonly node: string
  readonly networks: DockerNetworks
  readonly records: NetworkRecords
  readonly socketPath: string
  readonly isRunning: () => boolean
  readonly log: Log
}

/** How networks are shared, for `node status`. */
export interface MirrorStatus {
  /** How many networks all hosts have. */
  readonly shared: number
  /** What this host does not have as the others do, in words. */
  readonly faults: readonly string[]
}

/**
 * Makes each calico network of one host's Docker one of all hosts', where Docker itself does not (`reference/docker-e2e.md 6`): what a user creates or removes on one
 * is created and removed on the others. Nothing that a user has made is ever changed.
 */
export class NetworkMirror {
  readonly #options: NetworkMirrorOptions
  /** Networks that were here and as their record says, by id, since Docker was last found. */
  #seen = new Map<string, string>()
  #isWanted = true
  #isCalled = false
  /** Nothing is known of what happened before. */
  #isFresh = true
  #isConnected = false
  #faults = new Map<string, Fault>()
  #retry: NodeJS.Timeout | undefined
  readonly #update: () => Promise<void>

  constructor(options: NetworkMirrorOptions) {
    this.#options = options
    this.#update = coalesce(() => this.#reconcile().catch((error: unknown) => this.#failed('error', error)))
  }

  get status(): MirrorStatus | undefined {
    if (!this.#isWanted) return undefined
    return { shared: this.#options.records.known?.size ?? 0, faults: [...this.#faults.values()].map(wordsOf) }
  }

  /** Begins or ends: a Docker that shares its networks itself needs no help. */
  want(wanted: boolean): void {
    this.#isWanted = wanted
    // Docker has just called, so it is there.
    this.#isCalled = true
    this.changed()
  }

  /** Something may be different from what it should be. */
  changed(): void {
    void this.#update()
  }

  /** Works until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const { socketPath, isRunning, records } = this.#options
    const recording = records.follow(signal, () => this.changed())
    await followDockerEvents({
      socketPath,
      signal,
      isRunning: () => {
        this.#isConnected = false
        const called = this.#isCalled
        this.#isCalled = false
        return called || isRunning()
      },
      connected: () => {
        this.#isFresh = true
        this.#isConnected = true
        this.changed()
      },
      changed: () => this.changed(),
    })
    this.#isConnected = false
    await recording
    await this.#update()
  }

  // --- internal ---

  async #reconcile(): Promise<void> {
    clearTimeout(this.#retry)
    if (!this.#isWanted || !this.#isConnected || !this.#options.records.known) return
    const faults = new Map<string, Fault>()
    try {
      await this.#align(faults)
    } catch (error) {
      // It is about to end, or to tell that it is there again.
      if (!(error instanceof DockerApiError)) throw error
      return this.#failed('debug', error)
    }
    for (const [name, fault] of faults) {
      const before = this.#faults.get(name)
      if (!before || wordsOf(before) !== wordsOf(fault)) this.#tell(fault)
    }
    this.#faults = faults
    // Somebody has to do something about a conflict, and events tell that.
    if ([...faults.values()].some(({ kind }) => kind !== 'conflict')) this.#retry = setTimeout(() => this.changed(), RETRY_MILLISECONDS)
  }

  #failed(level: 'error' | 'debug', error: unknown): void {
    this.#options.log(level, 'networks cannot be compared with those of other hosts', { why: messageOf(error) })
    this.#retry = setTimeout(() => this.changed(), RETRY_MILLISECONDS)
  }

  async #align(faults: Map<string, Fault>): Promise<void> {
    const { node, networks, records, log } = this.#options
    if (this.#isFresh) this.#seen = new Map()
    const isFresh = this.#isFresh
    const all = await networks.list()
    this.#isFresh = false
    const ids = new Set(all.map(({ id }) => id))
    const named = new Map(all.map((network) => [network.name, network]))
    const attempt = async (name: string, work: () => Promise<void>) => {
      try {
        await work()
      } catch (error) {
        faults.set(name, { kind: 'failed', name, why: messageOf(error) })
      }
    }

    for (const id of records.removed) if (!ids.has(id)) await attempt(id, () => records.settle(id))
    for (const [name, kept] of records.known ?? []) {
      const { made } = kept.record
      const own = made[node]
      // Users remove networks while the agent is not looking, too; those that they have not made here it could not tell from others that are still to come.
      const isGone = [...this.#seen].some(([id, of]) => of === name && !ids.has(id)) || (isFresh && own !== undefined && !ids.has(own))
      const now = named.get(name)
      if (!isGone || (now && isOurs(now) && differenceOf(now, kept.record) === undefined)) continue
      await attempt(name, async () => {
        if (await records.remove(kept)) log('info', 'a network was removed here: it is on its way out everywhere', { network: name })
      })
    }
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id)

    for (const network of all) if (isOurs(network)) await attempt(network.name, () => this.#alignOne(network, faults))
    for (const [name, { record }] of records.known ?? []) {
      const other = named.get(name)
      if (other && !isOurs(other)) faults.set(name, { kind: 'conflict', name, why: `a network of driver ${other.driver} has this name here` })
      if (!other) await attempt(name, () => this.#create(record))
    }
  }

  async #alignOne(network: DockerNetworkFacts, faults: Map<string, Fault>): Promise<void> {
    const { node, records, log } = this.#options
    const { id, name, labels } = network
    const kept = records.known?.get(name)
    const isCopy = Object.hasOwn(labels, MIRROR_LABEL)
    const mayGo = isCopy || records.removed.has(id)
    if (!kept) {
      if (mayGo) return this.#remove(network, faults)
      const { subnets, ipv6, options } = network
      const record = { name, subnets, ipv6, options, labels, origin: node, made: { [node]: id } }
      if (!(await records.write(record, 0))) return
      log('info', 'a network was made here: it is on its way to all hosts', { network: name })
      this.#seen.set(id, name)
      return
    }
    const { record, revision } = kept
    const difference = differenceOf(network, record)
    if (difference !== undefined && mayGo) {
      // It was removed and made otherwise while nobody was looking.
      await this.#remove(network, faults)
      if (!faults.has(name)) await this.#create(record)
      return
    }
    if (difference !== undefined) {
      faults.set(name, { kind: 'conflict', name, why: `${difference}, unlike on ${record.origin}` })
      return
    }
    this.#seen.set(id, name)
    if (!isCopy && record.made[node] !== id) await records.write({ ...record, made: { ...record.made, [node]: id } }, revision)
  }

  async #create(record: NetworkRecord): Promise<void> {
    const { name, subnets, ipv6, options, labels, origin } = record
    const wanted: NewDockerNetwork = {
      name,
      driver: DRIVER,
      ipamDriver: IPAM_DRIVER,
      subnets,
      ipv6,
      options,
      labels: { ...labels, [MIRROR_LABEL]: origin },
    }
    this.#seen.set(await this.#options.networks.create(wanted), name)
    this.#options.log('info', 'a network of another host is here too', { network: name, origin })
  }

  async #remove({ id, name }: DockerNetworkFacts, faults: Map<string, Fault>): Promise<void> {
    const { networks, records, log } = this.#options
    this.#seen.delete(id)
    if (!(await networks.remove(id))) {
      faults.set(name, { kind: 'waiting', name, why: 'containers are attached' })
      return
    }
    if (records.removed.has(id)) await records.settle(id)
    log('info', 'a network that was removed on another host is gone', { network: name })
  }

  #tell(fault: Fault): void {
    const { kind, name, why } = fault
    const level = kind === 'failed' ? 'error' : 'warning'
    this.#options.log(level, EVENTS[kind], { network: name, why })
  }
}

// --- internal ---

interface Fault {
  readonly kind: 'conflict' | 'waiting' | 'failed'
  readonly name: string
  readonly why: string
}

const EVENTS = {
  conflict: 'a network is not here as it is on other hosts: it is let be',
  waiting: 'a network was removed on another host, and goes when its last container here does',
  failed: 'a network cannot be shared with other hosts',
} as const

const DRIVER = 'calico'
const IPAM_DRIVER = 'calico-ipam'
const RETRY_MILLISECONDS = 5000

function isOurs({ driver, ipamDriver, isLocal }: DockerNetworkFacts): boolean {
  return isLocal && driver === DRIVER && ipamDriver === IPAM_DRIVER
}

/** What is not as in the record, in words. */
function differenceOf(network: DockerNetworkFacts, record: NetworkRecord): string | undefined {
  const listed = (values: readonly string[]) => (values.length === 0 ? 'none' : values.join(', '))
  if (network.subnets.join() !== record.subnets.join()) return `its subnets are ${listed(network.subnets)}, not ${listed(record.subnets)}`
  if (network.ipv6 !== record.ipv6) return network.ipv6 ? 'it has IPv6' : 'it has no IPv6'
  const options = (of: Readonly<Record<string, string>>) =>
    listed(
      Object.entries(of)
        .map(([key, value]) => `${key}=${value}`)
        .sort(),
    )
  if (options(network.options) !== options(record.options)) return `its options are ${options(network.options)}, not ${options(record.options)}`
  return undefined
}

function wordsOf({ kind, name, why }: Fault): string {
  return kind !== 'waiting' ? `${name}: ${why}` : `${name}: it was removed on another host, but ${why}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
