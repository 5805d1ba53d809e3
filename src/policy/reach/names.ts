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

  /** What to call some endpoints, given by their indexes: each a different name for each different set. */
  name(members: readonly number[]): string {
    const [only] = members
    if (only !== undefined && members.length === 1) return this.title(only)
    if (members.length === this.#endpoints.length) return 'every endpoint'
    const common = this.#common(members)
    const exact = common.filter((trait) => this.#holders.get(trait)?.length === members.length).sort(byRank)[0]
    if (exact !== undefined) return wordsOf(exact)
    return this.#union(members) ?? this.#conjunction(members, common) ?? this.#list(members, common)
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

  /** All that have one of some values of a label, or are on one of some networks. */
  #union(members: readonly number[]): string | undefined {
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
      const lists = [...traits].map((trait) => this.#holders.get(trait) ?? [])
      if (traits.size > MOST_VALUES || lists.reduce((sum, { length }) => sum + length, 0) !== members.length) continue
      if (new Set(lists.flat()).size !== members.length) continue
      return [...traits].map(wordsOf).sort(compareTexts).join(' or ')
    }
    return undefined
  }

  /** Two or three traits together, and traits that none of them has, until nobody else is left. */
  #conjunction(members: readonly number[], common: readonly string[]): string | undefined {
    const own = new Set(members)
    const byCount = [...common].sort((a, b) => (this.#holders.get(a)?.length ?? 0) - (this.#holders.get(b)?.length ?? 0) || byRank(a, b))
    const [base] = byCount
    let rest = (base === undefined ? this.#endpoints.map((_, index) => index) : (this.#holders.get(base) ?? [])).filter((index) => !own.has(index))
    const foreign = new Set(members.flatMap((member) => this.#traits[member] ?? []))
    const chosen = base === undefined ? [] : [wordsOf(base)]
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
      chosen.push(denies ? `not ${wordsOf(trait)}` : wordsOf(trait))
    }
    return rest.length > 0 || chosen.length === 0 ? undefined : chosen.join(', ')
  }

  #list(members: readonly number[], common: readonly string[]): string {
    const titles = members.slice(0, NAMED).map((member) => this.title(member))
    const others = members.length - titles.length
    const some = others === 0 ? titles.join(', ') : `${titles.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`
    const [trait] = [...common].sort(byRank)
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
