import { CONTAINER_ANNOTATION } from '../../model/container.ts'
import { formatIp, type Ip } from '../../model/net.ts'
import { convertProfileName } from '../../model/v1/names.ts'
import type { Endpoint, World } from '../../policy/world/world.ts'
import { DOCKER_ORCHESTRATOR } from '../docker/endpoints.ts'

/** Who asks: a workload of this host, by the profiles of the networks that it is in. */
export interface Asker {
  readonly networks: ReadonlySet<string>
}

/**
 * The names of all hosts' containers, as Docker has them on one host (`reference/docker-e2e.md 4`): `container.network` and bare `container`, to be told to
 * members of that network only. Names are given in lower case, without the dot at the end.
 */
export class Names {
  readonly #node: string
  #world: World | undefined
  /** What is worked out, and of which endpoints and profiles: worlds may come faster than questions. */
  #index = new Index()
  #endpoints: ReadonlySet<Endpoint> = new Set()
  #profiles: World['profiles'] | undefined

  /** Takes the name of this host's Node. */
  constructor(node: string) {
    this.#node = node
  }

  update(world: World): void {
    this.#world = world
  }

  /** Undefined: no workload of this host has that address. */
  asker(address: string): Asker | undefined {
    const { local, networksOf } = this.#read()
    const [endpoint] = local.get(address)
    if (!endpoint) return undefined
    return { networks: new Set([...endpoint.profiles, ...networksOf.get(containerOf(endpoint) ?? '')]) }
  }

  /** The addresses of a name; undefined: who asks may know of no such name. */
  addresses(name: string, { networks }: Asker): readonly Ip[] | undefined {
    const { full, bare } = this.#read()
    for (const names of [full, bare]) {
      const found = names.get(name).flatMap(({ network, endpoint }) => (networks.has(network) ? [endpoint] : []))
      if (found.length > 0) return [...new Map(found.flatMap(({ addresses }) => addresses.map((ip) => [formatIp(ip), ip]))).values()]
    }
    return undefined
  }

  /** The names of an address; undefined: no container of any host has it. */
  namesOf(address: string, { networks }: Asker): readonly string[] | undefined {
    const found = this.#read().reverse.get(address)
    return found.length === 0 ? undefined : found.flatMap(({ network, name }) => (networks.has(network) ? [name] : []))
  }

  /** Whether a name belongs to one of our networks, or could only be the name of a container: nobody outside is asked about those. */
  isOurs(name: string): boolean {
    const { titles, members } = this.#read()
    const isNetwork = (word: string) => titles.words.has(word) || members.get(word).length > 0
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) if (isNetwork(name.slice(dot + 1))) return true
    return !name.includes('.')
  }

  // --- internal ---

  #read(): Index {
    const world = this.#world
    this.#world = undefined
    if (!world) return this.#index
    if (world.profiles !== this.#profiles) {
      this.#profiles = world.profiles
      const titles = new Titles(world.profiles)
      // Names hang on what the networks are called.
      if (!titles.equals(this.#index.titles)) {
        this.#index = new Index(titles)
        this.#endpoints = new Set()
      }
    }
    const endpoints = new Set(world.endpoints)
    for (const endpoint of this.#endpoints) if (!endpoints.has(endpoint)) this.#index.remove(endpoint)
    for (const endpoint of endpoints) if (!this.#endpoints.has(endpoint)) this.#index.add(endpoint, this.#node)
    this.#endpoints = endpoints
    return this.#index
  }
}

// --- internal ---

/** What endpoints bring in, and take along when they go. */
class Index {
  readonly titles: Titles
  /** Workloads of this host by their address. */
  readonly local = new Lists<Endpoint>()
  /** The networks of containers, by what `containerOf` says. */
  readonly networksOf = new Lists<string>()
  readonly full = new Lists<{ readonly network: string; readonly endpoint: Endpoint }>()
  readonly bare = new Lists<{ readonly network: string; readonly endpoint: Endpoint }>()
  readonly reverse = new Lists<{ readonly network: string; readonly name: string }>()
  /** Containers by the profile of a network, whether there is such a profile or not. */
  readonly members = new Lists<Endpoint>()
  readonly #undo = new Map<Endpoint, (() => void)[]>()

  constructor(titles = new Titles(new Map())) {
    this.titles = titles
  }

  remove(endpoint: Endpoint): void {
    for (const undo of this.#undo.get(endpoint) ?? []) undo()
    this.#undo.delete(endpoint)
  }

  add(endpoint: Endpoint, node: string): void {
    if (endpoint.kind !== 'workload') return
    const undo: (() => void)[] = []
    this.#undo.set(endpoint, undo)
    const addresses = endpoint.addresses.map(formatIp)
    if (endpoint.node === node) for (const address of addresses) undo.push(this.local.add(address, endpoint))
    const { orchestrator, containerID = '' } = specOf(endpoint)
    if (orchestrator !== DOCKER_ORCHESTRATOR) return
    const container = containerOf(endpoint)
    const name = endpoint.resource.metadata.annotations?.[CONTAINER_ANNOTATION] ?? ''
    // Docker knows a container by the beginning of its id as well.
    const words = [name, containerID.slice(0, SHORT_ID)].flatMap((word) => (word === '' ? [] : [word.toLowerCase()]))
    for (const network of endpoint.profiles) {
      undo.push(this.members.add(network, endpoint))
      if (container !== undefined) undo.push(this.networksOf.add(container, network))
      const title = this.titles.of(network)
      const holder = { network, endpoint }
      for (const word of words) {
        for (const suffix of new Set([title.toLowerCase(), network])) undo.push(this.full.add(`${word}.${suffix}`, holder))
        undo.push(this.bare.add(word, holder))
      }
      if (name !== '') for (const address of addresses) undo.push(this.reverse.add(address, { network, name: `${name}.${title}` }))
    }
  }
}

/** What Docker's users call networks, by the profiles of those: a profile says it in the label that members carry. */
class Titles {
  /** In lower case, with the names of the profiles. */
  readonly words: ReadonlySet<string>
  readonly #titles: ReadonlyMap<string, string>

  constructor(profiles: World['profiles']) {
    const titles = new Map<string, string>()
    for (const { name, labelsToApply } of profiles.values()) {
      const title = Object.keys(labelsToApply).find((key) => convertProfileName(key) === name)
      if (title !== undefined) titles.set(name, title)
    }
    this.#titles = titles
    this.words = new Set([...titles].flatMap(([name, title]) => [name, title.toLowerCase()]))
  }

  of(profile: string): string {
    return this.#titles.get(profile) ?? profile
  }

  equals(other: Titles): boolean {
    return this.#titles.size === other.#titles.size && [...this.#titles].every(([name, title]) => other.#titles.get(name) === title)
  }
}

class Lists<T> {
  readonly #lists = new Map<string, T[]>()

  get(key: string): readonly T[] {
    return this.#lists.get(key) ?? []
  }

  /** Gives how to take it away again. */
  add(key: string, value: T): () => void {
    const list = this.#lists.get(key) ?? []
    list.push(value)
    this.#lists.set(key, list)
    return () => {
      list.splice(list.lastIndexOf(value), 1)
      if (list.length === 0) this.#lists.delete(key)
    }
  }
}

function specOf({ resource }: Endpoint): { readonly orchestrator?: string; readonly containerID?: string } {
  return resource.spec as { orchestrator?: string; containerID?: string }
}

/** Which container an endpoint is of, as far as that is known. */
function containerOf(endpoint: Endpoint): string | undefined {
  const { containerID = '' } = specOf(endpoint)
  return containerID === '' ? undefined : `${endpoint.node}/${containerID}`
}

/** How many characters of its id Docker shows. */
const SHORT_ID = 12
