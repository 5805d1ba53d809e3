import { containsNet, formatNet, type Ip, maskNet, type Net, parseNet } from '../model/net.ts'
import type { Selector } from '../model/selector/ast.ts'
import { matches } from '../model/selector/evaluate.ts'
import { parseSelector } from '../model/selector/parse.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Endpoint, World } from './world/world.ts'

/** What a user means by one end of a connection: endpoints of the world, or addresses outside. */
export type Subject =
  /** One endpoint. */
  | { readonly type: 'endpoint'; readonly text: string; readonly endpoints: readonly [Endpoint] }
  /** All endpoints of a network or profile, or all that a selector picks; there may be none. */
  | { readonly type: 'group'; readonly text: string; readonly endpoints: readonly Endpoint[]; readonly selector?: Selector }
  /** An address or a network; `endpoints` are those that have an address in it, or act at one. */
  | { readonly type: 'address'; readonly text: string; readonly net: Net; readonly endpoints: readonly Endpoint[] }
  /** A network set; `endpoints` are those that have an address in it, or act at one. */
  | { readonly type: 'set'; readonly text: string; readonly nets: readonly Net[]; readonly endpoints: readonly Endpoint[] }

export interface SubjectFault {
  readonly code: 'unknown-name' | 'ambiguous-name' | 'bad-selector'
  readonly message: string
  readonly help?: string
}

/**
 * Finds what a word stands for: the name of an endpoint (`namespace/name`, `host:name`, or one of the names that people have for it), a network or profile
 * (all that carry it), an address or network of addresses, a network set, or a selector (`app == 'web'`). `endpoint:`, `network:`, `profile:`, `set:` and
 * `selector:` in front say which is meant.
 */
export function findSubject(world: World, text: string): Subject | SubjectFault {
  const [, prefix = '', rest = text] = /^(endpoint|network|profile|set|selector):(.*)$/s.exec(text) ?? []
  if (prefix === 'selector') return bySelector(world, text, rest)
  const net = prefix === '' ? parseNet(text) : undefined
  if (net) return byAddress(world, text, maskNet(net))
  if (prefix === '' && looksLikeSelector(text)) return bySelector(world, text, text)
  const found: Subject[] = []
  if (prefix === '' || prefix === 'endpoint') found.push(...byName(world, text, rest))
  if (prefix === '' || prefix === 'network' || prefix === 'profile') found.push(...byProfile(world, text, rest))
  if (prefix === '' || prefix === 'set') found.push(...bySet(world, text, rest))
  const [only] = found
  if (only && found.length === 1) return only
  return only ? ambiguous(text, found) : unknown(world, text, rest)
}

export function isSubjectFault(found: object): found is SubjectFault {
  return 'code' in found
}

// --- internal ---

/** At most so many candidates are listed. */
const LISTED = 8

export function looksLikeSelector(text: string): boolean {
  return /[=!&|(){}]|\s(?:in|not in|notin|contains|starts\s?with|ends\s?with)\s/.test(text) || text.trim() === ''
}

function bySelector(world: World, text: string, selector: string): Subject | SubjectFault {
  const { ast, fault } = parseSelector(selector)
  if (!ast) return { code: 'bad-selector', message: `"${selector}" is not a selector: ${fault.message}`, help: "as in: app == 'web' && has(role)" }
  return { type: 'group', text, endpoints: world.endpoints.filter(({ labels }) => matches(ast, labels)), selector: ast }
}

function byAddress(world: World, text: string, net: Net): Subject {
  return { type: 'address', text, net, endpoints: within(world, [net]) }
}

function within(world: World, nets: readonly Net[]): Endpoint[] {
  const isIn = (ip: Ip) => nets.some((net) => containsNet(net, ip))
  return world.endpoints.filter(({ addresses, otherAddresses }) => addresses.some(isIn) || otherAddresses?.some(isIn))
}

/** Full names win over the names that people have for endpoints. */
function byName(world: World, text: string, name: string): Subject[] {
  const exact = world.endpoints.filter((endpoint) => endpoint.id === name)
  const named = exact.length > 0 ? exact : world.endpoints.filter((endpoint) => endpoint.name === name)
  const known = named.length > 0 ? named : world.endpoints.filter(({ aliases }) => aliases.includes(name))
  return known.map((endpoint) => ({ type: 'endpoint', text, endpoints: [endpoint] }))
}

function byProfile(world: World, text: string, name: string): Subject[] {
  const endpoints = world.endpoints.filter(({ profiles }) => profiles.includes(name))
  return endpoints.length > 0 || world.profiles.has(name) ? [{ type: 'group', text, endpoints }] : []
}

function bySet(world: World, text: string, name: string): Subject[] {
  return world.networkSets
    .filter((set) => set.name === name || `${set.namespace ?? ''}/${set.name}` === name)
    .map(({ nets }) => ({ type: 'set', text, nets, endpoints: within(world, nets) }))
}

function ambiguous(text: string, found: readonly Subject[]): SubjectFault {
  const candidates = found.map(describe)
  const shown = candidates.slice(0, LISTED).join(', ')
  const more = candidates.length > LISTED ? ` and ${candidates.length - LISTED} more` : ''
  return { code: 'ambiguous-name', message: `"${text}" can be several: ${shown}${more}`, help: 'write one of these' }
}

/** A word for a subject that nothing else can be meant by. */
function describe(subject: Subject): string {
  const [first] = subject.endpoints
  if (subject.type === 'endpoint' && first) return first.id
  const bare = subject.text.replace(/^[a-z]+:/, '')
  return `${subject.type === 'set' ? 'set' : 'network'}:${subject.type === 'address' ? formatNet(subject.net) : bare}`
}

function unknown(world: World, text: string, name: string): SubjectFault {
  const names = new Set<string>()
  for (const { id, name, aliases } of world.endpoints) for (const known of [id, name, ...aliases]) names.add(known)
  for (const profile of world.profiles.keys()) names.add(profile)
  for (const set of world.networkSets) names.add(set.name)
  const suggestion = didYouMean(name, names)
  return {
    code: 'unknown-name',
    message: `nothing is called "${text}": no endpoint, network, profile or network set`,
    help: suggestion === undefined ? 'an address or a selector will do too, as in 10.0.0.1 or "app == \'web\'"' : `did you mean "${suggestion}"?`,
  }
}
