import { formatNet, type Ip, type Net } from '../../model/net.ts'
import { labelsOf, type Selector } from '../../model/selector/ast.ts'
import { NAMESPACE_LABEL } from '../world/selectors.ts'
import type { Endpoint, World } from '../world/world.ts'

/** Something that endpoints can be called by. */
export interface Trait {
  readonly words: string
  /** What it is a value of: networks, a label. An endpoint has one value of a subject at most. Subjects that tell more have lower numbers. */
  readonly subject: number
}

export interface Traits {
  /** In the order of their subjects, and of their words. */
  readonly traits: readonly Trait[]
  /** For each endpoint its traits, by index. */
  readonly own: readonly (readonly number[])[]
}

/** What the endpoints of a world can be called by: networks first, then labels that selectors ask for, namespaces, kinds, networks of addresses, other labels, nodes. */
export function traitsOf(world: World, netOf: (ip: Ip) => Net): Traits {
  const asked = labelsAsked(world)
  // Where an endpoint is on several networks, each of them is a subject of its own.
  const several = world.endpoints.some(({ profiles }) => profiles.filter(isNetwork).length > 1)
  const found = new Map<string, { readonly subject: string; readonly words: string; readonly holders: number[] }>()
  for (const [index, endpoint] of world.endpoints.entries()) {
    for (const [subject, words] of described(endpoint, asked, several, netOf)) {
      const key = `${subject}\n${words}`
      const known = found.get(key)
      if (known) known.holders.push(index)
      else found.set(key, { subject, words, holders: [index] })
    }
  }
  // A label with a value of its own for every other endpoint names no groups.
  const values = new Map<string, number>()
  for (const { subject } of found.values()) values.set(subject, (values.get(subject) ?? 0) + 1)
  const most = Math.max(FEW, world.endpoints.length / 2)
  const telling = [...found.values()].filter(({ subject }) => (values.get(subject) ?? 0) <= most)
  const sorted = telling.sort((a, b) => compareTexts(a.subject, b.subject) || compareTexts(a.words, b.words))
  const subjects = new Map<string, number>()
  const own: number[][] = world.endpoints.map(() => [])
  const traits = sorted.map(({ subject, words, holders }, trait): Trait => {
    for (const holder of holders) own[holder]?.push(trait)
    const number = subjects.get(subject) ?? subjects.size
    subjects.set(subject, number)
    return { words, subject: number }
  })
  return { traits, own }
}

/** Several values of a subject: `net1 or net2`, `app=api or web`. */
export function oneOf(words: readonly string[]): string {
  const [first = '', ...others] = [...words].sort(compareTexts)
  const label = first.slice(0, first.indexOf('=') + 1)
  const alike = label !== '' && others.every((word) => word.startsWith(label))
  return [first, ...(alike ? others.map((word) => word.slice(label.length)) : others)].join(' or ')
}

/** Orders names as people do: `net2` before `net10`. */
export function compareTexts(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

/** Profiles of namespaces and service accounts are no networks. */
export function isNetwork(profile: string): boolean {
  return !/^k(?:ns|sa)\./.test(profile)
}

// --- internal ---

const COLLATOR = new Intl.Collator('en', { numeric: true })

const FEW = 16

/** Subjects begin with a number that ranks them. */
function* described(endpoint: Endpoint, asked: ReadonlySet<string>, several: boolean, netOf: (ip: Ip) => Net): Generator<[string, string]> {
  const { profiles, labels, namespace, kind, node, addresses } = endpoint
  for (const profile of profiles) if (isNetwork(profile)) yield [several ? `0 network ${profile}` : '0 network', profile]
  for (const [label, value] of Object.entries(labels)) {
    // The label by which members of a network know each other says no more than its name.
    if (label.startsWith('projectcalico.org/') || (value === '' && profiles.includes(label))) continue
    const words = `${label.replace(/^pcns\./, 'namespace ').replace(/^pcsa\./, 'service account ')}=${value}`
    yield [`${asked.has(label) ? 1 : 4} label ${label}`, words]
  }
  if (namespace !== undefined) yield ['2 namespace', `namespace ${namespace}`]
  yield ['3 kind', kind === 'host' ? 'host endpoints' : 'workloads']
  const [ip] = addresses
  const net = ip && netOf(ip)
  if (net) yield ['4 addresses', net.prefix === 0 ? 'elsewhere' : `in ${formatNet(net)}`]
  if (node !== '') yield ['5 node', `node ${node}`]
}

/** The labels that policies and rules ask for. */
function labelsAsked({ tiers, profiles }: World): Set<string> {
  const asked = new Set<string>()
  const seen = new Set<Selector>()
  const add = (selector: Selector | undefined) => {
    if (!selector || seen.has(selector)) return
    seen.add(selector)
    for (const label of labelsOf(selector)) asked.add(label)
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
