import { createHash } from 'node:crypto'
import { parseDuration } from '../../model/duration.ts'
import { type Family, formatIp, type Ip, maskNet, type Net, parseCidr, parseIp } from '../../model/net.ts'
import { type Labels, matches } from '../../model/selector/evaluate.ts'
import { parseSelector } from '../../model/selector/parse.ts'
import type { BgpFilterRule, BgpPeerSpec, HostNode, PasswordReference, RoutedPool, RoutingFacts } from './facts.ts'

/** What this host says to whom over BGP: a plain description, of which `bird-config.ts` makes BIRD's file. */
export interface BgpPlan {
  readonly routerId: string
  readonly asNumber: number
  /** The host's own address of each family that it has. */
  readonly addresses: Readonly<Partial<Record<Family, Net>>>
  readonly listenPort: number
  /** Whether it listens on its own addresses alone. */
  readonly bindsToAddress: boolean
  readonly logLevel: string
  /** Patterns of interfaces whose networks are not known to BGP. */
  readonly ignoredInterfaces: readonly string[]
  readonly peers: readonly BgpSession[]
  /** Blocks of this host. */
  readonly blocks: readonly Net[]
  /** Addresses of this host's workloads outside of its blocks. */
  readonly borrowed: readonly Ip[]
  readonly pools: readonly RoutedPool[]
  /** Communities for routes within a network, each as its numbers. */
  readonly communities: readonly { readonly net: Net; readonly values: readonly (readonly number[])[] }[]
  /** Metric of routes in the kernel. */
  readonly metrics: Readonly<Record<Family, number>>
  /** What of the resources is not followed, and why. */
  readonly notes: readonly string[]
}

export interface BgpSession {
  /** `Mesh_10_0_0_2`, `Global_...`, `Node_...` (`reference/felix.md 5.1`). */
  readonly name: string
  readonly address: Ip
  readonly port: number
  readonly asNumber: number
  readonly localAsNumber: number
  /** Waits for the other side to connect. */
  readonly passive: boolean
  /** Makes the peer a client of this route reflector. */
  readonly clusterId: string | undefined
  readonly password: string | undefined
  /** From the host's own address, or from what the kernel chooses. */
  readonly fromOwnAddress: boolean
  readonly nextHop: 'self' | 'keep' | undefined
  /** Seconds. */
  readonly restartTime: number | undefined
  /** Seconds. */
  readonly keepalive: number | undefined
  /** Hops. */
  readonly ttlSecurity: number
  readonly allowedLocalAs: number
  readonly gateway: Ip | undefined
  readonly imports: readonly BgpFilterRule[]
  readonly exports: readonly BgpFilterRule[]
}

/** Looks up a password. Undefined: it is not to be had, and the session stays down. */
export type Passwords = (reference: NonNullable<PasswordReference['secretKeyRef']>) => string | undefined

/** Why there is no BGP on this host, or what it is to do (`reference/felix.md 5.1`). */
export function bgpPlan(facts: RoutingFacts, passwords: Passwords): BgpPlan | undefined {
  const own = facts.nodes.get(facts.node)
  if (!own || Object.keys(own.addresses).length === 0) return undefined
  const notes: string[] = []
  const [general, special] = [facts.configurations.get('default') ?? {}, facts.configurations.get(`node.${own.name}`) ?? {}]
  const setting = { ...general, ...special }
  return {
    routerId: routerId(own),
    asNumber: own.asNumber,
    addresses: own.addresses,
    listenPort: listenPort(facts, own.name),
    bindsToAddress: setting.bindMode === 'NodeIP',
    logLevel: (setting.logSeverityScreen ?? 'Info').toLowerCase(),
    ignoredInterfaces: setting.ignoredInterfaces ?? [],
    peers: sessions(facts, own, passwords, notes),
    blocks: facts.blocks.flatMap(({ node, block }) => (node === own.name ? [block] : [])),
    borrowed: facts.borrowed.flatMap(({ node, ip }) => (node === own.name ? [ip] : [])),
    pools: facts.pools,
    communities: communities(setting, notes),
    metrics: { 4: Number(setting.ipv4NormalRoutePriority ?? METRIC), 6: Number(setting.ipv6NormalRoutePriority ?? METRIC) },
    notes,
  }
}

// --- internal ---

const METRIC = 1024
const PORT = 179

function routerId({ name, addresses }: HostNode): string {
  if (addresses[4]) return formatIp(addresses[4])
  // Any number that no other host is likely to have; 0 is none.
  const hash = createHash('sha256').update(name).digest()
  return [...hash.subarray(0, 4)].map((byte) => byte || 1).join('.')
}

function listenPort({ configurations }: RoutingFacts, node: string): number {
  return Number(configurations.get(`node.${node}`)?.listenPort || configurations.get('default')?.listenPort || PORT)
}

/** A peer as a resource names it. */
interface Wanted {
  readonly type: 'Mesh' | 'Global' | 'Node'
  readonly source: string
  readonly address: Ip
  readonly port: number
  readonly asNumber: number
  readonly clusterId: string | undefined
  readonly spec: BgpPeerSpec
  /** Connects back from its own side. */
  readonly isNode: boolean
}

/** Sessions of this host. What a BGPPeer says goes before the mesh, and the first of several for an address is taken. */
function sessions(facts: RoutingFacts, own: HostNode, passwords: Passwords, notes: string[]): BgpSession[] {
  const taken = new Map<string, BgpSession>()
  for (const wanted of [...explicit(facts, own, notes), ...mesh(facts, own)]) {
    const ownAddress = own.addresses[wanted.address.family]
    const key = `${formatIp(wanted.address)} ${wanted.port}`
    if (!ownAddress || formatIp(ownAddress) === formatIp(wanted.address) || taken.has(key)) continue
    const session = sessionOf(facts, own, wanted, passwords, notes)
    if (session) taken.set(key, session)
  }
  return [...taken.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Every other host, unless one of the two is a route reflector. */
function mesh(facts: RoutingFacts, own: HostNode): Wanted[] {
  const { nodeToNodeMeshEnabled = true, nodeMeshPassword, nodeMeshMaxRestartTime } = facts.configurations.get('default') ?? {}
  if (!nodeToNodeMeshEnabled || own.clusterId !== undefined) return []
  const spec = {
    ...(nodeMeshPassword ? { password: nodeMeshPassword } : {}),
    ...(nodeMeshMaxRestartTime === undefined ? {} : { maxRestartTime: nodeMeshMaxRestartTime }),
  }
  return [...facts.nodes.values()].flatMap((node) =>
    node.clusterId === undefined ? nodeEnds(facts, node, { type: 'Mesh', source: 'the mesh', spec }) : [],
  )
}

/** The ends of a host that a session can go to. */
function nodeEnds(facts: RoutingFacts, node: HostNode, common: Pick<Wanted, 'type' | 'source' | 'spec'>): Wanted[] {
  return Object.values(node.addresses).map((net) => ({
    ...common,
    address: ipOf(net),
    port: listenPort(facts, node.name),
    asNumber: node.asNumber,
    clusterId: node.clusterId,
    isNode: true,
  }))
}

function explicit(facts: RoutingFacts, own: HostNode, notes: string[]): Wanted[] {
  const found: Wanted[] = []
  const back: Wanted[] = []
  const note = (name: string, why: string) => void notes.push(`BGPPeer(${name}): ${why}`)
  for (const { name, spec } of facts.peers) {
    const source = `BGPPeer(${name})`
    if (spec.localWorkloadSelector) {
      note(name, 'peering with workloads (localWorkloadSelector) is not possible')
      continue
    }
    const isGlobal = !spec.node && !spec.nodeSelector
    const type = isGlobal ? 'Global' : 'Node'
    const isHere = (node: HostNode) => (spec.node ? spec.node === node.name : selects(spec.nodeSelector ?? '', node.labels))
    const single = spec.peerIP ? peerEnd(spec.peerIP) : undefined
    const peers = [...facts.nodes.values()].filter((node) =>
      spec.peerSelector ? selects(spec.peerSelector, node.labels) : single && isEndOf(facts, node, single, spec.asNumber),
    )
    if (isHere(own)) {
      if (spec.peerSelector) found.push(...peers.flatMap((node) => nodeEnds(facts, node, { type, source, spec })))
      else if (!single) note(name, `"${spec.peerIP ?? ''}" is no address`)
      else if (!spec.asNumber && peers.length === 0) note(name, 'it has no AS number')
      else {
        const [node] = peers
        const asNumber = spec.asNumber || node?.asNumber || 0
        found.push({ type, source, ...single, asNumber, clusterId: node?.clusterId, spec, isNode: node !== undefined })
      }
    }
    // Hosts that are peered with peer back, so that one resource is enough.
    if (spec.reversePeering !== 'Manual' && peers.some((node) => node.name === own.name)) {
      const { filters: _, ...mirrored } = spec
      for (const node of facts.nodes.values()) if (isHere(node)) back.push(...nodeEnds(facts, node, { type: 'Node', source, spec: mirrored }))
    }
  }
  return [...found, ...back]
}

function isEndOf(
  facts: RoutingFacts,
  node: HostNode,
  { address, port }: { readonly address: Ip; readonly port: number },
  asNumber: number | undefined,
): boolean {
  const end = node.addresses[address.family]
  return (
    end !== undefined && formatIp(end) === formatIp(address) && listenPort(facts, node.name) === port && (!asNumber || asNumber === node.asNumber)
  )
}

function sessionOf(facts: RoutingFacts, own: HostNode, wanted: Wanted, passwords: Passwords, notes: string[]): BgpSession | undefined {
  const { type, source, address, port, asNumber, spec } = wanted
  const reference = spec.password?.secretKeyRef
  const password = reference && passwords(reference)
  if (spec.password && password === undefined) {
    notes.push(`${source}: its password is not to be had, so there is no session with ${formatIp(address)}`)
    return undefined
  }
  const localAsNumber = spec.localASNumber || own.asNumber
  const isOtherAs = localAsNumber !== asNumber
  const rules = (direction: 'import' | 'export') =>
    (spec.filters ?? []).flatMap((name) => {
      const filter = facts.filters.get(name)
      if (!filter) notes.push(`${source}: there is no BGPFilter(${name})`)
      return filter?.[`${direction}V${address.family}`] ?? []
    })
  const ownText = formatIp(own.addresses[address.family] ?? address)
  const nextHop = spec.nextHopMode === 'Self' ? 'self' : (spec.nextHopMode === 'Keep' || spec.keepOriginalNextHop) && isOtherAs ? 'keep' : undefined
  return {
    name: `${type}_${formatIp(address).replace(/[.:]/g, '_')}${port === PORT ? '' : `_port_${port}`}`,
    address,
    port,
    asNumber,
    localAsNumber,
    // One side only opens the session; the peer decides by the text of the addresses too.
    passive: wanted.isNode && type === 'Mesh' && formatIp(address) > ownText,
    clusterId: !isOtherAs && own.clusterId !== undefined && wanted.clusterId !== own.clusterId ? own.clusterId : undefined,
    password,
    fromOwnAddress: spec.sourceAddress !== 'None',
    nextHop,
    restartTime: seconds(spec.maxRestartTime),
    keepalive: seconds(spec.keepaliveTime),
    ttlSecurity: Number(spec.ttlSecurity ?? 0),
    allowedLocalAs: Math.max(0, Number(spec.numAllowedLocalASNumbers ?? 0)),
    gateway: parseIp(spec.reachableBy ?? ''),
    imports: rules('import'),
    exports: rules('export'),
  }
}

function peerEnd(text: string): { address: Ip; port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/.exec(text) ?? []
  const address = parseIp(bracketed ?? plain ?? text)
  const number = Number(port ?? PORT)
  return address && number >= 1 && number <= 65_535 ? { address, port: number } : undefined
}

function communities(
  { communities = [], prefixAdvertisements = [] }: NonNullable<ReturnType<RoutingFacts['configurations']['get']>>,
  notes: string[],
): BgpPlan['communities'] {
  const named = new Map(communities.map(({ name, value }) => [name, value]))
  return prefixAdvertisements.flatMap(({ cidr, communities: used = [] }) => {
    const net = parseCidr(cidr ?? '')
    if (!net) return []
    const values = used.flatMap((text) => {
      const numbers = communityNumbers(named.get(text) ?? text)
      if (!numbers) notes.push(`BGPConfiguration: "${text}" is no community's name or value`)
      return numbers ? [numbers] : []
    })
    return [{ net: maskNet(net), values }]
  })
}

/** `65000:1` or `65000:1:2` as numbers; undefined when it is no community. */
export function communityNumbers(text: string): number[] | undefined {
  if (!/^\d{1,10}(:\d{1,10}){1,2}$/.test(text)) return undefined
  const numbers = text.split(':').map(Number)
  const max = numbers.length === 2 ? 0xffff : 0xffff_ffff
  return numbers.every((number) => number <= max) ? numbers : undefined
}

function selects(selector: string, labels: Labels): boolean {
  const { ast } = parseSelector(selector)
  return ast !== undefined && matches(ast, labels)
}

function seconds(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseDuration(text)
  return typeof parsed === 'bigint' ? Number(parsed / 1_000_000_000n) : undefined
}

function ipOf(net: Net): Ip {
  return net.family === 4 ? { family: 4, value: net.value } : { family: 6, value: net.value }
}
