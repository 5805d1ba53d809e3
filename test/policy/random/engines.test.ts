import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatIp } from '../../../src/model/net.ts'
import { type Header, ICMP, ICMPV6, PORTED, SCTP, TCP, TYPED, UDP, UDPLITE } from '../../../src/policy/connections/packet.ts'
import { witness } from '../../../src/policy/connections/witness.ts'
import { Engine, type Verdict } from '../../../src/policy/core/engine.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import { placeOf, type Point, pointsOf } from './points.ts'
import { anyResources, PORTS, worldFrom } from './worlds.ts'

// How much is tried: CALICOCTL_RANDOM_WORLDS=10000 is the size for a night. A failure prints the seed and the smallest world that shows it.
const WORLDS = Number(process.env['CALICOCTL_RANDOM_WORLDS'] ?? 100)
const PACKETS = Number(process.env['CALICOCTL_RANDOM_PACKETS'] ?? 400)
const SEED = process.env['CALICOCTL_RANDOM_SEED']

test(`the engines say the same about up to ${PACKETS} packets in each of ${WORLDS} random worlds`, () => {
  let [packets, unknowns] = [0, 0]
  const property = fc.property(anyResources(), fc.nat(), fc.infiniteStream(anyHeader()), (resources, seed, headers) => {
    const world = worldFrom(resources)
    const engine = new Engine(world)
    const points = pointsOf(world)
    for (const [source, destination] of somePairs(points, PACKETS / 4, seed)) {
      const verdict = engine.verdict(placeOf(engine, world, source), placeOf(engine, world, destination))
      for (const header of [...witnesses(engine, verdict), headers.next().value]) {
        packets++
        const packet = { ...header, source: source.ip, destination: destination.ip }
        const said = walk(world, source.endpoint, destination.endpoint, packet).verdict
        const expected = verdictOf(engine, verdict, header)
        if (expected === 'unknown') unknowns++
        assert.equal(expected, said, `${nameOf(source)} -> ${nameOf(destination)} ${JSON.stringify(header)}`)
      }
    }
  })
  fc.assert(property, { numRuns: WORLDS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) })
  assert.ok(unknowns > 0 && unknowns < packets)
  if (WORLDS > 1000) console.log(`# ${packets} packets, ${unknowns} of which cannot be told`)
})

// --- internal ---

/** A packet for each answer there is: one that passes, one that does not, one that cannot be told. */
function witnesses({ space }: Engine, { allowed, unknown }: Verdict): Header[] {
  const denied = space.complement(space.union(allowed, unknown))
  return [allowed, denied, unknown].flatMap((set) => witness(space, set) ?? [])
}

function verdictOf({ space }: Engine, { allowed, unknown }: Verdict, header: Header): string {
  return space.contains(allowed, header) ? 'allow' : space.contains(unknown, header) ? 'unknown' : 'deny'
}

/** Headers at the edges of what rules ask for. */
function anyHeader(): fc.Arbitrary<Header> {
  const port = fc.constantFrom(...PORTS)
  const code = fc.constantFrom(0, 1, 2, 254, 255)
  return fc.constantFrom(TCP, TCP, UDP, SCTP, UDPLITE, ICMP, ICMP, ICMPV6, 0, 4, 46, 47, 48, 255).chain((protocol): fc.Arbitrary<Header> => {
    if (PORTED.includes(protocol)) return fc.record({ protocol: fc.constant(protocol), srcPort: port, dstPort: port })
    if (TYPED.includes(protocol))
      return fc.record({ protocol: fc.constant(protocol), icmpType: fc.constantFrom(0, 3, 4, 8, 128, 255), icmpCode: code })
    return fc.constant({ protocol })
  })
}

/** Pairs of one version of IP: all of them, or as many, evenly spread. */
function somePairs(points: readonly Point[], count: number, seed: number): [Point, Point][] {
  const pairs = points.flatMap((source) =>
    points.filter(({ ip }) => ip.family === source.ip.family).map((destination): [Point, Point] => [source, destination]),
  )
  // What rules act on matters more than two addresses outside.
  const inside = pairs.filter(([source, destination]) => source.endpoint ?? destination.endpoint)
  const step = Math.max(1, Math.floor(inside.length / count))
  return inside.filter((_, at) => (at + seed) % step === 0)
}

function nameOf({ endpoint, ip }: Point): string {
  return endpoint ? `${endpoint.id} at ${formatIp(ip)}` : formatIp(ip)
}
