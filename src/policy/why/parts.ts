import type { Port } from '../../model/port.ts'
import { actsOn } from '../applies.ts'
import { type Intervals, intervalsOf } from '../connections/intervals.ts'
import { ICMP, ICMPV6, PORTED } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING } from '../connections/space.ts'
import { failsafeOf } from '../failsafe.ts'
import type { Direction, EntityFacts, IcmpFacts, NamedPort, RuleFacts } from '../facts.ts'
import type { Endpoint, World } from '../world/world.ts'
import { tunnels } from './traffic.ts'

/**
 * What can tell connections of an IP version apart at an endpoint: for each rule of a direction that acts there, the headers that it asks for; and what comes
 * before all rules.
 */
export function criteriaAt(space: ConnectionSpace, world: World, endpoint: Endpoint, direction: Direction, family: 4 | 6): Set<ConnectionSet> {
  const criteria = new Set<ConnectionSet>()
  const add = (rules: readonly RuleFacts[]) => {
    for (const rule of rules) for (const criterion of criteriaOfRule(space, world, rule, family)) criteria.add(criterion)
  }
  for (const { policies } of world.tiers) {
    for (const policy of policies) if (policy[direction] && actsOn(policy, endpoint)) add(policy[direction])
  }
  for (const name of endpoint.profiles) add(world.profiles.get(name)?.[direction] ?? [])
  if (endpoint.kind === 'workload') criteria.add(tunnels(space))
  for (const [protocol, port] of failsafeOf(endpoint, direction)) criteria.add(space.ports(protocol, ALL, [port, port]))
  return criteria
}

/** Cuts a set so that each part lies within or outside of every criterion; undefined when that makes too many parts. */
export function cut(space: ConnectionSpace, set: ConnectionSet, criteria: Iterable<ConnectionSet>): ConnectionSet[] | undefined {
  let parts = set === NOTHING ? [] : [set]
  for (const criterion of criteria) {
    parts = parts.flatMap((part) => [space.intersect(part, criterion), space.subtract(part, criterion)].filter((piece) => piece !== NOTHING))
    if (parts.length > MOST_PARTS) return undefined
  }
  return parts
}

// --- internal ---

const MOST_PARTS = 256
const ALL: Intervals = [0, MAX_PORT]

/** The headers that a rule asks for; what a name of a port means hangs on the address, so each port that it can mean is a criterion too. */
function criteriaOfRule(space: ConnectionSpace, world: World, rule: RuleFacts, family: 4 | 6): ConnectionSet[] {
  const { source, destination } = rule
  let headers = space.intersect(
    protocolHeaders(space, rule, family),
    onPorts(space, source.ports, (protocol, ports) => space.ports(protocol, ports, ALL)),
  )
  headers = space.intersect(
    headers,
    onPorts(space, destination.ports, (protocol, ports) => space.ports(protocol, ALL, ports)),
  )
  if (source.notPorts?.length)
    headers = space.subtract(
      headers,
      onPorts(space, source.notPorts, (protocol, ports) => space.ports(protocol, ports, ALL)),
    )
  if (destination.notPorts?.length)
    headers = space.subtract(
      headers,
      onPorts(space, destination.notPorts, (protocol, ports) => space.ports(protocol, ALL, ports)),
    )
  const named = [
    ...namedPorts(world, source).map(({ protocol, port }) => space.ports(protocol, [port, port], ALL)),
    ...namedPorts(world, destination).map(({ protocol, port }) => space.ports(protocol, ALL, [port, port])),
  ]
  return named.length === 0 ? [headers] : [headers, protocolHeaders(space, rule, family), ...numbered(space, rule), ...named]
}

/** Beside names of ports, the numbers stand alone. */
function numbered(space: ConnectionSpace, { source, destination }: RuleFacts): ConnectionSet[] {
  return [
    ...[source.ports, source.notPorts].map((list) => onPorts(space, list, (protocol, ports) => space.ports(protocol, ports, ALL))),
    ...[destination.ports, destination.notPorts].map((list) => onPorts(space, list, (protocol, ports) => space.ports(protocol, ALL, ports))),
  ]
}

function protocolHeaders(space: ConnectionSpace, { protocol, notProtocol, icmp, notIcmp }: RuleFacts, family: 4 | 6): ConnectionSet {
  const own = family === 4 ? ICMP : ICMPV6
  let headers = protocol === undefined ? EVERYTHING : space.protocol(protocol)
  if (notProtocol !== undefined) headers = space.subtract(headers, space.protocol(notProtocol))
  if (icmp?.type !== undefined) headers = space.intersect(headers, typed(space, own, icmp))
  if (notIcmp?.type !== undefined) headers = space.subtract(space.intersect(headers, space.protocol(own)), typed(space, own, notIcmp))
  return headers
}

function typed(space: ConnectionSpace, protocol: number, { type = 0, code }: IcmpFacts): ConnectionSet {
  return space.icmp(protocol, [[type, type]], code === undefined ? [[0, 255]] : [[code, code]])
}

/** Headers on the numbers of a list of ports; everything when there is no list. */
function onPorts(
  space: ConnectionSpace,
  list: readonly Port[] | undefined,
  make: (protocol: number, ports: Intervals) => ConnectionSet,
): ConnectionSet {
  if (!list?.length) return EVERYTHING
  const ports = intervalsOf(list.flatMap((port) => rangesOf(port)))
  return PORTED.map((protocol) => make(protocol, ports)).reduce((union, set) => space.union(union, set), NOTHING)
}

/** None for a name. */
function rangesOf(port: Port): [number, number][] {
  if (typeof port === 'number') return [[port, port]]
  if (!port.includes(':')) return []
  const [first = 0, last = 0] = port.split(':').map(Number)
  return [[first, last]]
}

/** The ports that endpoints declare by the names in a rule. */
function namedPorts(world: World, { ports = [], notPorts = [] }: EntityFacts): NamedPort[] {
  const names = new Set([...ports, ...notPorts].filter((port) => typeof port === 'string' && !port.includes(':')))
  if (names.size === 0) return []
  return world.endpoints.flatMap((endpoint) => endpoint.ports.filter(({ name }) => names.has(name)))
}
