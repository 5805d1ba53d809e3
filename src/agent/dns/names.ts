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
  #index: Index | undefined

  /** Takes the name of this host's Node. */
  constructor(node: string) {
    this.#node = node
  }

  update(world: World): void {
    this.#world = world
    this.#index = undefined
  }

  /** Undefined: no workload of this host has that address. */
  asker(address: string): Asker | undefined {
    const endpoint = this.#read().local.get(address)
    if (!endpoint) return undefined
    const others = this.#read().networksOf.get(containerOf(endpoint) ?? '')
    return { networks: new Set([...endpoint.profiles, ...(others ?? [])]) }
  }

  /** The addresses of a name; undefined: who asks may know of no such name. */
  addresses(name: string, { networks }: Asker): readonly Ip[] | undefined {
    const { full, bare } = this.#read()
    return visible(full.get(name), networks) ?? visible(bare.get(name), networks)
  }

  /** The names of an address; undefined: no container of any host has it. */
  namesOf(address: string, { networks }: Asker): readonly string[] | undefined {
    return this.#read()
      .reverse.get(address)
      ?.flatMap(({ network, name }) => (networks.has(network) ? [name] : []))
  }

  /** Whether a name belongs to one of our networks, or could only be the name of a container: nobody outside is asked about those. */
  isOurs(name: string): boolean {
    const { networks } = this.#read()
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) if (networks.has(name.slice(dot + 1))) return true
    return !name.includes('.')
  }

  // --- internal ---

  /** Made when somebody asks: worlds may come faster than questions. */
  #read(): Index {
    return (this.#index ??= makeIndex(this.#world, this.#node))
  }
}

// --- internal ---

/** Of one name: addresses by the profile of the network that they are in. */
type ByNetwork = Map<string, Ip[]>

interface Index {
  /** Workloads of this host by their address. */
  readonly local: ReadonlyMap<string, Endpoint>
  /** The networks of containers that are in several. */
  readonly networksOf: ReadonlyMap<string, ReadonlySet<string>>
  readonly full: ReadonlyMap<string, ByNetwork>
  readonly bare: ReadonlyMap<string, ByNetwork>
  readonly reverse: ReadonlyMap<string, readonly { readonly network: string; readonly name: string }[]>
  /** The names of all networks, in lower case. */
  readonly networks: ReadonlySet<string>
}

function makeIndex(world: World | undefined, node: string): Index {
  const local = new Map<string, Endpoint>()
  const networksOf = new Map<string, Set<string>>()
  const [full, bare] = [new Map<string, ByNetwork>(), new Map<string, ByNetwork>()]
  const reverse = new Map<string, { network: string; name: string }[]>()
  const titles = networkTitles(world)
  for (const endpoint of world?.endpoints ?? []) {
    if (endpoint.kind !== 'workload') continue
    if (endpoint.node === node) for (const ip of endpoint.addresses) local.set(formatIp(ip), local.get(formatIp(ip)) ?? endpoint)
    const { orchestrator, containerID = '' } = specOf(endpoint)
    if (orchestrator !== DOCKER_ORCHESTRATOR) continue
    const container = containerOf(endpoint)
    if (container !== undefined) for (const profile of endpoint.profiles) put(networksOf, container, () => new Set()).add(profile)
    const name = endpoint.resource.metadata.annotations?.[CONTAINER_ANNOTATION] ?? ''
    for (const profile of endpoint.profiles) {
      const title = titles.get(profile) ?? profile
      titles.set(profile, title)
      // Docker knows a container by the beginning of its id as well.
      for (const word of [name, containerID.slice(0, SHORT_ID)]) {
        if (word === '') continue
        for (const network of new Set([title, profile])) add(full, `${word}.${network}`, profile, endpoint.addresses)
        add(bare, word, profile, endpoint.addresses)
      }
      if (name === '') continue
      for (const ip of endpoint.addresses) put(reverse, formatIp(ip), () => []).push({ network: profile, name: `${name}.${title}` })
    }
  }
  return { local, networksOf, full, bare, reverse, networks: new Set([...titles].flat().map((title) => title.toLowerCase())) }
}

/** What Docker's users call a network, by its profile: the profile says it in the label that members carry. */
function networkTitles(world: World | undefined): Map<string, string> {
  const titles = new Map<string, string>()
  for (const { name, labelsToApply } of world?.profiles.values() ?? []) {
    const title = Object.keys(labelsToApply).find((key) => convertProfileName(key) === name)
    if (title !== undefined) titles.set(name, title)
  }
  return titles
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

function add(names: Map<string, ByNetwork>, name: string, network: string, addresses: readonly Ip[]): void {
  const known = put(
    put(names, name.toLowerCase(), () => new Map<string, Ip[]>()),
    network,
    () => [],
  )
  for (const ip of addresses) if (!known.some((other) => formatIp(other) === formatIp(ip))) known.push(ip)
}

function put<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

function visible(found: ByNetwork | undefined, networks: ReadonlySet<string>): readonly Ip[] | undefined {
  const lists = [...(found ?? [])].flatMap(([network, addresses]) => (networks.has(network) ? [addresses] : []))
  return lists.length === 0 ? undefined : lists.flat()
}
