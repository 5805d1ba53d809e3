import { type DecidingName, isDecidingFault, parseDeciding } from '../../model/deciding.ts'
import type { Family } from '../../model/net.ts'
import { isTrafficFault, parseTraffic, type Traffic } from '../../model/traffic.ts'
import { type ConnectionSet, type ConnectionSpace, NOTHING } from '../connections/space.ts'
import { trafficSet } from '../connections/traffic.ts'
import { always } from '../core/program.ts'

/** What a test says about some packets. Words are as in its file, and known to be readable. */
export interface Entry {
  readonly expect: 'allow' | 'deny'
  /** As for `findSubject`. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** As for `parseTraffic`. */
  readonly ports: readonly string[]
  readonly except: readonly string[]
  /** As for `parseDeciding`. */
  readonly by?: string
}

/**
 * The packets that an entry is about, from a workload or from anywhere else. Those that no workload may send, whatever policy says (VXLAN and IP in IP), are
 * meant only when they are named.
 */
export function packetsOf(space: ConnectionSpace, { ports, except }: Entry, family: Family, isFromWorkload: boolean): ConnectionSet {
  const never = isFromWorkload ? always(space, { kind: 'workload', direction: 'egress' }).denied : NOTHING
  let packets = NOTHING
  for (const word of ports) {
    const set = trafficSet(space, trafficOf(word), family)
    const possible = space.subtract(set, never)
    packets = space.union(packets, possible === NOTHING ? set : possible)
  }
  for (const word of except) packets = space.subtract(packets, trafficSet(space, trafficOf(word), family))
  return packets
}

export function decidingNameOf(text: string): DecidingName {
  const name = parseDeciding(text)
  if (isDecidingFault(name)) throw new Error(name.fault)
  return name
}

// --- internal ---

function trafficOf(word: string): Traffic {
  const traffic = parseTraffic(word)
  if (isTrafficFault(traffic)) throw new Error(traffic.fault)
  return traffic
}
