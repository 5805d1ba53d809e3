import type { Rule as WrittenRule } from '../../model/rule.ts'
import type { Miss } from '../interpreter/match.ts'
import type { Layer, Side } from '../interpreter/walk.ts'
import type { Policy, Profile, Rule } from '../world/world.ts'

/** A rule that would have let the packet through, but for something. */
export interface NearMiss {
  readonly owner: Policy | Profile
  readonly rule: Rule
  readonly misses: readonly Miss[]
}

/** The rules that came nearest to allowing what a side denied: those with the fewest misses, two at most; in the order in which they were tried. */
export function nearestMisses(side: Side | undefined): NearMiss[] {
  if (side?.verdict !== 'deny') return []
  const all = side.layers.flatMap(triedIn).filter(({ rule, misses }) => rule.action === 'Allow' && misses.length > 0)
  const fewest = Math.min(...all.map(({ misses }) => misses.length))
  return fewest > MOST_MISSES ? [] : all.filter(({ misses }) => misses.length === fewest).slice(0, SHOWN)
}

/** What a packet lacked, in few words: `the port and the source`. */
export function missWords(misses: readonly Miss[]): string {
  const words = [...new Set(misses.map((miss) => WORDS[miss]))]
  return words.length < 3 ? words.join(' and ') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** What a rule wants where a packet missed it, as written: `net2 == ''`, `80,443`. */
export function wanted(owner: Policy | Profile, rule: Rule, miss: Miss): string {
  const written = (owner.resource.spec as Partial<Record<'ingress' | 'egress', WrittenRule[]>>)[rule.direction]?.[rule.index]
  const [field = '', within] = miss.split('.')
  const value = (written as Readonly<Record<string, unknown>> | undefined)?.[field]
  return textOf(within === undefined || typeof value !== 'object' ? value : (value as Readonly<Record<string, unknown>>)[within])
}

// --- internal ---

const MOST_MISSES = 2
/** How many misses of the same nearness are told. */
const SHOWN = 3

const WORDS: Readonly<Record<Miss, string>> = {
  family: 'the IP version',
  ipVersion: 'the IP version',
  protocol: 'the protocol',
  notProtocol: 'the protocol',
  icmp: 'the ICMP type',
  notICMP: 'the ICMP type',
  'source.selector': 'the source',
  'source.notSelector': 'the source',
  'source.nets': 'the source address',
  'source.notNets': 'the source address',
  'source.ports': 'the source port',
  'source.notPorts': 'the source port',
  'destination.selector': 'the destination',
  'destination.notSelector': 'the destination',
  'destination.nets': 'the destination address',
  'destination.notNets': 'the destination address',
  'destination.ports': 'the port',
  'destination.notPorts': 'the port',
}

function triedIn(layer: Layer): NearMiss[] {
  if (layer.type === 'tier') return layer.steps.flatMap(({ policy, tried }) => tried.map((one) => ({ owner: policy, ...one })))
  const profile = layer.type === 'profile' ? layer.profile : undefined
  return profile && layer.type === 'profile' ? layer.tried.map((one) => ({ owner: profile, ...one })) : []
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, one]) => `${key} ${textOf(one)}`)
      .join(' ')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
