import { type DecidingName, isDecidingFault, parseDeciding } from '../../model/deciding.ts'
import type { Family } from '../../model/net.ts'
import { type ConnectionSet, type ConnectionSpace, NOTHING } from '../connections/space.ts'
import { connectionsOf, parseTraffic, type Traffic, type TrafficFault, tunnels } from '../why/traffic.ts'

/** What a test says about some packets. Words are as in its file; what is wrong with them is told by `faultsOf`. */
export interface Entry {
  readonly expect: 'allow' | 'deny'
  /** As for `findSubject`. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** As for `parseTraffic`, but that a number alone is none: it could be a port or a protocol. */
  readonly ports: readonly string[]
  readonly except: readonly string[]
  /** As for `parseDeciding`. */
  readonly by?: string
}

/** What is wrong with the words for packets, and where. */
export function faultsOf(
  entry: Pick<Entry, 'ports' | 'except'>,
): { readonly field: 'ports' | 'except'; readonly index: number; readonly fault: TrafficFault }[] {
  return (['ports', 'except'] as const).flatMap((field) =>
    entry[field].flatMap((word, index) => {
      const traffic = readTraffic(word)
      return 'fault' in traffic ? [{ field, index, fault: traffic }] : []
    }),
  )
}

/**
 * The packets that an entry is about, from a workload or from anywhere else. Those that no workload may send, whatever policy says (VXLAN and IP in IP), are
 * meant only when they are named.
 */
export function packetsOf(space: ConnectionSpace, { ports, except }: Entry, family: Family, isFromWorkload: boolean): ConnectionSet {
  let packets = NOTHING
  for (const word of ports) {
    const set = connectionsOf(space, trafficOf(word), family)
    const possible = isFromWorkload ? space.subtract(set, tunnels(space)) : set
    packets = space.union(packets, possible === NOTHING ? set : possible)
  }
  for (const word of except) packets = space.subtract(packets, connectionsOf(space, trafficOf(word), family))
  return packets
}

export function decidingNameOf(text: string): DecidingName {
  const name = parseDeciding(text)
  if (isDecidingFault(name)) throw new Error(name.fault)
  return name
}

// --- internal ---

function readTraffic(word: string): Traffic | TrafficFault {
  if (/^[\d:-]+$/.test(word)) return { fault: `"${word}" does not say which packets`, help: `a port needs its protocol: tcp/${word}` }
  return parseTraffic(word.replace(/^protocol\/(?=\d+$)/i, ''))
}

function trafficOf(word: string): Traffic {
  const traffic = readTraffic(word)
  if ('fault' in traffic) throw new Error(traffic.fault)
  return traffic
}
