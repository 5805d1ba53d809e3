import { type ConnectionSet, EVERYTHING, NOTHING } from '../connections/space.ts'
import { headersOf, Matches } from '../core/matches.ts'
import type { Rule } from '../world/world.ts'
import type { Site } from './trails.ts'

/** Which end of a rule is the endpoint's own. */
export const OWN = { ingress: 'destination', egress: 'source' } as const
/** And which is its peer's. */
export const PEER = { ingress: 'source', egress: 'destination' } as const

/** The headers that a rule asks for, for packets of one family, whatever their ends. */
export function headersOfRule(matches: Matches, rule: Rule, family: 4 | 6): ConnectionSet {
  let known = asked.get(matches)
  if (!known) asked.set(matches, (known = { 4: new Map(), 6: new Map() }))
  let headers = known[family].get(rule)
  if (headers === undefined) known[family].set(rule, (headers = headersOf(matches.space, rule, family)))
  return headers
}

/** The same at a site: what the rule asks of the endpoint's own end is counted in. */
export function headersAtSite(matches: Matches, { family, own }: Pick<Site, 'family' | 'own'>, rule: Rule): ConnectionSet {
  return matches.space.intersect(headersOfRule(matches, rule, family), own.get(rule) ?? fixed(matches, rule))
}

// --- internal ---

const asked = new WeakMap<Matches, Readonly<Record<4 | 6, Map<Rule, ConnectionSet>>>>()

/** What every place fulfils with the same headers, such as ports. */
function fixed(matches: Matches, rule: Rule): ConnectionSet {
  const side = OWN[rule.direction]
  return Matches.asks(rule[side]) ? EVERYTHING : (matches.end(rule[side], side)[0]?.headers ?? NOTHING)
}
