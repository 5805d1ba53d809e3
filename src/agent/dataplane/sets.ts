import { formatIp, formatNet, type Net, parseNet } from '../../model/net.ts'
import { canonicalSelector } from '../../model/selector/canonical.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { matches } from '../../model/selector/evaluate.ts'
import type { Endpoint, NetworkSet, World } from '../../policy/world/world.ts'
import { nftName, shortHash } from './names.ts'
import { withoutContained } from './networks.ts'
import type { NftSet } from './ruleset.ts'

type Family = 4 | 6

/** What rules call the sets that they look into. */
export interface SetNames {
  /** Addresses of the endpoints and network sets that a selector picks. */
  ofSelector(selector: Selector, family: Family): string
  /** Address, protocol and number of what endpoints declare as a port of this name; those only that the selector picks, if there is one. */
  ofPort(name: string, selector: Selector | undefined, family: Family): string
}

/**
 * The members of all sets that rules look into, kept up to date as the world changes: what an endpoint adds and takes is worked out for that endpoint
 * alone.
 */
export class MemberSets implements SetNames {
  readonly #tracked = new Map<string, Tracked>()
  readonly #keys = new WeakMap<Selector, string>()
  #owners: ReadonlySet<Owner> = new Set()
  #used = new Set<Tracked>()

  /** Takes in another world, and forgets which sets are in use. */
  update(world: World): void {
    const owners = new Set<Owner>([...world.endpoints, ...world.networkSets])
    for (const owner of this.#owners) if (!owners.has(owner)) for (const tracked of this.#tracked.values()) tracked.change(owner, -1)
    for (const owner of owners) if (!this.#owners.has(owner)) for (const tracked of this.#tracked.values()) tracked.change(owner, 1)
    this.#owners = owners
    this.#used = new Set()
  }

  ofSelector(selector: Selector, family: Family): string {
    const key = this.#keyOf(selector)
    return this.#track(`s/${key}/${family}`, () => new Addresses(selector, key, family)).name
  }

  ofPort(name: string, selector: Selector | undefined, family: Family): string {
    const key = selector ? this.#keyOf(selector) : ''
    return this.#track(`p/${name}/${key}/${family}`, () => new NamedPorts(name, selector, key, family)).name
  }

  /** The sets that were asked for since the last update, by name. The others are let go. */
  used(): ReadonlyMap<string, NftSet> {
    for (const [key, tracked] of this.#tracked) if (!this.#used.has(tracked)) this.#tracked.delete(key)
    return new Map([...this.#used].map((tracked) => [tracked.name, tracked.set]))
  }

  // --- internal ---

  #track(key: string, make: () => Tracked): Tracked {
    let tracked = this.#tracked.get(key)
    if (!tracked) {
      tracked = make()
      for (const owner of this.#owners) tracked.change(owner, 1)
      this.#tracked.set(key, tracked)
    }
    this.#used.add(tracked)
    return tracked
  }

  #keyOf(selector: Selector): string {
    let key = this.#keys.get(selector)
    if (key === undefined) this.#keys.set(selector, (key = canonicalSelector(selector)))
    return key
  }
}

// --- internal ---

type Owner = Endpoint | NetworkSet

interface Tracked {
  readonly name: string
  readonly set: NftSet
  /** Adds (1) or takes away (-1) what an owner brings. */
  change(owner: Owner, by: 1 | -1): void
}

/** Counts how many owners bring each element: one that several bring stays until the last one goes. */
class Counted<T> {
  readonly #counts = new Map<string, { readonly value: T; count: number }>()

  get size(): number {
    return this.#counts.size
  }

  /** Whether the elements are others now. */
  change(key: string, value: T, by: 1 | -1): boolean {
    const entry = this.#counts.get(key)
    if (!entry) this.#counts.set(key, { value, count: by })
    else if ((entry.count += by) === 0) this.#counts.delete(key)
    return !entry || entry.count === 0
  }

  keys(): Iterable<string> {
    return this.#counts.keys()
  }

  values(): T[] {
    return [...this.#counts.values()].map(({ value }) => value)
  }
}

class Addresses implements Tracked {
  readonly #selector: Selector
  readonly #family: Family
  readonly #id: string
  readonly #hosts = new Counted<undefined>()
  readonly #nets = new Counted<Net>()
  #set: NftSet | undefined

  constructor(selector: Selector, key: string, family: Family) {
    this.#selector = selector
    this.#family = family
    this.#id = shortHash(key)
  }

  /** A set of another kind has another name, so that one can take the other's place in a transaction. */
  get name(): string {
    return `${this.#nets.size > 0 ? 'nets' : 'addresses'}${this.#family}-${this.#id}`
  }

  get set(): NftSet {
    return (this.#set ??= this.#make())
  }

  change(owner: Owner, by: 1 | -1): void {
    if (!matches(this.#selector, owner.labels)) return
    let changed = false
    if ('addresses' in owner) {
      for (const ip of owner.addresses) if (ip.family === this.#family) changed = this.#hosts.change(formatIp(ip), undefined, by) || changed
    } else {
      for (const net of owner.nets) if (net.family === this.#family) changed = this.#addNet(net, by) || changed
    }
    if (changed) this.#set = undefined
  }

  #addNet(net: Net, by: 1 | -1): boolean {
    if (net.prefix === (net.family === 4 ? 32 : 128)) return this.#hosts.change(formatIp(net), undefined, by)
    return this.#nets.change(formatNet(net), net, by)
  }

  #make(): NftSet {
    const type = this.#family === 4 ? 'ipv4_addr' : 'ipv6_addr'
    if (this.#nets.size === 0) return { type, interval: false, elements: new Set(this.#hosts.keys()) }
    const hosts = [...this.#hosts.keys()].flatMap((text) => hostNet(text, this.#family))
    const nets = withoutContained([...this.#nets.values(), ...hosts])
    return { type, interval: true, elements: new Set(nets.flatMap(elementsOf)) }
  }
}

class NamedPorts implements Tracked {
  readonly name: string
  readonly #port: string
  readonly #selector: Selector | undefined
  readonly #family: Family
  readonly #members = new Counted<undefined>()
  #set: NftSet | undefined

  constructor(port: string, selector: Selector | undefined, key: string, family: Family) {
    this.name = nftName(`port${family}`, `${port}/${key}`)
    this.#port = port
    this.#selector = selector
    this.#family = family
  }

  get set(): NftSet {
    const type = `${this.#family === 4 ? 'ipv4_addr' : 'ipv6_addr'} . inet_proto . inet_service`
    return (this.#set ??= { type, interval: false, elements: new Set(this.#members.keys()) })
  }

  change(owner: Owner, by: 1 | -1): void {
    if (!('addresses' in owner) || owner.ports.length === 0 || (this.#selector && !matches(this.#selector, owner.labels))) return
    for (const { name, protocol, port } of owner.ports) {
      if (name !== this.#port) continue
      for (const ip of owner.addresses) {
        if (ip.family === this.#family && this.#members.change(`${formatIp(ip)} . ${protocol} . ${port}`, undefined, by)) this.#set = undefined
      }
    }
  }
}

function hostNet(text: string, family: Family): Net[] {
  const net = parseNet(text)
  return net?.family === family ? [net] : []
}

/** The whole address space is no interval that nft takes: it is two halves. */
function elementsOf(net: Net): string[] {
  if (net.prefix > 0) return [formatNet(net)]
  return net.family === 4 ? ['0.0.0.0/1', '128.0.0.0/1'] : ['::/1', '8000::/1']
}
