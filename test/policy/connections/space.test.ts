import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { describeSet, entriesOf } from '../../../src/policy/connections/describe.ts'
import { intervalsOf } from '../../../src/policy/connections/intervals.ts'
import { type Header, ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE } from '../../../src/policy/connections/packet.ts'
import { ConnectionSpace, type ConnectionSet, EVERYTHING, NOTHING } from '../../../src/policy/connections/space.ts'
import { witness } from '../../../src/policy/connections/witness.ts'

const ALL: readonly [number, number][] = [[0, 65_535]]
const ports = (...list: (number | [number, number])[]) => intervalsOf(list.map((port) => (typeof port === 'number' ? [port, port] : port)))
const any = intervalsOf(ALL)

describe('how sets are told', () => {
  const space = new ConnectionSpace()
  const tcp = (...list: (number | [number, number])[]) => space.ports(TCP, any, ports(...list))
  const udp = (...list: (number | [number, number])[]) => space.ports(UDP, any, ports(...list))
  const cases: readonly [string, ConnectionSet][] = [
    ['none', NOTHING],
    ['all', EVERYTHING],
    ['tcp', space.protocol(TCP)],
    ['tcp 80,443', tcp(443, 80)],
    ['tcp 80-82', tcp(80, 82, 81)],
    ['tcp but 22', tcp([0, 21], [23, 65_535])],
    ['tcp 80,443; icmp', space.union(tcp(80, 443), space.protocol(ICMP))],
    ['all but udp 53', space.complement(udp(53))],
    ['all but icmp 8', space.complement(space.icmp(ICMP, [[8, 8]]))],
    ['icmp 3/4', space.icmp(ICMP, [[3, 3]], [[4, 4]])],
    ['icmpv6 133-136,1/0-3', space.union(space.icmp(ICMPV6, [[133, 136]]), space.icmp(ICMPV6, [[1, 1]], [[0, 3]]))],
    ['tcp 80 from 1024-65535', space.ports(TCP, ports([1024, 65_535]), ports(80))],
    ['tcp 80 from 1-2,9; tcp from 5', space.union(space.ports(TCP, ports(1, 2, 9), ports(80)), space.ports(TCP, ports(5), any))],
    ['protocol 0,47', space.union(space.protocol(47), space.protocol(0))],
    ['all but sctp; udplite', space.complement(space.union(space.protocol(SCTP), space.protocol(UDPLITE)))],
  ]
  for (const [text, set] of cases) test(text, () => assert.equal(describeSet(space, set), text))
})

describe('what a set is made of, for machines', () => {
  const space = new ConnectionSpace()
  const cases: readonly [string, ConnectionSet, unknown][] = [
    ['everything is one entry without limits', EVERYTHING, [{}]],
    ['nothing is no entry', NOTHING, []],
    [
      'ports',
      space.ports(TCP, any, ports(80, [90, 91])),
      [
        {
          protocol: 'tcp',
          dstPorts: [
            [80, 80],
            [90, 91],
          ],
        },
      ],
    ],
    ['source ports', space.ports(UDP, ports(68), any), [{ protocol: 'udp', srcPorts: [[68, 68]] }]],
    [
      'a type with all codes, and one with some',
      space.union(space.icmp(ICMP, [[8, 8]]), space.icmp(ICMP, [[3, 3]], [[4, 4]])),
      [
        { protocol: 'icmp', icmpType: 3, icmpCodes: [[4, 4]] },
        { protocol: 'icmp', icmpType: 8 },
      ],
    ],
    ['protocols without a name', space.protocol(47), [{ protocol: 47 }]],
  ]
  for (const [name, set, entries] of cases) test(name, () => assert.deepEqual(entriesOf(space, set), entries))
})

describe('the packet that stands for a set', () => {
  const space = new ConnectionSpace()
  const cases: readonly [string, ConnectionSet, Header | undefined][] = [
    ['none when the set is empty', NOTHING, undefined],
    ['TCP from a port of clients', EVERYTHING, { protocol: TCP, srcPort: 49_152, dstPort: 1 }],
    ['the lowest port', space.ports(TCP, any, ports(443, 80)), { protocol: TCP, srcPort: 49_152, dstPort: 80 }],
    ['port 0 last', space.ports(TCP, any, ports(0, 80)), { protocol: TCP, srcPort: 49_152, dstPort: 80 }],
    ['port 0 when there is no other', space.ports(TCP, any, ports(0)), { protocol: TCP, srcPort: 49_152, dstPort: 0 }],
    ['a source port as asked', space.ports(UDP, ports([60, 68]), ports(67)), { protocol: UDP, srcPort: 68, dstPort: 67 }],
    ['a ping', space.protocol(ICMP), { protocol: ICMP, icmpType: 8, icmpCode: 0 }],
    ['another type', space.icmp(ICMPV6, [[1, 1]], [[3, 3]]), { protocol: ICMPV6, icmpType: 1, icmpCode: 3 }],
    ['a bare protocol', space.protocol(47), { protocol: 47 }],
  ]
  for (const [name, set, header] of cases) test(name, () => assert.deepEqual(witness(space, set), header))
})

test('ports of a protocol without ports, and types of one without types, are nothing', () => {
  const space = new ConnectionSpace()
  assert.equal(space.ports(ICMP, any, ports(80)), NOTHING)
  assert.equal(space.icmp(TCP, [[8, 8]]), NOTHING)
  assert.equal(space.ports(TCP, any, []), NOTHING)
})

/** A description of a set: what it is made from, so that membership can be asked without the space. */
type Expression =
  | { readonly kind: 'protocol'; readonly protocol: number }
  | { readonly kind: 'ports'; readonly protocol: number; readonly src: [number, number][]; readonly dst: [number, number][] }
  | { readonly kind: 'icmp'; readonly protocol: number; readonly types: [number, number]; readonly codes: [number, number] }
  | { readonly kind: 'union' | 'intersect' | 'subtract'; readonly a: Expression; readonly b: Expression }

/** Few values, so that edges meet. */
const port = fc.constantFrom(0, 1, 2, 22, 53, 79, 80, 81, 443, 1024, 65_534, 65_535)
const pair = (value: fc.Arbitrary<number>) => fc.tuple(value, value).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]))
const portList: fc.Arbitrary<[number, number][]> = fc.oneof(fc.constant<[number, number][]>([[0, 65_535]]), fc.array(pair(port), { maxLength: 4 }))
const small = fc.constantFrom(0, 1, 3, 4, 8, 254, 255)
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.record({ kind: fc.constant('protocol' as const), protocol: fc.constantFrom(0, 1, 2, 6, 17, 47, 58, 132, 136, 255) }),
    fc.record({ kind: fc.constant('ports' as const), protocol: fc.constantFrom(6, 6, 17, 132, 136), src: portList, dst: portList }),
    fc.record({ kind: fc.constant('icmp' as const), protocol: fc.constantFrom(1, 58), types: pair(small), codes: pair(small) }),
    fc.record({ kind: fc.constantFrom('union' as const, 'intersect' as const, 'subtract' as const), a: tie('expression'), b: tie('expression') }),
  ),
}))
const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({ protocol: fc.constantFrom(6, 17, 132, 136), srcPort: port, dstPort: port }),
  fc.record({ protocol: fc.constantFrom(1, 58), icmpType: small, icmpCode: small }),
  fc.record({ protocol: fc.constantFrom(0, 2, 47, 255) }),
)

function build(space: ConnectionSpace, from: Expression): ConnectionSet {
  if (from.kind === 'protocol') return space.protocol(from.protocol)
  if (from.kind === 'ports') return space.ports(from.protocol, intervalsOf(from.src), intervalsOf(from.dst))
  if (from.kind === 'icmp') return space.icmp(from.protocol, [from.types], [from.codes])
  return space[from.kind](build(space, from.a), build(space, from.b))
}

function holds(from: Expression, { protocol, srcPort = 0, dstPort = 0, icmpType = 0, icmpCode = 0 }: Header): boolean {
  const within = (value: number, [first, last]: readonly [number, number]) => value >= first && value <= last
  switch (from.kind) {
    case 'protocol':
      return protocol === from.protocol
    case 'ports':
      return protocol === from.protocol && from.src.some((range) => within(srcPort, range)) && from.dst.some((range) => within(dstPort, range))
    case 'icmp':
      return protocol === from.protocol && within(icmpType, from.types) && within(icmpCode, from.codes)
    case 'union':
      return holds(from.a, { protocol, srcPort, dstPort, icmpType, icmpCode }) || holds(from.b, { protocol, srcPort, dstPort, icmpType, icmpCode })
    case 'intersect':
    case 'subtract':
      return (
        holds(from.a, { protocol, srcPort, dstPort, icmpType, icmpCode }) &&
        holds(from.b, { protocol, srcPort, dstPort, icmpType, icmpCode }) === (from.kind === 'intersect')
      )
  }
}

test('a set holds the headers that its expression holds', () => {
  fc.assert(
    fc.property(expression, fc.array(header, { minLength: 10, maxLength: 40 }), (from, headers) => {
      const space = new ConnectionSpace()
      const set = build(space, from)
      for (const one of headers) assert.equal(space.contains(set, one), holds(from, one), `${describeSet(space, set)} and ${JSON.stringify(one)}`)
    }),
    { numRuns: 2000 },
  )
})

test('sets are one exactly when neither holds what the other does not, and when their words are one', () => {
  fc.assert(
    fc.property(expression, expression, (first, second) => {
      const space = new ConnectionSpace()
      const [a, b] = [build(space, first), build(space, second)]
      const apart = space.union(space.subtract(a, b), space.subtract(b, a))
      assert.equal(apart === NOTHING, a === b)
      assert.equal(describeSet(space, a) === describeSet(space, b), a === b)
      const packet = witness(space, apart)
      if (packet) assert.notEqual(holds(first, packet), holds(second, packet))
    }),
    { numRuns: 1000 },
  )
})

test('the laws of sets hold by identity', () => {
  fc.assert(
    fc.property(expression, expression, expression, (first, second, third) => {
      const space = new ConnectionSpace()
      const [a, b, c] = [build(space, first), build(space, second), build(space, third)]
      assert.equal(space.union(a, b), space.union(b, a))
      assert.equal(space.intersect(a, space.union(b, c)), space.union(space.intersect(a, b), space.intersect(a, c)))
      assert.equal(space.complement(space.complement(a)), a)
      assert.equal(space.complement(space.union(a, b)), space.intersect(space.complement(a), space.complement(b)))
      assert.equal(space.subtract(a, b), space.intersect(a, space.complement(b)))
      assert.equal(space.union(a, space.complement(a)), EVERYTHING)
    }),
    { numRuns: 1000 },
  )
})

test('a packet that stands for a set is in it', () => {
  fc.assert(
    fc.property(expression, (from) => {
      const space = new ConnectionSpace()
      const packet = witness(space, build(space, from))
      if (packet) assert.ok(holds(from, packet))
    }),
    { numRuns: 1000 },
  )
})
