import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { type Ip, parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import type { Packet } from '../../../src/policy/interpreter/packet.ts'
import { traceOf } from '../../../src/policy/interpreter/trace.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import type { Endpoint, World } from '../../../src/policy/world/world.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { describePacket } from '../../lab/packet-bytes.ts'
import { PacketLab, type Sending } from '../../lab/packet-lab.ts'
import { type End, recordedWorlds, type RecordedWorld, worldOf } from '../../policy/recorded.ts'

/** The kernel with our rules in it and the interpreter say the same: real packets between namespaces. */

const NODE = 'lab'
const WORKLOADS = 30
/** Packets of a run; all that are recorded with CALICOCTL_TEST_LONG set. */
const ENOUGH = process.env['CALICOCTL_TEST_LONG'] ? Infinity : 2200

interface Sent extends Sending {
  readonly source: Endpoint | undefined
  readonly destination: Endpoint | undefined
}

/** The world with all its workloads on the one host of the lab. */
function inLab(recorded: RecordedWorld): World {
  const world = worldOf(recorded)
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

describe('the kernel and the interpreter', { skip: namespacesHere('conntrack', 'perl', 'taskset') }, () => {
  let lab: PacketLab
  before(async () => void (lab = await PacketLab.open(WORKLOADS)))
  after(() => lab.close())

  for (const name of ['named', 'worlds'] as const) {
    it(`say the same about packets of ${name === 'named' ? 'worlds of one idea each' : 'random worlds'}`, async () => {
      let packets = 0
      for (const recorded of recordedWorlds(name)) {
        const world = inLab(recorded)
        const sent = sendable(world, recorded)
        if (sent.length === 0) continue
        const { ruleset } = new Renderer().render(world, { node: NODE, interfaces: new Map(), pools: [], endpointToHost: 'Drop' })
        lab.route(addressesOf(world))
        lab.host.run(['nft', '-f', '-'], replaceTable(ruleset))
        const arrived = await lab.deliver(sent)
        const wrong = sent.flatMap(({ packet, source, destination }, at) => {
          const said = walk(world, source, destination, packet)
          const expected = said.verdict === 'allow'
          const trace = [said.egress, said.ingress].map((side) => side && JSON.stringify(traceOf(side)))
          return arrived[at] === expected ? [] : [`${recorded.name}: ${describePacket(packet)} should be ${said.verdict}: ${trace.join(' / ')}`]
        })
        assert.deepEqual(wrong, [])
        packets += sent.length
        if (packets >= ENOUGH) break
      }
      assert.ok(packets > (name === 'named' ? 100 : 2000), `${packets} packets`)
    })
  }
})
