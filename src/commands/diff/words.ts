import { formatPath, formatResourceName, type Path, type ResourceName } from '../../model/problem.ts'
import { formatIp } from '../../model/net.ts'
import { goJson } from '../../model/json.ts'
import type { FieldDifference } from '../../model/field-differences.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import { describeSet } from '../../policy/connections/describe.ts'
import type { ConnectionSpace } from '../../policy/connections/space.ts'
import type { Row, Witness } from '../../policy/diff/compare.ts'
import type { Decision, DecisionPair } from '../../policy/diff/decision.ts'
import type { Origin } from '../../policy/world/origin.ts'
import { tunnels } from '../../policy/why/traffic.ts'
import { ownerTitle, rulePath } from '../../policy/words.ts'
import { placeOf } from '../answer.ts'
import { endWords, headerWords } from '../why/words.ts'

/** What becomes of a row's connections, in a word. */
export function changeWord({ before, after }: Pick<Row, 'before' | 'after'>): 'gained' | 'lost' | 'unclear' {
  if (before === 'unknown' || after === 'unknown') return 'unclear'
  return after === 'allow' ? 'gained' : 'lost'
}

/** A row's connections, as `tcp 80,443`. The tunnels that no workload may send are no news about it: they do not lengthen the words. */
export function connectionWords(space: ConnectionSpace, { connections, source }: Row): string {
  const words = describeSet(space, connections)
  if (source.outside || source.endpoints.some(({ before, after }) => (after ?? before)?.kind !== 'workload')) return words
  const withTunnels = describeSet(space, space.union(connections, tunnels(space)))
  return withTunnels.length < words.length ? withTunnels : words
}

/** A decision in a clause, with its place, as in `denied by rule 1 of GlobalNetworkPolicy web (web.yaml:7:5)`. Safe to print. */
export function decisionWords(decision: Decision | undefined): string {
  if (!decision) return 'not there'
  switch (decision.type) {
    case 'rule': {
      const { owner, rule } = decision
      return `${rule.action === 'Allow' ? 'allowed' : 'denied'} by ${ruleWords(decision)}${inParentheses(owner.origin, rulePath(rule))}`
    }
    case 'perhaps': {
      const { owner, rule } = decision
      return `not known: ${ruleWords(decision)} asks for what a packet does not show${inParentheses(owner.origin, rulePath(rule))}`
    }
    case 'end-of-tier': {
      const { tier, policy } = decision
      const what = escapeForTerminal(`${ownerTitle(policy)} acts there, and no rule of tier ${tier.name} matches`)
      return `denied: ${what}${inParentheses(policy.origin, ['metadata', 'name'])}`
    }
    case 'missing-profile':
      return `denied: there is no profile ${escapeForTerminal(decision.name)}`
    case 'no-profile':
      return 'denied: no policy acts there, and no rule of its profiles matches'
    case 'failsafe':
      return 'allowed: a failsafe port of the host'
    case 'tunnel':
      return 'denied: workloads must not build tunnels'
  }
}

/** `egress of web-1`: where a decision falls. Safe to print. */
export function sideWords({ direction }: DecisionPair, { source, destination }: Witness): string {
  const endpoint = direction === 'egress' ? source : destination
  return `${direction} of ${escapeForTerminal(endpoint?.aliases[0] ?? endpoint?.id ?? '')}`
}

/** The packet of a witness: `web-1 (10.0.0.1 on node1) to db-1 (10.0.0.2 on node2), tcp from port 49152 to port 80`. Safe to print. */
export function witnessWords({ source, destination, packet }: Witness): string {
  const [from, to] = [endWords({ endpoint: source, ip: packet.source }), endWords({ endpoint: destination, ip: packet.destination })]
  return `${from} to ${to}, ${headerWords(packet)}`
}

/** `IPv6 only`, where the row is about one version of endpoints that have both; otherwise nothing. */
export function familyWords({ families, source, destination }: Row): string {
  const [only] = families
  if (families.length !== 1 || only === undefined) return ''
  const hasBoth = [source, destination].every(({ endpoints }) =>
    endpoints.some(({ before, after }) => new Set((after ?? before)?.addresses.map(({ family }) => family)).size === 2),
  )
  return hasBoth ? `IPv${only} only` : ''
}

/** Where the resource or one of its fields stands. Safe to print; undefined where there is nothing to point at. */
export function fieldPlace(origin: Origin | undefined, path: Path): string | undefined {
  return origin && origin.file !== undefined ? placeOf(origin, path) : undefined
}

/** The path of a field: as it is after, or as it was. */
export function fieldPath({ beforePath, afterPath }: FieldDifference): string {
  return escapeForTerminal(formatPath(afterPath ?? beforePath ?? []))
}

/** A value in a line, as JSON, cut where it is long. Safe to print. */
export function valueWords(value: unknown, most = MOST_CHARACTERS): string {
  const text = escapeForTerminal(typeof value === 'string' ? JSON.stringify(value) : goJson(value))
  return text.length > most ? `${text.slice(0, most)}…` : text
}

/** `GlobalNetworkPolicy(web)`. Safe to print. */
export function resourceWords(resource: ResourceName): string {
  return escapeForTerminal(formatResourceName(resource))
}

/** What addresses the ends of a witness had before, where they have others after. */
export function addressesChanged({ before, after }: Witness): string {
  if (!before || !after) return ''
  const [a, b] = [before.packet, after.packet]
  const moved = ([end, x, y]: readonly [string, typeof a.source, typeof a.source]) => (x.value === y.value ? '' : `${end} had ${formatIp(x)}`)
  const texts = [moved(['the source', a.source, b.source]), moved(['the destination', a.destination, b.destination])].filter((text) => text !== '')
  return texts.length === 0 ? '' : ` (before, ${texts.join(' and ')})`
}

// --- internal ---

const MOST_CHARACTERS = 160

function ruleWords({ owner, rule }: Extract<Decision, { type: 'rule' | 'perhaps' }>): string {
  return escapeForTerminal(`rule ${rule.index + 1} of ${ownerTitle(owner)}`)
}

function inParentheses(origin: Origin, path: Path): string {
  const place = placeOf(origin, path)
  return place === undefined ? '' : ` (${place})`
}
