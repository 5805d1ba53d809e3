import { labelsOf, type Selector } from '../../model/selector/ast.ts'
import { endpointTitle } from '../words.ts'
import { NAMESPACE_LABEL } from '../world/selectors.ts'
import type { Endpoint, World } from '../world/world.ts'

/**
 * Finds what endpoints have in common and others have not, to call them by it: a network, a label, a few of both. Where nothing of the kind tells them apart,
 * some of them are named.
 */
export class Namer {
  readonly #endpoints: readonly Endpoint[]
  /** For each trait the endpoints that have it, in order. */
  readonly #holders = new Map<string, number[]>()
  readonly #traits: readonly (readonly string[])[]
  readonly #asked: ReadonlySet<string>
  readonly #titles = new Map<string, number>()

  constructor(world: World) {
    this.#endpoints = world.endpoints
    this.#asked = labelsAsked(world)
    this.#traits = world.endpoints.map((endpoint) => traitsOf(endpoint, this.#asked))
    for (const [index, traits] of this.#traits.entries()) {
      for (const trait of traits) {
        const holders = this.#holders.get(trait)
        if (holders) holders.push(index)
        else this.#holders.set(trait, [index])
      }
    }
    for (const endpoint of world.endpoints) {
      const title = endpointTitle(endpoint)
      this.#titles.set(title, (this.#titles.get(title) ?? 0) + 1)
    }
  }

  /** What to call some endpoints, given by their indexes. */
  name(members: readonly number[]): string {
    return this.exactName(members) ?? this.#list(members)
  }

  /** What some endpoints, and no others, have in common, in words; undefined when that would not be short. */
  exactName(members: readonly number[]): string | undefined {
    const [only] = members
    if (only !== undefined && members.length === 1) return this.title(only)
    if (members.length === this.#endpoints.length) return 'every endpoint'
    const common = this.#common(members)
    const [exact] = common.filter((trait) => this.#holders.get(trait)?.length === members.length).sort(byRank)
    if (exact !== undefined) return wordsOf(exact)
    return (
      this.#union(members, undefined) ?? this.#unionWithin(members, common) ?? this.#allBut(members, common) ?? this.#conjunction(members, common)
    )
  }

  /** What to call one endpoint: what people do, unless that is the name of several. */
  title(index: number): string {
    const endpoint = this.#endpoints[index]
    if (!endpoint) return ''
    const title = endpointTitle(endpoint)
    return this.#titles.get(title) === 1 ? title : endpoint.id
  }

  // --- internal ---

  /** The traits that all members have. */
  #common(members: readonly number[]): string[] {
    let common = [...(this.#traits[members[0] ?? 0] ?? [])]
    for (const member of members) {
      if (common.length === 0) break
      const own = new Set(this.#traits[member])
      common = common.filter((trait) => own.has(trait))
    }
    return common
  }

  /** All that have one of some values of a label, or are on one of some networks; of those that have a trait, if one is given. */
  #union(members: readonly number[], within: string | undefined): string | undefined {
    const values = new Map<string, Set<string>>()
    for (const member of members) {
      for (const trait of this.#traits[member] ?? []) {
        const subject = subjectOf(trait)
        const known = values.get(subject)
        if (known) known.add(trait)
        else values.set(subject, new Set([trait]))
      }
    }
    for (const [, traits] of [...values].sort(([a], [b]) => byRank(a, b))) {
      if (traits.size > MOST_VALUES) continue
      const holders = new Set([...traits].flatMap((trait) => this.#holders.get(trait) ?? []))
      const count =
        within === undefined ? holders.size : (this.#holders.get(within) ?? []).reduce((sum, index) => sum + (holders.has(index) ? 1 : 0), 0)
      if (count === members.length && members.every((member) => holders.has(member))) return oneOf([...traits].map(wordsOf).sort(compareTexts))
    }
    return undefined
  }

  /** Those of a trait that have one of some values. */
  #unionWithin(members: readonly number[], common: readonly string[]): string | undefined {
    for (const trait of [...common].sort(byRank)) {
      const union = this.#union(members, trait)
      if (union !== undefined && union !== wordsOf(trait)) return [wordsOf(trait), union].join(', ')
    }
    return undefined
  }

  /** All of a trait, or all there are, but for those that have one of some values. */
  #allBut(members: readonly number[], common: readonly string[]): string | undefined {
    const own = new Set(members)
    for (const trait of [...[...common].sort(byRank).filter((trait) => this.#holders.get(trait)?.length !== this.#endpoints.length), undefined]) {
      const all = trait === undefined ? [...this.#endpoints.keys()] : (this.#holders.get(trait) ?? [])
      const rest = all.filter((index) => !own.has(index))
      const union = this.#union(rest, trait)
      if (union !== undefined) return `${trait === undefined ? 'every endpoint' : wordsOf(trait)} but ${union}`
    }
    return undefined
  }

  /** Two or three traits together, and traits that none of them has, until nobody else is left. */
  #conjunction(members: readonly number[], common: readonly string[]): string | undefined {
    const own = new Set(members)
    const telling = common.filter((trait) => this.#holders.get(trait)?.length !== this.#endpoints.length)
    const byCount = telling.sort((a, b) => (this.#holders.get(a)?.length ?? 0) - (this.#holders.get(b)?.length ?? 0) || byRank(a, b))
    const [base] = byCount
    let rest = (base === undefined ? this.#endpoints.map((_, index) => index) : (this.#holders.get(base) ?? [])).filter((index) => !own.has(index))
    const foreign = new Set(members.flatMap((member) => this.#traits[member] ?? []))
    const chosen = base === undefined ? [] : [base]
    while (rest.length > 0 && chosen.length < MOST_TRAITS) {
      // How many of the rest each further condition excludes.
      const without = new Map<string, number>(common.map((trait) => [trait, rest.length]))
      for (const index of rest) {
        for (const trait of this.#traits[index] ?? []) {
          if (common.includes(trait)) without.set(trait, (without.get(trait) ?? 0) - 1)
          else if (!foreign.has(trait)) without.set(`!${trait}`, (without.get(`!${trait}`) ?? 0) + 1)
        }
      }
      const [best, excluded = 0] = [...without].sort((a, b) => b[1] - a[1] || byRank(a[0], b[0]))[0] ?? []
      if (best === undefined || excluded === 0) return undefined
      const denies = best.startsWith('!')
      const trait = denies ? best.slice(1) : best
      rest = rest.filter((index) => (this.#traits[index]?.includes(trait) ?? false) !== denies)
      chosen.push(best)
    }
    if (rest.length > 0 || chosen.length === 0) return undefined
    const words = (one: string) => (one.startsWith('!') ? `not ${wordsOf(one)}` : wordsOf(one))
    return chosen
      .sort((a, b) => Number(a.startsWith('!')) - Number(b.startsWith('!')) || byRank(a, b))
      .map(words)
      .join(', ')
  }

  #list(members: readonly number[]): string {
    const titles = members.slice(0, NAMED).map((member) => this.title(member))
    const others = members.length - titles.length
    if (others === 0) return titles.join(', ')
    const some = `${titles.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`
    const [trait] = this.#common(members).sort(byRank)
    return trait === undefined ? some : `some of ${wordsOf(trait)}: ${some}`
  }
}

/** Orders names as people do: `net2` before `net10`. */
export function compareTexts(a: string, b: string): number {
  return COLLATOR.compare(a, b)
}

// --- internal ---

const COLLATOR = new Intl.Collator('en', { numeric: true })
const MOST_VALUES = 4
const MOST_TRAITS = 4
const NAMED = 3

/**
 * What an endpoint can be called by, as `<rank> <subject>\n<words>`: networks first, then labels that selectors ask for, namespaces, kinds, other labels.
 */
function traitsOf({ profiles, labels, namespace, kind, node }: Endpoint, asked: ReadonlySet<string>): string[] {
  const traits: string[] = []
  for (const profile of profiles) if (!/^k(?:ns|sa)\./.test(profile)) traits.push(`0 profile\n${profile}`)
  for (const [label, value] of Object.entries(labels)) {
    // The label by which members of a network know each other says no more than its name.
    if (label.startsWith('projectcalico.org/') || (value === '' && profiles.includes(label))) continue
    traits.push(
      `${asked.has(label) ? 1 : 4} label ${label}\n${label.replace(/^pcns\./, 'namespace ').replace(/^pcsa\./, 'service account ')}=${value}`,
    )
  }
  if (namespace !== undefined) traits.push(`2 namespace\nnamespace ${namespace}`)
  traits.push(`3 kind\n${kind === 'host' ? 'host endpoints' : 'workloads'}`)
  if (node !== '') traits.push(`5 node\nnode ${node}`)
  return traits
}

/** `net1 or net2`, `app=api or web`. */
function oneOf(words: readonly string[]): string {
  const [first = '', ...others] = words
  const label = first.slice(0, first.indexOf('=') + 1)
  return [first, ...(label !== '' && others.every((word) => word.startsWith(label)) ? others.map((word) => word.slice(label.length)) : others)].join(
    ' or ',
  )
}

function subjectOf(trait: string): string {
  return trait.slice(0, trait.indexOf('\n'))
}

function wordsOf(trait: string): string {
  return trait.slice(trait.indexOf('\n') + 1)
}

function byRank(a: string, b: string): number {
  const [x, y] = [a.replace('!', ''), b.replace('!', '')]
  return x === y ? 0 : x < y ? -1 : 1
}

/** The labels that policies and rules ask for. */
function labelsAsked({ tiers, profiles }: World): Set<string> {
  const asked = new Set<string>()
  const add = (selector: Selector | undefined) => {
    if (selector) for (const label of labelsOf(selector)) asked.add(label)
  }
  for (const owner of [...tiers.flatMap(({ policies }) => policies), ...profiles.values()]) {
    if ('selector' in owner) add(owner.selector)
    for (const { source, destination } of [...(owner.ingress ?? []), ...(owner.egress ?? [])]) {
      for (const { selector, notSelector } of [source, destination]) {
        add(selector)
        add(notSelector)
      }
    }
  }
  asked.delete(NAMESPACE_LABEL)
  return asked
}
