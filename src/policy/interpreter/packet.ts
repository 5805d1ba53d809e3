import { containsNet, type Ip } from '../../model/net.ts'
import type { Header } from '../connections/packet.ts'
import type { Endpoint, NetworkSet, World } from '../world/world.ts'

/** The first packet of a connection. Source and destination are of one IP version. */
export interface Packet extends Header {
  readonly source: Ip
  readonly destination: Ip
}

/** Whom rules know by an address. */
export interface Owners {
  readonly endpoints: readonly Endpoint[]
  readonly networkSets: readonly NetworkSet[]
}

/** Those who have an address as one of their own, and network sets that hold it. */
export function ownersOf(world: World, ip: Ip): Owners {
  let byAddress = addressIndexes.get(world.endpoints)
  if (!byAddress) addressIndexes.set(world.endpoints, (byAddress = indexAddresses(world.endpoints)))
  return { endpoints: byAddress.get(ip.value) ?? [], networkSets: world.networkSets.filter(({ nets }) => nets.some((net) => containsNet(net, ip))) }
}

// --- internal ---

/** Numbers are addresses of IPv4, bigints of IPv6. */
const addressIndexes = new WeakMap<readonly Endpoint[], ReadonlyMap<number | bigint, readonly Endpoint[]>>()

function indexAddresses(endpoints: readonly Endpoint[]): ReadonlyMap<number | bigint, readonly Endpoint[]> {
  const index = new Map<number | bigint, Endpoint[]>()
  for (const endpoint of endpoints) {
    for (const { value } of endpoint.addresses) {
      const known = index.get(value)
      if (known) known.push(endpoint)
      else index.set(value, [endpoint])
    }
  }
  return index
}
