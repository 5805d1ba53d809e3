import { containsNet, type Family, formatIp, formatNet, type Ip, type Net } from '../../model/net.ts'
import type { Labels } from '../../model/selector/evaluate.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { Engine } from '../core/engine.ts'
import type { EntityFacts } from '../facts.ts'
import { BUILT_IN } from '../world/origin.ts'
import type { Endpoint, World } from '../world/world.ts'
import { satisfy } from './satisfy.ts'

/** An endpoint that does not exist, and that rules have something to say about. */
export interface Peer {
  readonly labels: Labels
  /** Where its address is, for rules that ask for a label and a network. */
  readonly net: Net | undefined
  readonly endpoint: Endpoint
}

/**
 * One endpoint without labels, and one for each thing that rules ask of the labels of others. Each has an address that nobody has, outside of the networks
 * that rules name, as far as there is one.
 */
export function imaginePeers(world: World): Peer[] {
  const wanted = new Map<string, { readonly labels: Labels; readonly net: Net | undefined }>([['{}', { labels: {}, net: undefined }]])
  const seen = new Set<Selector>()
  for (const { selector, notSelector, nets = [] } of entitiesOf(world)) {
    const [net] = nets
    for (const asked of [selector, notSelector]) {
      if (!asked || (!net && seen.has(asked))) continue
      seen.add(asked)
      const labels = satisfy(asked)
      if (!labels) continue
      const key = `${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}${net ? formatNet(net) : ''}`
      if (Object.keys(labels).length > 0 || net) wanted.set(key, { labels, net: asked === selector ? net : undefined })
    }
  }
  const { atoms, places } = new Engine(world)
  const families = new Set<Family>(
    world.endpoints.flatMap(({ addresses, otherAddresses = [] }) => [...addresses, ...otherAddresses].map(({ family }) => family)),
  )
  const taken = new Set<string>()
  const find = (atom: number): Ip | undefined => atoms.sample(atom, (ip) => places.isOwned(ip) || taken.has(formatIp(ip)))
  const addressesFor = (net: Net | undefined): Ip[] =>
    [...families].flatMap((family) => {
      if (net && net.family !== family) return []
      for (let atom = 0; atom < atoms.size; atom++) {
        if (atoms.familyOf(atom) !== family || (net && !containsNet(net, atoms.netOf(atom)))) continue
        const ip = find(atom)
        if (!ip) continue
        taken.add(formatIp(ip))
        return [ip]
      }
      return []
    })
  return [...wanted.values()].flatMap(({ labels, net }, at) => {
    const addresses = addressesFor(net)
    return addresses.length === 0 ? [] : [{ labels, net, endpoint: imagine(`new-${at}`, labels, addresses) }]
  })
}

/** In words: `any new endpoint`, `a new endpoint with app=web in 10.0.0.0/8`. */
export function peerWords({ labels, net }: Peer): string {
  const texts = Object.entries(labels).map(([label, value]) => {
    const name = label === 'projectcalico.org/namespace' ? 'namespace' : label.replace(/^pcns\./, 'namespace ').replace(/^pcsa\./, 'service account ')
    return value === '' ? name : `${name}=${value}`
  })
  const where = net ? ` in ${formatNet(net)}` : ''
  return texts.length === 0 ? `any new endpoint${where}` : `a new endpoint with ${texts.join(', ')}${where}`
}

// --- internal ---

function* entitiesOf({ tiers, profiles }: World): Generator<EntityFacts> {
  for (const { ingress = [], egress = [] } of [...tiers.flatMap(({ policies }) => policies), ...profiles.values()]) {
    for (const rule of ingress) yield rule.source
    for (const rule of egress) yield rule.destination
  }
}

function imagine(name: string, labels: Labels, addresses: readonly Ip[]): Endpoint {
  return {
    kind: 'workload',
    id: `new/${name}`,
    namespace: 'new',
    name,
    aliases: [],
    node: '',
    labels,
    profiles: [],
    addresses,
    ports: [],
    resource: { apiVersion: 'projectcalico.org/v3', kind: 'WorkloadEndpoint', metadata: { namespace: 'new', name } },
    origin: BUILT_IN,
  }
}
