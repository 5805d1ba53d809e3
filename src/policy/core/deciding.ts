import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import type { RuleFacts } from '../facts.ts'
import type { Group, Stage } from './groups.ts'
import type { Matches } from './matches.ts'
import { always } from './program.ts'

/** What decides at one end of a connection, and about which headers. */
export interface Deciding {
  readonly by: /** A rule; one that passes on decides within its tier. */
    | { readonly type: 'rule'; readonly rule: RuleFacts }
    /** The end of a tier, or a profile that is not there. */
    | { readonly type: 'end'; readonly of: Stage['of'] }
    /** What holds before any policy. */
    | { readonly type: 'always' }
    /** No rule matched, and nothing is left to be asked. */
    | { readonly type: 'nothing' }
  readonly headers: ConnectionSet
  /** Undefined where it is not the last word: passed on, or only logged. */
  readonly outcome: 'Allow' | 'Deny' | undefined
}

/**
 * Who decides about packets between an endpoint and one peer, in order. A header is in several entries when a rule passed it on or logged it, or when it cannot
 * be told whether a rule matches. `own[i]`: with which headers the endpoint itself fulfils rule i of those about itself.
 */
export function deciding(
  space: ConnectionSpace,
  matches: Matches,
  group: Group,
  family: 4 | 6,
  own: readonly ConnectionSet[],
  peer: number,
): Deciding[] {
  const found: Deciding[] = []
  const add = (by: Deciding['by'], headers: ConnectionSet, outcome: Deciding['outcome']) => {
    if (headers !== NOTHING) found.push({ by, headers, outcome })
  }
  const { allowed, denied, open: asked } = always(space, group)
  add({ type: 'always' }, allowed, 'Allow')
  add({ type: 'always' }, denied, 'Deny')
  const ownHeaders = new Map(group.aboutItself.map((rule, index) => [rule, own[index] ?? NOTHING]))
  const peerSide = group.direction === 'ingress' ? 'source' : 'destination'
  let open = asked
  for (const { rules, end, of } of group.stages) {
    let passed = NOTHING
    for (const rule of rules) {
      if (open === NOTHING) break
      const headers = space.intersect(matches.headers(rule, family), ownHeaders.get(rule) ?? EVERYTHING)
      const hit = space.intersect(space.intersect(open, headers), matches.headersAt(rule[peerSide], peerSide, peer))
      add({ type: 'rule', rule }, hit, rule.action === 'Allow' || rule.action === 'Deny' ? rule.action : undefined)
      if (rule.action === 'Log') continue
      if (rule.action === 'Pass') passed = space.union(passed, hit)
      if (!rule.maybe) open = space.subtract(open, hit)
    }
    if (end === 'Deny') {
      add({ type: 'end', of }, open, 'Deny')
      open = passed
    } else open = space.union(open, passed)
  }
  add({ type: 'nothing' }, open, 'Deny')
  return found
}
