import type { Ip, Net } from '../../model/net.ts'
import { endpointTitle } from '../words.ts'
import type { Endpoint, World } from '../world/world.ts'
import { compareTexts, oneOf, type Trait, traitsOf } from './traits.ts'

/**
 * Finds what endpoints have in common and others have not, to call them by it: a network, a label, a few of both. Where nothing of the kind tells them apart,
 * some of them are named. Takes time in proportion to the endpoints that are named.
 */
export class Namer {
  readonly #endpoints: readonly Endpoint[]
  readonly #traits: readonly Trait[]
  /** The traits of each endpoint, by number. */
  readonly #own: readonly (readonly number[])[]
  /** The endpoints that have each trait. */
  readonly #holders: readonly (readonly number[])[]
  /** For a trait, how many of its holders have each other trait; `undefined`: of all endpoints. */
  readonly #counts = new Map<number | undefined, ReadonlyMap<number, number>>()
  /** All zero between two counts. */
  readonly #tally: Int32Array
  readonly #ofGroups = new WeakMap<readonly number[], ReadonlyMap<number, number>>()
  readonly #titles = new Map<string, number>()

  /** `netOf`: the network, of those that rules name, in which an address lies. */
  constructor(world: World, netOf: (ip: Ip) => Net) {
    this.#endpoints = world.endpoints
    const { traits, own } = traitsOf(world, netOf)
    this.#traits = traits
    this.#own = own
    this.#tally = new Int32Array(traits.length)
    const holders: number[][] = traits.map(() => [])
    for (const [index, list] of own.entries()) for (const trait of list) holders[trait]?.push(index)
    this.#holders = holders
    for (const endpoint of world.endpoints) {
      const title = endpointTitle(endpoint)
      this.#titles.set(title, (this.#titles.get(title) ?? 0) + 1)
    }
  }

  /** What to call some endpoints, given by their indexes. */
  name(members: readonly number[]): string {
    return this.exactName(members) ?? this.#list(members)
  }

  /** As `name`, with how many they are where not each of them is named: `net1 (3 endpoints)`, `a, b`. */
  countedName(members: readonly number[]): string {
    return this.isListed(members) ? this.name(members) : `${this.name(members)} (${members.length} endpoints)`
  }

  /** Whether the name of some endpoints has each of them in it. */
  isListed(members: readonly number[]): boolean {
    return members.length === 1 || (members.length <= NAMED && this.exactName(members) === undefined)
  }

  /** What some endpoints, and no others, have in common, in words; undefined when that would not be short. */
  exactName(members: readonly number[]): string | undefined {
    const [only] = members
    if (only === undefined) return undefined
    if (members.length === 1) return this.title(only)
    if (members.length === this.#endpoints.length) return 'every endpoint'
    const counts = this.#count(members)
    return this.#shortName(counts, members.length) ?? this.#conjunction(members, counts, this.#common(counts, members.length))
  }

  /** As `exactName`, for several groups of endpoints together that have none in common; takes time in proportion to the groups. */
  togetherName(groups: readonly (readonly number[])[]): string | undefined {
    const [first] = groups
    if (!first || groups.length === 1) return first && this.exactName(first)
    const counts = new Map<number, number>()
    let size = 0
    for (const group of groups) {
      let own = this.#ofGroups.get(group)
      if (!own) this.#ofGroups.set(group, (own = this.#count(group)))
      for (const [trait, count] of own) counts.set(trait, (counts.get(trait) ?? 0) + count)
      size += group.length
    }
    if (size === this.#endpoints.length) return 'every endpoint'
    return this.#shortName(counts, size)
  }

  /** What to call one endpoint: what people do, unless that is the name of several. */
  title(index: number): string {
    const endpoint = this.#endpoints[index]
    if (!endpoint) return ''
    const title = endpointTitle(endpoint)
    return this.#titles.get(title) === 1 ? title : endpoint.id
  }

  // --- internal ---

  /** A trait, values of a subject, or all but a few; of some endpoints of which only is known how many have each trait. */
  #shortName(counts: ReadonlyMap<number, number>, size: number): string | undefined {
    const common = this.#common(counts, size)
    const exact = common.find((trait) => this.#holders[trait]?.length === size)
    if (exact !== undefined) return this.#words(exact)
    for (const base of [undefined, ...common]) {
      const union = this.#union(counts, size, base)
      if (union !== undefined) return base === undefined ? union : `${this.#words(base)}, ${union}`
    }
    for (const base of [...common, undefined]) {
      const exception = this.#exception(counts, size, base)
      if (exception !== undefined) return `${base === undefined ? 'every endpoint' : this.#words(base)} but ${exception}`
    }
    return undefined
  }

  #words(trait: number): string {
    return this.#traits[trait]?.words ?? ''
  }

  /** How many of some endpoints have each trait. */
  #count(members: readonly number[]): Map<number, number> {
    const touched: number[] = []
    for (const member of members) {
      for (const trait of this.#own[member] ?? []) {
        if (this.#tally[trait] === 0) touched.push(trait)
        this.#tally[trait] = (this.#tally[trait] ?? 0) + 1
      }
    }
    const counts = new Map<number, number>()
    for (const trait of touched) {
      counts.set(trait, this.#tally[trait] ?? 0)
      this.#tally[trait] = 0
    }
    return counts
  }

  /** The traits that all of some endpoints have and not all others, the most telling first. */
  #common(counts: ReadonlyMap<number, number>, size: number): number[] {
    return [...counts]
      .flatMap(([trait, count]) => (count === size && this.#holders[trait]?.length !== this.#endpoints.length ? [trait] : []))
      .sort((a, b) => a - b)
  }

  #countsWithin(base: number | undefined): ReadonlyMap<number, number> {
    let counts = this.#counts.get(base)
    if (!counts) {
      counts = this.#count(base === undefined ? [...this.#endpoints.keys()] : (this.#holders[base] ?? []))
      this.#counts.set(base, counts)
    }
    return counts
  }

  /** All that have one of a few values of a label or are on one of a few networks; of the holders of a trait, if one is given. */
  #union(counts: ReadonlyMap<number, number>, size: number, base: number | undefined): string | undefined {
    const within = this.#countsWithin(base)
    return this.#values(counts, size, (trait) => within.get(trait) ?? 0)
  }

  /** What all of a trait have who are not meant, when those who are meant are the others. */
  #exception(counts: ReadonlyMap<number, number>, size: number, base: number | undefined): string | undefined {
    const within = this.#countsWithin(base)
    const all = base === undefined ? this.#endpoints.length : (this.#holders[base]?.length ?? 0)
    return this.#values(this.#without(within, counts), all - size, (trait) => within.get(trait) ?? 0)
  }

  /** How many of the others have each trait. */
  #without(within: ReadonlyMap<number, number>, counts: ReadonlyMap<number, number>): Map<number, number> {
    const rest = new Map<number, number>()
    for (const [trait, count] of within) {
      const others = count - (counts.get(trait) ?? 0)
      if (others > 0) rest.set(trait, others)
    }
    return rest
  }

  /** The values of a subject, few of them, that all of `size` endpoints have and nobody else: an endpoint has one value of each subject at most. */
  #values(counts: ReadonlyMap<number, number>, size: number, among: (trait: number) => number): string | undefined {
    const bySubject = new Map<number, number[]>()
    for (const trait of counts.keys()) {
      const subject = this.#traits[trait]?.subject ?? -1
      const list = bySubject.get(subject)
      if (!list) bySubject.set(subject, [trait])
      else if (list.length <= MOST_VALUES) list.push(trait)
    }
    for (const [, traits] of [...bySubject].sort(([a], [b]) => a - b)) {
      if (traits.length > MOST_VALUES) continue
      const sum = (count: (trait: number) => number) => traits.reduce((total, trait) => total + count(trait), 0)
      if (sum((trait) => counts.get(trait) ?? 0) === size && sum(among) === size) return oneOf(traits.map((trait) => this.#words(trait)))
    }
    return undefined
  }

  /** A few traits together, and traits that none of them has, until nobody else is left. */
  #conjunction(members: readonly number[], counts: ReadonlyMap<number, number>, common: readonly number[]): string | undefined {
    const own = new Set(members)
    const shared = new Set(common)
    const [base] = [...common].sort((a, b) => (this.#holders[a]?.length ?? 0) - (this.#holders[b]?.length ?? 0))
    if (base === undefined) return undefined
    let rest = (this.#holders[base] ?? []).filter((index) => !own.has(index))
    const chosen = [base]
    const denied: number[] = []
    while (rest.length > 0 && chosen.length + denied.length < MOST_TRAITS) {
      // How many of the rest each further condition excludes; of those that exclude the most, a shared trait comes before one that is denied.
      const have = chosen.length + denied.length > 1 ? this.#count(rest) : this.#without(this.#countsWithin(base), counts)
      let [best, excluded, denies] = [-1, 0, false]
      for (const trait of common) {
        const without = rest.length - (have.get(trait) ?? 0)
        if (without > excluded) [best, excluded] = [trait, without]
      }
      for (const [trait, count] of have)
        if (!shared.has(trait) && !counts.has(trait) && count > excluded) [best, excluded, denies] = [trait, count, true]
      if (excluded === 0) return undefined
      rest = rest.filter((index) => this.#own[index]?.includes(best) !== denies)
      if (denies) denied.push(best)
      else chosen.push(best)
    }
    if (rest.length > 0) return undefined
    const words = (traits: number[], before: string) => traits.sort((a, b) => a - b).map((trait) => `${before}${this.#words(trait)}`)
    return [...words(chosen, ''), ...words(denied, 'not ')].join(', ')
  }

  #list(members: readonly number[]): string {
    const titles = members.slice(0, NAMED).map((member) => this.title(member))
    const others = members.length - titles.length
    if (others === 0) return titles.sort(compareTexts).join(', ')
    const some = `${titles.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`
    const [trait] = this.#common(this.#count(members), members.length)
    return trait === undefined ? some : `some of ${this.#words(trait)}: ${some}`
  }
}

// --- internal ---

const MOST_VALUES = 4
const MOST_TRAITS = 4
const NAMED = 3
