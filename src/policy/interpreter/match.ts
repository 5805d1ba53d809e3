import { containsNet, type Ip } from '../../model/net.ts'
import type { Port } from '../../model/port.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { matches } from '../../model/selector/evaluate.ts'
import { ICMP, ICMPV6, PORTED } from '../connections/packet.ts'
import type { EntityFacts, IcmpFacts, RuleFacts } from '../facts.ts'
import { type Owners, ownersOf, type Packet } from './packet.ts'
import type { World } from '../world/world.ts'

/** Fields of a rule, as in its manifest, that a packet does not fulfil. `family`: the rule is none for this version of IP. */
export type Miss =
  | 'family'
  | 'ipVersion'
  | 'protocol'
  | 'notProtocol'
  | 'icmp'
  | 'notICMP'
  | `${'source' | 'destination'}.${'selector' | 'notSelector' | 'nets' | 'notNets' | 'ports' | 'notPorts'}`

/**
 * What a rule asks and a packet does not have (`reference/felix.md 1.5`); empty when it matches. What cannot be told from a packet, a service or HTTP,
 * counts as fulfilled: `rule.maybe` says that there is such.
 */
export function missesOf(rule: RuleFacts, packet: Packet, world: World): Miss[] {
  const misses: Miss[] = []
  const { family } = packet.source
  const [ownIcmp, otherIcmp] = family === 4 ? [ICMP, ICMPV6] : [ICMPV6, ICMP]
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) misses.push('ipVersion')
  if (rule.protocol === otherIcmp) misses.push('family')
  if (rule.protocol !== undefined && rule.protocol !== packet.protocol) misses.push('protocol')
  if (rule.notProtocol !== undefined && rule.notProtocol === packet.protocol) misses.push('notProtocol')
  if (rule.icmp?.type !== undefined && !(packet.protocol === ownIcmp && isOfType(packet, rule.icmp))) misses.push('icmp')
  if (rule.notIcmp?.type !== undefined && !(packet.protocol === ownIcmp && !isOfType(packet, rule.notIcmp))) misses.push('notICMP')
  for (const end of ['source', 'destination'] as const) {
    const port = end === 'source' ? packet.srcPort : packet.dstPort
    for (const miss of missesOfEnd(rule[end], packet[end], packet.protocol, port ?? 0, world)) misses.push(`${end}.${miss}`)
  }
  return misses
}

// --- internal ---

type EndMiss = 'selector' | 'notSelector' | 'nets' | 'notNets' | 'ports' | 'notPorts'

function missesOfEnd(asked: EntityFacts, ip: Ip, protocol: number, port: number, world: World): EndMiss[] {
  const { selector, notSelector, nets = [], notNets = [], ports = [], notPorts = [] } = asked
  const misses: EndMiss[] = []
  const owners = ownersOf(world, ip)
  if (selector && !isPicked(selector, owners)) misses.push('selector')
  if (notSelector && isPicked(notSelector, owners)) misses.push('notSelector')
  if (nets.length > 0 && !nets.some((net) => containsNet(net, ip))) misses.push('nets')
  // A list of networks of the other version only makes the rule one of that version.
  if (notNets.length > 0 && (!notNets.some((net) => net.family === ip.family) || notNets.some((net) => containsNet(net, ip)))) misses.push('notNets')
  if (ports.length > 0 && !isOnPort(ports, selector, owners, protocol, port)) misses.push('ports')
  if (notPorts.length > 0 && isOnPort(notPorts, selector, owners, protocol, port)) misses.push('notPorts')
  return misses
}

function isPicked(selector: Selector, { endpoints, networkSets }: Owners): boolean {
  return endpoints.some(({ labels }) => matches(selector, labels)) || networkSets.some(({ labels }) => matches(selector, labels))
}

/** A name stands for the port and protocol that the owner of the address declares by it, if the selector of the same end picks the owner. */
function isOnPort(ports: readonly Port[], selector: Selector | undefined, { endpoints }: Owners, protocol: number, port: number): boolean {
  return ports.some((asked) => {
    if (typeof asked === 'number') return PORTED.includes(protocol) && port === asked
    if (asked.includes(':')) {
      const [first = 0, last = 0] = asked.split(':').map(Number)
      return PORTED.includes(protocol) && port >= first && port <= last
    }
    const picked = endpoints.filter(({ labels }) => !selector || matches(selector, labels))
    return picked.some((endpoint) => endpoint.ports.some((own) => own.name === asked && own.protocol === protocol && own.port === port))
  })
}

function isOfType(packet: Packet, { type, code }: IcmpFacts): boolean {
  return (packet.icmpType ?? 0) === type && (code === undefined || (packet.icmpCode ?? 0) === code)
}
