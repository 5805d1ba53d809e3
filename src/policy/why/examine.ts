import { formatResourceName } from '../../model/problem.ts'
import type { Ip } from '../../model/net.ts'
import type { Header } from '../connections/packet.ts'
import type { Direction } from '../facts.ts'
import type { EndpointToHost } from '../host-settings.ts'
import { type Layer, type Side, type Tried, type Verdict, walk, walkForward, walkPreDnat } from '../interpreter/walk.ts'
import { endpointTitle, ownerTitle } from '../words.ts'
import type { Endpoint, Policy, Profile, SetAside, World } from '../world/world.ts'

/** One end of a packet: an endpoint and one of its addresses, or an address outside. */
export interface End {
  readonly endpoint: Endpoint | undefined
  readonly ip: Ip
}

/** What a host endpoint says to a packet that its host forwards for a workload. */
export interface Forward {
  readonly side: Side
  /** Whether the packet must take this interface; otherwise it is one of several that it could take. */
  readonly certain: boolean
}

/** Why something cannot be told. */
export interface Doubt {
  readonly code: 'services' | 'http' | 'set-aside' | 'forwarded' | 'own-host' | 'within-host'
  readonly text: string
}

/** All that is to be said about one packet between two ends. */
export interface Examined {
  readonly from: End
  readonly to: End
  readonly header: Header
  readonly verdict: Verdict
  /** Undefined where the end is no endpoint, or nothing is asked of it. */
  readonly egress: Side | undefined
  readonly ingress: Side | undefined
  readonly forwards: readonly Forward[]
  /** Why the verdict is unknown; empty otherwise. */
  readonly doubts: readonly Doubt[]
  /** Set when rules are not what decides: traffic from a host to its own workloads is never policed. */
  readonly exempt?: 'host to its own workload'
  /** Set when a workload sends to its own host: what happens there to what its own rules allow. */
  readonly toOwnHost?: EndpointToHost
}

/** Follows one packet, through host endpoints on its way too, and says what cannot be told (`reference/felix.md 1.6, 1.8`). */
export function examine(world: World, from: End, to: End, header: Header): Examined {
  const common = { from, to, header }
  const place = placeOf(from.endpoint, to.endpoint)
  if (place === 'host to its own workload')
    return { ...common, verdict: 'allow', egress: undefined, ingress: undefined, forwards: [], doubts: [], exempt: place }
  const packet = { ...header, source: from.ip, destination: to.ip }
  const toOwnHost = place === 'workload to its own host' ? (to.endpoint?.endpointToHost ?? 'Drop') : undefined
  const walked = walk(world, from.endpoint, toOwnHost ? undefined : to.endpoint, packet)
  const { egress, ingress } = walked
  const forwards = toOwnHost ? preDnatOf(world, to.endpoint, packet) : forwardsOf(world, from.endpoint, to.endpoint, packet)
  const denied = walked.verdict === 'deny' || toOwnHost === 'Drop' || forwards.some(({ side, certain }) => certain && side.verdict === 'deny')
  const doubts: Doubt[] = [...setAsideDoubts(world, from.endpoint, to.endpoint)]
  if (!denied) {
    for (const side of [egress, ingress, ...forwards.map(({ side }) => side)]) if (side) doubts.push(...ruleDoubts(side))
    for (const { side, certain } of forwards) if (!certain && side.verdict === 'deny') doubts.push(forwardDoubt(side))
    if (toOwnHost === 'Return') doubts.push(OWN_HOST)
    if (place === 'within a host') doubts.push(WITHIN_HOST)
  }
  return {
    ...common,
    verdict: doubts.length > 0 ? 'unknown' : denied ? 'deny' : 'allow',
    egress,
    ingress,
    forwards,
    doubts,
    ...(toOwnHost ? { toOwnHost } : {}),
  }
}

/** Whether the ends are a host endpoint and something else on the same host, which other rules are for. */
export function isWithinHost(from: Endpoint | undefined, to: Endpoint | undefined): boolean {
  return placeOf(from, to) !== 'else'
}

// --- internal ---

const OWN_HOST: Doubt = {
  code: 'own-host',
  text: 'what a workload sends to its own host is left to the host: defaultEndpointToHostAction is Return, and rules of the host that are not of Calico decide',
}
const WITHIN_HOST: Doubt = { code: 'within-host', text: 'host endpoints of one host: policy has no say in what stays within a host' }

function placeOf(
  from: Endpoint | undefined,
  to: Endpoint | undefined,
): 'host to its own workload' | 'workload to its own host' | 'within a host' | 'else' {
  if (!from || !to || from.node === '' || from.node !== to.node) return 'else'
  if (from.kind === 'host') return to.kind === 'workload' ? 'host to its own workload' : 'within a host'
  return to.kind === 'host' ? 'workload to its own host' : 'else'
}

/** Each host that forwards the packet to or from a workload of its own: in by one interface, out by another. */
function forwardsOf(world: World, from: Endpoint | undefined, to: Endpoint | undefined, packet: Parameters<typeof walkForward>[3]): Forward[] {
  const hosts = hostEndpointsOf(world)
  if (hosts.length === 0) return []
  const ways: { readonly node: string; readonly direction: Direction; readonly workloadSide: boolean }[] = []
  const [source, target] = [from?.kind === 'workload' ? from.node : '', to?.kind === 'workload' ? to.node : '']
  if (source !== '' && !(to?.kind === 'host' && to.node === source)) {
    ways.push({ node: source, direction: 'ingress', workloadSide: true }, { node: source, direction: 'egress', workloadSide: source === target })
  }
  if (target !== '' && target !== source) {
    ways.push({ node: target, direction: 'ingress', workloadSide: false }, { node: target, direction: 'egress', workloadSide: true })
  }
  return ways.flatMap(({ node, direction, workloadSide }) => {
    const there = hosts.filter((endpoint) => endpoint.node === node)
    const possible = workloadSide ? there.filter(({ allInterfaces }) => allInterfaces).slice(0, 1) : there
    return possible.flatMap((endpoint) => {
      const side = walkForward(world, endpoint, direction, packet)
      return side ? [{ side, certain: workloadSide || (there.length === 1 && endpoint.allInterfaces === true) }] : []
    })
  })
}

/** Before a packet from a workload is told to be for its own host, preDNAT policies of the host endpoint for all interfaces have a say. */
function preDnatOf(world: World, to: Endpoint | undefined, packet: Parameters<typeof walkPreDnat>[2]): Forward[] {
  const all = hostEndpointsOf(world).find(({ node, allInterfaces }) => allInterfaces && node === to?.node)
  const side = all && walkPreDnat(world, all, packet)
  return side ? [{ side, certain: true }] : []
}

/** Of each world, the host endpoints, in the order of their names: the first of several for all interfaces acts. */
const hostEndpoints = new WeakMap<World, readonly Endpoint[]>()

function hostEndpointsOf(world: World): readonly Endpoint[] {
  let found = hostEndpoints.get(world)
  if (!found) {
    found = world.endpoints.filter(({ kind }) => kind === 'host').sort((a, b) => (a.name < b.name ? -1 : 1))
    hostEndpoints.set(world, found)
  }
  return found
}

/** Rules on the way to the decision that may match or not. */
function ruleDoubts(side: Side): Doubt[] {
  if (side.verdict !== 'unknown') return []
  return side.layers.flatMap((layer) => ownersTried(layer).flatMap(([owner, tried]) => tried.flatMap((one) => doubtOf(owner, one))))
}

function ownersTried(layer: Layer): (readonly [Policy | Profile, readonly Tried[]])[] {
  if (layer.type === 'tier') return layer.steps.map(({ policy, tried }) => [policy, tried] as const)
  return layer.type === 'profile' && layer.profile ? [[layer.profile, layer.tried]] : []
}

function doubtOf(owner: Policy | Profile, { rule, misses }: Tried): Doubt[] {
  if (!rule.maybe || misses.length > 0 || rule.action === 'Log') return []
  const written = (owner.resource.spec as Partial<Record<Direction, { http?: unknown }[]>>)[rule.direction]?.[rule.index]
  const code = written?.http === undefined ? 'services' : 'http'
  const asked =
    code === 'http' ? 'asks for something within HTTP, which a packet does not show' : 'asks for a service, whose endpoints are not known here'
  return [{ code, text: `rule ${rule.index + 1} of ${ownerTitle(owner)} (${rule.action.toLowerCase()}) ${asked}` }]
}

function forwardDoubt({ endpoint, direction }: Side): Doubt {
  const word = direction === 'egress' ? 'leaves' : 'enters'
  return { code: 'forwarded', text: `it is denied if it ${word} host ${endpoint.node} through ${endpointTitle(endpoint)}` }
}

/** Resources that cannot be understood and that could be about these ends. */
function* setAsideDoubts({ setAside }: World, from: Endpoint | undefined, to: Endpoint | undefined): Generator<Doubt> {
  for (const one of setAside) if (couldMatter(one, from, to)) yield { code: 'set-aside', text: `${formatResourceName(one)} cannot be understood` }
}

function couldMatter({ kind, name }: SetAside, from: Endpoint | undefined, to: Endpoint | undefined): boolean {
  if (kind === 'Profile') return [from, to].some((endpoint) => endpoint?.profiles.includes(name))
  // An address outside may be one of it.
  if (kind === 'WorkloadEndpoint' || kind === 'HostEndpoint') return !from || !to
  return (kind !== 'Node' && kind !== 'FelixConfiguration') || [from, to].some((endpoint) => endpoint?.kind === 'host')
}
