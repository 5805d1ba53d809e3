import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { DEFAULT_SETTINGS } from '../../../src/agent/dataplane/settings.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import * as fc from 'fast-check'
import { formatIp, type Ip, parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import type { Packet } from '../../../src/policy/interpreter/packet.ts'
import { traceOf } from '../../../src/policy/interpreter/trace.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import type { Endpoint, World } from '../../../src/policy/world/world.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { describePacket } from '../../lab/packet-bytes.ts'
import { PacketLab, type Sending } from '../../lab/packet-lab.ts'
import { manifestWorld, policy, workload } from '../../policy/manifest-world.ts'
import { pointsOf } from '../../policy/random/points.ts'
import { anyResources, PORTS, worldFrom } from '../../policy/random/worlds.ts'
import { type End, recordedWorlds, type RecordedWorld, worldOf } from '../../policy/recorded.ts'

/** The kernel with our rules in it and the interpreter say the same: real packets between namespaces. */

const NODE = 'lab'
const WORKLOADS = 30
/** Random worlds of a run. */
const RANDOM_WORLDS = process.env['CALICOCTL_TEST_LONG'] ? 500 : 60
/** Packets of a run; all that are recorded with CALICOCTL_TEST_LONG set. */
const ENOUGH = process.env['CALICOCTL_TEST_LONG'] ? Infinity : 2200

interface Sent extends Sending {
  readonly source: Endpoint | undefined
  readonly destination: Endpoint | undefined
}

/** The world with all its workloads on the one host of the lab. */
function inLab(world: World): World {
  let next = 0
  const endpoints = world.endpoints
    .filter(({ kind }) => kind === 'workload')
    .map((endpoint) => {
      const interfaceName = `cali${next++}`
      return { ...endpoint, node: NODE, resource: { ...endpoint.resource, spec: { ...(endpoint.resource.spec as object), interfaceName } } }
    })
  return {
    ...world,
    endpoints: [...endpoints, ...world.endpoints.filter(({ kind }) => kind === 'host').map((host) => ({ ...host, node: 'elsewhere' }))],
  }
}

/** Probes that a first packet can be made of: ICMP errors and answers to nothing belong to no connection, and the kernel drops them before policy. */
function sendable(world: World, recorded: RecordedWorld): Sent[] {
  const index = new Map(world.endpoints.map(({ id }, at) => [id, at]))
  const owner = new Map<string, number>()
  for (const [at, { addresses, kind }] of world.endpoints.entries()) {
    for (const { value } of addresses) if (kind === 'workload' && !owner.has(String(value))) owner.set(String(value), at)
  }
  const taken = new Set<string>()
  const sent: Sent[] = []
  for (const { from, to, protocol, srcPort, dstPort, icmpType, icmpCode } of recorded.probes) {
    const [source, destination] = [parseIp(from.ip), parseIp(to.ip)]
    if (!source || !destination || from.hostEndpoint !== undefined || to.hostEndpoint !== undefined) continue
    const number = protocolNumber(protocol) ?? 0
    if (icmpType !== undefined && ![8, 13, 128, 139].includes(icmpType)) continue
    // IP in IP and GRE have trackers of their own for connections.
    if (number === 4) continue
    const at = ({ endpoint }: End) => (endpoint === undefined ? undefined : index.get(endpoint))
    const [a, b] = [at(from), at(to)]
    // Of several with one address, the kernel has a route to one.
    if ((b ?? -1) !== (owner.get(String(destination.value)) ?? -1) || (a === undefined && owner.has(String(source.value)))) continue
    if (a === undefined && b === undefined) continue
    const packet: Packet = {
      source,
      destination,
      protocol: number,
      ...(srcPort === undefined ? {} : { srcPort }),
      ...(dstPort === undefined ? {} : { dstPort }),
      ...(icmpType === undefined ? {} : { icmpType, icmpCode: icmpCode ?? 0 }),
    }
    const key = (one: Packet) => describePacket(one)
    const back = { ...packet, source, destination, ...(srcPort === undefined ? {} : { srcPort: dstPort ?? 0, dstPort: srcPort }) }
    const reversed = key({ ...back, source: destination, destination: source })
    if (taken.has(key(packet)) || taken.has(reversed)) continue
    taken.add(key(packet))
    sent.push({
      from: a ?? 'outside',
      to: b ?? 'outside',
      packet,
      source: a === undefined ? undefined : world.endpoints[a],
      destination: b === undefined ? undefined : world.endpoints[b],
    })
  }
  return sent
}

const addressesOf = (world: World): Ip[][] => world.endpoints.filter(({ kind }) => kind === 'workload').map(({ addresses }) => [...addresses])

/** Puts the world's rules into the kernel, sends the packets, and tells which fared otherwise than the interpreter says. */
async function differences(lab: PacketLab, world: World, sent: readonly Sent[]): Promise<string[]> {
  const { ruleset } = new Renderer().render(world, { node: NODE, interfaces: new Map(), pools: [], hosts: [], settings: DEFAULT_SETTINGS })
  lab.route(addressesOf(world))
  lab.host.run(['nft', '-f', '-'], replaceTable(ruleset))
  const arrived = await lab.deliver(sent)
  return sent.flatMap(({ packet, source, destination }, at) => {
    const said = walk(world, source, destination, packet)
    const trace = [said.egress, said.ingress].map((side) => side && JSON.stringify(traceOf(side)))
    return arrived[at] === (said.verdict === 'allow') ? [] : [`${describePacket(packet)} should be ${said.verdict}: ${trace.join(' / ')}`]
  })
}

/** Packets between random points of a world, at the edges of what rules ask for; those about which the interpreter can tell. */
function randomPackets(world: World, headers: readonly Header[], choices: readonly number[]): Sent[] {
  const points = pointsOf(world).filter(({ endpoint, ip }) => endpoint?.kind !== 'host' && isUnicast(ip))
  const owners = new Map<string, number>()
  for (const { index, ip } of points) if (index !== undefined && !owners.has(formatIp(ip))) owners.set(formatIp(ip), index)
  const sent = new Map<string, Sent>()
  for (const [at, header] of headers.entries()) {
    const [source, destination] = [points[(choices[2 * at] ?? 0) % points.length], points[(choices[2 * at + 1] ?? 0) % points.length]]
    if (!source || !destination || source.ip.family !== destination.ip.family || source.ip.value === destination.ip.value) continue
    // The kernel has a route to one of several with an address, and knows no ICMP of the other family.
    if (owners.get(formatIp(destination.ip)) !== destination.index || source.index === destination.index) continue
    if ((header.protocol === 1 && source.ip.family === 6) || (header.protocol === 58 && source.ip.family === 4)) continue
    const packet: Packet = { ...header, source: source.ip, destination: destination.ip }
    const ends = { source: source.endpoint, destination: destination.endpoint }
    if (walk(world, ends.source, ends.destination, packet).verdict === 'unknown') continue
    const back = {
      ...packet,
      source: packet.destination,
      destination: packet.source,
      ...(packet.srcPort === undefined ? {} : { srcPort: packet.dstPort, dstPort: packet.srcPort }),
    }
    if (sent.has(describePacket(packet)) || sent.has(describePacket(back))) continue
    sent.set(describePacket(packet), { from: source.index ?? 'outside', to: destination.index ?? 'outside', packet, ...ends })
  }
  return [...sent.values()]
}

function isUnicast(ip: Ip): boolean {
  if (ip.family === 4) return ip.value >= 0x0100_0000 && ip.value < 0xe000_0000 && Math.floor(ip.value / 0x100_0000) !== 127
  return ip.value >> 120n !== 0xffn && ip.value > 1n
}

const port = fc.constantFrom(...PORTS.filter((one) => one > 0))
const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({ protocol: fc.constantFrom(6, 6, 17, 132, 136), srcPort: port, dstPort: port }),
  fc.constantFrom(
    { protocol: 1, icmpType: 8, icmpCode: 0 },
    { protocol: 58, icmpType: 128, icmpCode: 0 },
    { protocol: 1, icmpType: 13, icmpCode: 0 },
  ),
  fc.constantFrom({ protocol: 46 }, { protocol: 50 }),
)

describe('the kernel and the interpreter', { skip: namespacesHere('conntrack', 'perl', 'taskset') }, () => {
  let lab: PacketLab
  before(async () => void (lab = await PacketLab.open(WORKLOADS)))
  after(() => lab.close())

  for (const name of ['named', 'worlds'] as const) {
    it(`say the same about packets of ${name === 'named' ? 'worlds of one idea each' : 'random worlds'}`, async () => {
      let packets = 0
      for (const recorded of recordedWorlds(name)) {
        const world = inLab(worldOf(recorded))
        const sent = sendable(world, recorded)
        if (sent.length === 0) continue
        assert.deepEqual(await differences(lab, world, sent), [], recorded.name)
        packets += sent.length
        if (packets >= ENOUGH) break
      }
      assert.ok(packets > (name === 'named' ? 100 : 2000), `${packets} packets`)
    })
  }

  it('say the same about ports that a rule excludes at both ends', async () => {
    const rule = { action: 'Allow', protocol: 'TCP', source: { notPorts: [1000] }, destination: { notPorts: [80] } }
    const world = inLab(
      manifestWorld(
        policy('not', { selector: 'all()', ingress: [rule], egress: [{ action: 'Allow' }] }),
        workload('a', ['10.0.0.1']),
        workload('b', ['10.0.0.2']),
      ),
    )
    const sent = [1000, 1001].flatMap((srcPort) =>
      [80, 81].map((dstPort): Sent => {
        const [source, destination] = world.endpoints
        const [from, to] = [source?.addresses[0] ?? assert.fail(), destination?.addresses[0] ?? assert.fail()]
        return { from: 0, to: 1, source, destination, packet: { protocol: 6, source: from, destination: to, srcPort, dstPort } }
      }),
    )
    assert.deepEqual(await differences(lab, world, sent), [])
  })

  it('say the same about packets of worlds that nobody has seen', async () => {
    const packets = fc.tuple(
      anyResources(),
      fc.array(header, { minLength: 40, maxLength: 60 }),
      fc.array(fc.nat(), { minLength: 120, maxLength: 120 }),
    )
    let count = 0
    await fc.assert(
      fc.asyncProperty(packets, async ([resources, headers, choices]) => {
        const world = inLab(worldFrom(resources))
        const sent = randomPackets(world, headers, choices)
        count += sent.length
        assert.deepEqual(sent.length === 0 ? [] : await differences(lab, world, sent), [])
      }),
      // The same worlds each time, unless it may take long: then others, and a failure prints their seed.
      { numRuns: RANDOM_WORLDS, ...(process.env['CALICOCTL_TEST_LONG'] ? {} : { seed: 1 }) },
    )
    assert.ok(count > 5 * RANDOM_WORLDS, `${count} packets`)
  })
})
