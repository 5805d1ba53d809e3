import type { Family } from '../../model/net.ts'
import type { Traffic } from '../../model/traffic.ts'
import { intervalsOf } from './intervals.ts'
import { ICMP, ICMPV6 } from './packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING } from './space.ts'

/** The packets that a word stands for. Without a type, `icmp` is the ICMP of the family; ICMP of the other one is nothing. */
export function trafficSet(space: ConnectionSpace, { protocol, ports, icmp }: Traffic, family: Family): ConnectionSet {
  if (protocol === undefined) return EVERYTHING
  if (protocol === ICMP && family === 6) return icmp ? NOTHING : space.protocol(ICMPV6)
  if (protocol === ICMPV6 && family === 4) return NOTHING
  if (ports) return space.ports(protocol, [0, MAX_PORT], intervalsOf(ports))
  if (icmp) return space.icmp(protocol, [[icmp.type, icmp.type]], icmp.code === undefined ? [[0, 255]] : [[icmp.code, icmp.code]])
  return space.protocol(protocol)
}
