import { actsOn } from '../applies.ts'
import { ICMP, ICMPV6, PORTED } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, MAX_PORT, NOTHING } from '../connections/space.ts'
import { FAILSAFE } from '../failsafe.ts'
import type { Direction, EntityFacts, RuleFacts } from '../facts.ts'
import type { Port } from '../../model/port.ts'
import type { Endpoint, World } from '../world/world.ts'
import { tunnels } from './traffic.ts'

/** What can tell connections apart at an endpoint: each rule of a direction that acts there, and what comes before all rules. */
export function criteriaAt(space: ConnectionSpace, world: World, endpoint: Endpoint, direction: Direction): Set<ConnectionSet> {
  const criteria = new Set<ConnectionSet>()
  for (const { policies } of world.tiers) {
    for (const policy of policies) if (policy[direction] && actsOn(policy, endpoint)) addCriteria(space, world, policy[direction], criteria)
  }
  for (const name of endpoint.profiles) addCriteria(space, world, world.profiles.get(name)?.[direction] ?? [], criteria)
  if (endpoint.kind === 'workload') criteria.add(tunnels(space))
  else for (const [protocol, port] of FAILSAFE[direction]) criteria.add(space.ports(protocol, ALL, [port, port]))
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
const ALL = [0, MAX_PORT]

function addCriteria(space: ConnectionSpace, world: World, rules: readonly RuleFacts[], criteria: Set<ConnectionSet>): void {
  for (const { protocol, notProtocol, icmp, notIcmp, source, destination } of rules) {
    for (const number of [protocol, notProtocol]) if (number !== undefined) criteria.add(space.protocol(number))
    for (const asked of [icmp, notIcmp]) {
      if (asked?.type === undefined) continue
      const { type, code } = asked
      for (const number of [ICMP, ICMPV6])
        criteria.add(space.icmp(number, [[type, type]], code === undefined ? [[0, 255]] : [[code, code]])).add(space.protocol(number))
    }
    for (const range of portsOf(world, source)) criteria.add(onPorts(space, (number) => space.ports(number, range, ALL)))
    for (const range of portsOf(world, destination)) criteria.add(onPorts(space, (number) => space.ports(number, ALL, range)))
  }
}

function onPorts(space: ConnectionSpace, make: (protocol: number) => ConnectionSet): ConnectionSet {
  return PORTED.map(make).reduce((union, set) => space.union(union, set), NOTHING)
}

/** The ports that one end of a rule names; a name stands for all ports that some endpoint declares by it. */
function portsOf(world: World, { ports = [], notPorts = [] }: EntityFacts): [number, number][] {
  return [...ports, ...notPorts].flatMap((port) => rangesOf(world, port))
}

function rangesOf(world: World, port: Port): [number, number][] {
  if (typeof port === 'number') return [[port, port]]
  if (port.includes(':')) {
    const [first = 0, last = 0] = port.split(':').map(Number)
    return [[first, last]]
  }
  return world.endpoints.flatMap(({ ports }) => ports.filter(({ name }) => name === port).map(({ port }): [number, number] => [port, port]))
}
