import type { Family } from '../../model/net.ts'
import type { Traffic } from '../../model/traffic.ts'
import { intervalsOf } from './intervals.ts'
import { ICMP, ICMPV6 } from './packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING } from './space.ts'

/** The packets that a word stands for. ICMP is a protocol of IPv4, ICMPv6 one of IPv6: in the other family there are none. */
export function trafficSet(space: ConnectionSpace, { protocol, ports, icmp }: Traffic, family: Family): ConnectionSet {
  if (protocol === undefined) return EVERYTHING
  if (protocol === (family === 4 ? ICMPV6 : ICMP)) return NOTHING
  if (ports) return space.ports(protocol, [0, MAX_PORT], intervalsOf(ports))
  if (icmp) return space.icmp(protocol, [[icmp.type, icmp.type]], icmp.code === undefined ? [[0, 255]] : [[icmp.code, icmp.code]])
  return space.protocol(protocol)
}
