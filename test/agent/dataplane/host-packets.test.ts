import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { type DataplaneSettings, DEFAULT_SETTINGS } from '../../../src/agent/dataplane/settings.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { formatIp, type Ip, parseIp } from '../../../src/model/net.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import { FAILSAFE } from '../../../src/policy/failsafe.ts'
import type { Packet } from '../../../src/policy/interpreter/packet.ts'
import { traceOf } from '../../../src/policy/interpreter/trace.ts'
import { type Side, walkForward, walkPreDnat, walkSide } from '../../../src/policy/interpreter/walk.ts'
import type { Endpoint, World } from '../../../src/policy/world/world.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { describePacket } from '../../lab/packet-bytes.ts'
import { type LabPlace, PacketLab, type Sending } from '../../lab/packet-lab.ts'
import { anyResources, PORTS, worldFrom } from '../../policy/random/worlds.ts'

/** The kernel with our rules in it and the interpreter say the same about what a host sends, gets and forwards: real packets through its own interfaces. */

const NODE = 'lab'
const RANDOM_WORLDS = process.env['CALICOCTL_TEST_LONG'] ? 500 : 50
const WORKLOADS = 6

/** The host's own addresses, by interface, and some beyond it. */
const OWN = { outside: [ip('203.0.113.1'), ip('2001:db8:1::1')], elsewhere: [ip('203.0.113.129'), ip('2001:db8:1::81')] } as const
const BEYOND = {
  outside: [ip('192.0.2.77'), ip('10.0.0.200'), ip('2001:db8::77')],
  elsewhere: [ip('198.18.77.7'), ip('2001:db8:e15e::7')],
} as const

function ip(text: string): Ip {
  return parseIp(text) ?? assert.fail(text)
}

/** Which host endpoint a random one becomes. */
const KINDS = ['eth0', 'eth1', '*', 'by address'] as const
type HostKind = (typeof KINDS)[number]

/** The world with its workloads on the one host of the lab, and its host endpoints for interfaces of it. */
function onHost(world: World, kinds: readonly HostKind[]): World {
  const failsafe = world.endpoints.find(({ kind }) => kind === 'host')?.failsafe
  let [workloads, hosts] = [0, 0]
  const endpoints = world.endpoints.map((endpoint): Endpoint => {
    if (endpoint.kind === 'workload') {
      const interfaceName = `cali${workloads++}`
      return { ...endpoint, node: NODE, resource: { ...endpoint.resource, spec: { ...(endpoint.resource.spec as object), interfaceName } } }
    }
    const kind = kinds[hosts++ % kinds.length] ?? '*'
    const { allInterfaces: _, failsafe: __, otherAddresses: ___, ...rest } = endpoint
    return {
      ...rest,
      node: NODE,
      ...(kind === '*' ? { allInterfaces: true } : {}),
      ...(failsafe ? { failsafe } : {}),
      ...(kind === 'by address' ? { addresses: OWN.outside } : {}),
      resource: { ...endpoint.resource, spec: kind === 'by address' ? {} : { interfaceName: kind } },
    }
  })
  return { ...world, endpoints }
}

/** The host endpoint that is for an interface: one of its name or with its address, the first by name; else one for all interfaces. */
function hostEndpointOf(world: World, place: LabPlace): Endpoint | undefined {
  const hosts = world.endpoints.filter(({ kind }) => kind === 'host').sort((a, b) => (a.id < b.id ? -1 : 1))
  const nameOf = ({ resource }: Endpoint) => (resource.spec as { interfaceName?: string }).interfaceName
  const own = hosts.find((endpoint) => {
    const name = nameOf(endpoint)
    if (name !== undefined) return name === (place === 'outside' ? 'eth0' : place === 'elsewhere' ? 'eth1' : '')
    return place === 'outside' && endpoint.addresses.some((one) => OWN.outside.some((own) => own.value === one.value))
  })
  return own ?? hosts.find((endpoint) => nameOf(endpoint) === '*')
}

/** What acts on a packet on its way, by the interfaces that it takes (`reference/felix.md 1.6, 1.8`); `dropped`: at the end of it. */
function wayOf(world: World, { from, to, packet }: Sending, settings: DataplaneSettings): { sides: (Side | undefined)[]; dropped: boolean } {
  const workloadAt = (place: LabPlace) => (typeof place === 'number' ? world.endpoints.filter(({ kind }) => kind === 'workload')[place] : undefined)
  const [source, target] = [workloadAt(from), workloadAt(to)]
  const [coming, going] = [hostEndpointOf(world, from), hostEndpointOf(world, to)]
  if (from === 'host') return { sides: target || !going ? [] : [walkSide(world, going, 'egress', packet)], dropped: false }
  if (to !== 'host') {
    const sides = [
      coming && walkForward(world, coming, 'ingress', packet),
      source && walkSide(world, source, 'egress', packet),
      target && walkSide(world, target, 'ingress', packet),
      going && walkForward(world, going, 'egress', packet),
    ]
    return { sides, dropped: false }
  }
  if (!source) return { sides: [coming && walkSide(world, coming, 'ingress', packet)], dropped: false }
  const first = coming?.allInterfaces && walkPreDnat(world, coming, packet)
  return { sides: [first || undefined, walkSide(world, source, 'egress', packet)], dropped: settings.endpointToHost === 'Drop' }
}

/** Packets between places of the lab, with whatever addresses they have there; those about which the interpreter can tell. */
function packetsOf(world: World, headers: readonly Header[], choices: readonly number[], settings: DataplaneSettings): Sending[] {
  const workloads = world.endpoints.filter(({ kind }) => kind === 'workload')
  const owner = new Map(workloads.flatMap(({ addresses }, index) => addresses.map((one) => [formatIp(one), index] as const)).toReversed())
  const taken = new Set(owner.keys())
  const points: { readonly place: LabPlace; readonly ip: Ip }[] = [
    ...[...owner].map(([text, place]) => ({ place, ip: ip(text) })),
    ...(['outside', 'elsewhere'] as const).flatMap((place) => BEYOND[place].map((one) => ({ place, ip: one }))),
  ].filter(({ place, ip: one }) => typeof place === 'number' || !taken.has(formatIp(one)))
  const sent = new Map<string, Sending>()
  for (const [at, header] of headers.entries()) {
    const [first = 0, second = 0, third = 0] = choices.slice(3 * at)
    const peer = points[first % points.length]
    const other = points[second % points.length]
    if (!peer || !other) continue
    // A third each: to the host, from it, through it.
    const own = OWN[peer.place === 'elsewhere' ? 'elsewhere' : 'outside'].find(({ family }) => family === peer.ip.family) ?? assert.fail('no address')
    const host = { place: 'host' as const, ip: own }
    const [from, to] = third % 3 === 0 ? [peer, host] : third % 3 === 1 ? [host, peer] : [peer, other]
    if (from.ip.family !== to.ip.family || from.ip.value === to.ip.value || from.place === to.place) continue
    if ((header.protocol === 1 && from.ip.family === 6) || (header.protocol === 58 && from.ip.family === 4)) continue
    const packet: Packet = { ...header, source: from.ip, destination: to.ip }
    const sending: Sending = { from: from.place, to: to.place, packet }
    if (wayOf(world, sending, settings).sides.some((side) => side?.verdict === 'unknown')) continue
    const back = {
      ...packet,
      source: packet.destination,
      destination: packet.source,
      ...(packet.srcPort === undefined ? {} : { srcPort: packet.dstPort, dstPort: packet.srcPort }),
    }
    if (!sent.has(describePacket(packet)) && !sent.has(describePacket(back))) sent.set(describePacket(packet), sending)
  }
  return [...sent.values()]
}

/** Puts the world's rules into the kernel, sends the packets, and tells which fared otherwise than the interpreter says. */
async function differences(lab: PacketLab, world: World, sent: readonly Sending[], settings: DataplaneSettings): Promise<string[]> {
  const interfaces = new Map<string, readonly Ip[]>([
    ['eth0', OWN.outside],
    ['eth1', OWN.elsewhere],
  ])
  const { ruleset } = new Renderer().render(world, { node: NODE, interfaces, pools: [], hosts: [], settings })
  lab.route(world.endpoints.filter(({ kind }) => kind === 'workload').map(({ addresses }) => [...addresses]))
  lab.host.run(['nft', '-f', '-'], replaceTable(ruleset))
  const arrived = await lab.deliver(sent)
  return sent.flatMap((sending, at) => {
    const { sides, dropped } = wayOf(world, sending, settings)
    const allowed = !dropped && sides.every((side) => side === undefined || side.verdict === 'allow')
    if (arrived[at] === allowed) return []
    const traces = sides.map((side) => side && `${side.endpoint.id} ${side.direction}: ${JSON.stringify(traceOf(side))}`).filter(Boolean)
    return [`${sending.from} to ${sending.to}: ${describePacket(sending.packet)} should ${allowed ? 'pass' : 'not pass'}: ${traces.join(' / ')}`]
  })
}

const port = fc.constantFrom(...PORTS.filter((one) => one > 0), 22)
const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({ protocol: fc.constantFrom(6, 6, 17, 132), srcPort: port, dstPort: port }),
  fc.constantFrom({ protocol: 1, icmpType: 8, icmpCode: 0 }, { protocol: 58, icmpType: 128, icmpCode: 0 }),
)

describe('the kernel and the interpreter, at a host', { skip: namespacesHere('conntrack', 'perl', 'taskset') }, () => {
  let lab: PacketLab
  before(async () => {
    lab = await PacketLab.open(WORKLOADS)
    for (const one of OWN.outside) lab.address('eth0', one)
    for (const one of OWN.elsewhere) lab.address('eth1', one)
  })
  after(() => lab.close())

  it('say the same about packets to it, from it and through it, in worlds that nobody has seen', async () => {
    const packets = fc.tuple(
      anyResources(),
      fc.array(fc.constantFrom(...KINDS), { minLength: 2, maxLength: 2 }),
      fc.constantFrom('Drop', 'Accept', 'Return'),
      fc.array(header, { minLength: 40, maxLength: 60 }),
      fc.array(fc.nat(), { minLength: 180, maxLength: 180 }),
    )
    let count = 0
    await fc.assert(
      fc.asyncProperty(packets, async ([resources, kinds, endpointToHost, headers, choices]) => {
        const world = onHost(worldFrom(resources), kinds)
        const { failsafe = FAILSAFE } = world.endpoints.find(({ kind }) => kind === 'host') ?? {}
        const settings = { ...DEFAULT_SETTINGS, failsafe, endpointToHost }
        const sent = packetsOf(world, headers, choices, settings)
        count += sent.length
        assert.deepEqual(sent.length === 0 ? [] : await differences(lab, world, sent, settings), [])
      }),
      // The same worlds each time, unless it may take long: then others, and a failure prints their seed.
      { numRuns: RANDOM_WORLDS, endOnFailure: true, includeErrorInReport: true, ...(process.env['CALICOCTL_TEST_LONG'] ? {} : { seed: 1 }) },
    )
    assert.ok(count > 10 * RANDOM_WORLDS, `${count} packets`)
  })
})
