import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Resource } from '../../../src/model/kind.ts'
import { containsNet, type Ip, type Net, parseIp } from '../../../src/model/net.ts'
import { describeSet } from '../../../src/policy/connections/describe.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import { type Comparison, compareWorlds, type Group, type Row } from '../../../src/policy/diff/compare.ts'
import { isWithinHost } from '../../../src/policy/why/examine.ts'
import { compareTexts } from '../../../src/policy/reach/traits.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import type { Endpoint, World } from '../../../src/policy/world/world.ts'
import { anyResources, worldFrom } from '../random/worlds.ts'
import { recordedWorlds, resourceOf } from '../recorded.ts'

const recorded = recordedWorlds('worlds').map(({ resources }) => resources.map((raw) => resourceOf(raw)))

type Edit = (resources: readonly Resource[], at: number) => readonly Resource[]

/** Small changes, each to one resource of a world. */
const edits: Readonly<Record<string, Edit>> = {
  'is taken away': (resources, at) => resources.filter((_, index) => index !== at),
  'allows where it denied, and the other way round': (resources, at) =>
    changed(resources, at, (spec) => {
      for (const rule of [...listOf(spec, 'ingress'), ...listOf(spec, 'egress')]) {
        const { action } = rule
        if (action === 'Allow' || action === 'Deny') rule['action'] = action === 'Allow' ? 'Deny' : 'Allow'
      }
    }),
  'loses its first rule': (resources, at) =>
    changed(resources, at, (spec) => {
      for (const direction of ['ingress', 'egress']) if (Array.isArray(spec[direction])) spec[direction] = spec[direction].slice(1)
    }),
  'has rules that nobody can tell': (resources, at) =>
    changed(resources, at, (spec) => {
      for (const rule of listOf(spec, 'ingress')) rule['http'] = { methods: ['GET'] }
    }),
  'has no profiles': (resources, at) => changed(resources, at, (spec) => void delete spec['profiles']),
  'has another address': (resources, at) =>
    changed(resources, at, (spec) => {
      for (const field of ['ipNetworks', 'expectedIPs'])
        if (Array.isArray(spec[field])) spec[field] = [field === 'ipNetworks' ? '10.77.0.1/32' : '10.77.0.1']
    }),
}

function changed(resources: readonly Resource[], at: number, change: (spec: Record<string, unknown>) => void): readonly Resource[] {
  const copy = structuredClone(resources[at])
  if (copy) change((copy.spec ??= {}) as Record<string, unknown>)
  return resources.map((resource, index) => (index === at && copy ? copy : resource))
}

function listOf(spec: Record<string, unknown>, field: string): Record<string, unknown>[] {
  const list = spec[field]
  return Array.isArray(list) ? (list as Record<string, unknown>[]) : []
}

/** Pairs of worlds: a recorded or a random one, and what becomes of it, or another one with endpoints of the same names. */
const anyWorld = fc.oneof(fc.constantFrom(...recorded), anyResources())

const pairs = fc
  .record({
    before: anyWorld,
    edits: fc.array(fc.record({ edit: fc.constantFrom(...Object.keys(edits)), at: fc.nat(1000) }), { minLength: 1, maxLength: 3 }),
    other: fc.option(anyWorld, { freq: 4 }),
  })
  .map(({ before, edits: chosen, other }) => {
    const edited = chosen.reduce<readonly Resource[]>((all, { edit, at }) => edits[edit]?.(all, at % Math.max(1, all.length)) ?? all, before)
    return { before: worldFrom(before), after: worldFrom(other ?? edited) }
  })

const headers = fc.oneof(
  fc.record<Header>({
    protocol: fc.constantFrom(6, 17, 132),
    srcPort: fc.constantFrom(1, 81, 1000, 40_000),
    dstPort: fc.constantFrom(22, 53, 80, 82, 443, 4789, 8080),
  }),
  fc.record<Header>({ protocol: fc.constantFrom(1, 58), icmpType: fc.constantFrom(0, 3, 8, 128), icmpCode: fc.constantFrom(0, 4) }),
  fc.record<Header>({ protocol: fc.constantFrom(2, 4, 47) }),
)

/** One end of a packet that is the same address on all sides where it is. */
interface End {
  readonly id: string | undefined
  readonly ip: Ip
}

function endsOf(...worlds: readonly World[]): End[] {
  const known = new Map<string, End | undefined>()
  for (const { endpoints } of worlds) {
    for (const endpoint of endpoints) {
      const ips = allAddresses(endpoint)
      const elsewhere = worlds.flatMap((world) => world.endpoints.filter(({ id }) => id === endpoint.id))
      // An endpoint whose addresses changed is told at both: which is which is not for this check.
      if (!elsewhere.every((other) => sameAddresses(allAddresses(other), ips))) continue
      for (const ip of ips) known.set(`${endpoint.id}/${ip.value}`, { id: endpoint.id, ip })
    }
  }
  for (const text of [
    '8.8.8.8',
    '10.0.0.1',
    '10.0.0.6',
    '192.0.2.77',
    'fd00::1:7',
    '10.65.0.77',
    '192.0.2.9',
    '172.16.3.4',
    '2001:db8::99',
    'fd00::7',
  ]) {
    const ip = parseIp(text)
    const taken = worlds.some(({ endpoints }) => endpoints.some((endpoint) => allAddresses(endpoint).some(({ value }) => value === ip?.value)))
    if (ip && !taken) known.set(text, { id: undefined, ip })
  }
  return [...known.values()].flatMap((end) => end ?? [])
}

function allAddresses({ addresses, otherAddresses = [] }: Endpoint): readonly Ip[] {
  return [...addresses, ...otherAddresses]
}

function sameAddresses(a: readonly Ip[], b: readonly Ip[]): boolean {
  return a.map(({ value }) => value).join() === b.map(({ value }) => value).join()
}

function stateIn(world: World, from: End, to: End, header: Header): string {
  const [source, destination] = [from, to].map(({ id }) => world.endpoints.find((endpoint) => endpoint.id === id))
  if ((from.id !== undefined && !source) || (to.id !== undefined && !destination)) return 'deny'
  return walk(world, source, destination, { ...header, source: from.ip, destination: to.ip }).verdict
}

/** Policy has no say in what an endpoint sends to itself, nor between a host and what is on it. */
function isExempt(worlds: readonly World[], from: End, to: End): boolean {
  const [source, destination] = [from, to].map(
    ({ id }) => worlds.flatMap(({ endpoints }) => endpoints.find((endpoint) => endpoint.id === id) ?? [])[0],
  )
  return (source !== undefined && source.id === destination?.id) || isWithinHost(source, destination)
}

function holds({ members, outside }: Group, { id, ip }: End): boolean {
  if (id !== undefined) {
    return members.some(({ endpoint, before, after }) => (endpoint.after ?? endpoint.before)?.id === id && (after ?? before)?.value === ip.value)
  }
  // The smallest network around the address says.
  const around = (nets: readonly Net[] = []) => Math.max(-1, ...nets.filter((net) => containsNet(net, ip)).map(({ prefix }) => prefix))
  return around(outside?.nets) > around(outside?.but)
}

function rowsOf({ rows, space }: Comparison, from: End, to: End, header: Header): Row[] {
  return rows.filter(
    ({ source, destination, families, connections }) =>
      families.includes(from.ip.family) && holds(source, from) && holds(destination, to) && space.contains(connections, header),
  )
}

describe('random pairs of worlds', () => {
  test('a packet fares differently exactly when a row says so, and how', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(fc.record({ from: fc.nat(), to: fc.nat(), header: headers }), { minLength: 30, maxLength: 30 }),
        ({ before, after }, packets) => {
          const comparison = compareWorlds(before, after)
          const ends = endsOf(before, after)
          for (const { from, to, header } of packets) {
            const [source, destination] = [ends[from % ends.length], ends[to % ends.length]]
            if (!source || !destination || source.ip.family !== destination.ip.family || isExempt([before, after], source, destination)) continue
            const [a, b] = [stateIn(before, source, destination, header), stateIn(after, source, destination, header)]
            const told = rowsOf(comparison, source, destination, header).map((row) => `${row.before} -> ${row.after}`)
            assert.deepEqual(
              told,
              a === b ? [] : [`${a} -> ${b}`],
              JSON.stringify({ source, destination, header }, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('the witness of every row does what the row says, on both sides', () => {
    fc.assert(
      fc.property(pairs, ({ before, after }) => {
        for (const row of compareWorlds(before, after).rows) {
          assert.equal(row.witness.before?.verdict ?? 'deny', row.before)
          assert.equal(row.witness.after?.verdict ?? 'deny', row.after)
          assert.ok(row.witness.before ?? row.witness.after)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('nothing differs between a world and itself', () => {
    fc.assert(
      fc.property(pairs, ({ after }) => assert.deepEqual(compareWorlds(after, after).rows, [])),
      { numRuns: 20 },
    )
  })

  test('the other way round, what was gained is lost', () => {
    const told = ({ rows, space }: Comparison, swap: boolean) =>
      rows
        .map(({ before, after, source, destination, families, connections }) => {
          const [from, to] = swap ? [after, before] : [before, after]
          const ends = [source, destination].map(({ endpoints, outside }) => [
            endpoints.map((one) => (one.after ?? one.before)?.id ?? '').sort(compareTexts),
            outside,
          ])
          return JSON.stringify([from, to, families, describeSet(space, connections), ends], (_, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          )
        })
        .sort(compareTexts)
    fc.assert(
      fc.property(pairs, ({ before, after }) =>
        assert.deepEqual(told(compareWorlds(after, before), true), told(compareWorlds(before, after), false)),
      ),
      { numRuns: 40 },
    )
  })
})
