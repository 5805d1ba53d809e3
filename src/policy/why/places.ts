import { containsNet, type Ip, type Net } from '../../model/net.ts'
import type { Engine } from '../core/engine.ts'
import type { Subject } from '../subject.ts'
import type { Endpoint, World } from '../world/world.ts'
import type { End } from './examine.ts'

/** Ends that no rule can tell apart, and that lie on one host where that matters. */
export interface EndGroup {
  /** Where they are in the engine. */
  readonly place: number
  readonly family: 4 | 6
  readonly ends: readonly End[]
}

/** The ends that a subject means, when they can be counted: those of endpoints, and a lone address; undefined when it means addresses outside by the network. */
export function countEnds(subject: Subject): End[] | undefined {
  const nets = netsOf(subject)
  if (nets && nets.some(({ family, prefix }) => prefix < (family === 4 ? 32 : 128))) return undefined
  const ends = endpointEnds(subject)
  for (const net of nets ?? []) if (!ends.some(({ ip }) => containsNet(net, ip))) ends.push({ endpoint: undefined, ip: addressOf(net) })
  return ends
}

/**
 * What a subject means, sorted by what rules can tell apart; of addresses outside one of each kind. `onHosts`: endpoints of different hosts apart.
 * The engine was made with the subject's networks.
 */
export function groupEnds(engine: Engine, indexes: ReadonlyMap<Endpoint, number>, subject: Subject, onHosts: boolean): EndGroup[] {
  const groups = new Map<string, { place: number; family: 4 | 6; ends: End[] }>()
  for (const end of endpointEnds(subject)) {
    const { endpoint, ip } = end
    if (!endpoint) continue
    const place = engine.places.ofEndpoint(indexes.get(endpoint) ?? -1)[addressesOf(endpoint).indexOf(ip)]
    if (place === undefined) continue
    const key = onHosts ? `${place}/${endpoint.node}` : `${place}`
    const group = groups.get(key)
    if (group) group.ends.push(end)
    else groups.set(key, { place, family: ip.family, ends: [end] })
  }
  for (const net of netsOf(subject) ?? []) {
    const [first, last] = engine.atoms.within(net)
    for (const [place, { endpointClass, atom, family }] of engine.places.list.entries()) {
      if (endpointClass !== undefined || atom < first || atom > last || groups.has(`${place}`)) continue
      const ip = engine.atoms.sample(atom, (ip) => engine.places.isOwned(ip))
      if (ip) groups.set(`${place}`, { place, family, ends: [{ endpoint: undefined, ip }] })
    }
  }
  return [...groups.values()]
}

/** The networks by which a subject is meant; undefined for endpoints and groups of them. */
export function netsOf(subject: Subject): readonly Net[] | undefined {
  return subject.type === 'address' ? [subject.net] : subject.type === 'set' ? subject.nets : undefined
}

/** The addresses at which an endpoint acts. */
export function addressesOf({ addresses, otherAddresses = [] }: Endpoint): readonly Ip[] {
  return otherAddresses.length === 0 ? addresses : [...addresses, ...otherAddresses]
}

export function numberEndpoints({ endpoints }: World): Map<Endpoint, number> {
  return new Map(endpoints.map((endpoint, index) => [endpoint, index]))
}

// --- internal ---

function endpointEnds(subject: Subject): End[] {
  const nets = netsOf(subject)
  const meant = (ip: Ip) => nets === undefined || nets.some((net) => containsNet(net, ip))
  return subject.endpoints.flatMap((endpoint) => addressesOf(endpoint).flatMap((ip) => (meant(ip) ? [{ endpoint, ip }] : [])))
}

function addressOf(net: Net): Ip {
  return net.family === 4 ? { family: 4, value: net.value } : { family: 6, value: net.value }
}
