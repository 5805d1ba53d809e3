import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { formatIp, type Ip, parseIp, parseNet } from '../../../src/model/net.ts'
import { matches } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'
import { PairTable } from '../../../src/policy/connections/pair-table.ts'
import { ConnectionSpace, EVERYTHING, NOTHING } from '../../../src/policy/connections/space.ts'
import { cutAddresses } from '../../../src/policy/core/atoms.ts'
import { hasBit } from '../../../src/policy/core/bits.ts'
import { classifyLabels } from '../../../src/policy/core/label-classes.ts'
import { CLOSED, OPEN, outcomesOf } from '../../../src/policy/core/outcomes.ts'
import { findPlaces } from '../../../src/policy/core/places.ts'
import type { EndpointFacts } from '../../../src/policy/facts.ts'

const net = (text: string) => parseNet(text) ?? assert.fail(text)
const ip = (text: string): Ip => parseIp(text) ?? assert.fail(text)
const selector = (text: string) => parseSelector(text).ast ?? assert.fail(text)

describe('atoms: where networks begin and end', () => {
  const nets = ['10.0.0.0/8', '10.0.0.0/30', '10.0.0.2/32', '10.0.0.4/30', '255.255.255.255/32', 'fd00::/64'].map(net)
  const atoms = cutAddresses(nets)
  test('addresses of an atom are in the same networks, of different atoms are not', () => {
    const groups = [
      ['9.255.255.255', '11.0.0.0'],
      ['10.0.0.0', '10.0.0.1', '10.0.0.3'],
      ['10.0.0.2'],
      ['10.0.0.4', '10.0.0.7'],
      ['10.0.0.8', '10.255.255.255'],
      ['255.255.255.255'],
      ['fd00::', 'fd00::1'],
      ['::', 'fd00:0:0:1::'],
    ]
    const found = groups.map((group) => new Set(group.map((text) => atoms.atomOf(ip(text)))))
    for (const one of found) assert.equal(one.size, 1)
    assert.equal(new Set(found.flatMap((one) => [...one])).size, groups.length)
    assert.equal(atoms.size, groups.length)
  })
  test('a network consists of atoms that follow each other', () => {
    const [first, last] = atoms.within(net('10.0.0.0/8'))
    const inside = ['10.0.0.0', '10.0.0.2', '10.0.0.5', '10.9.0.0'].map((text) => atoms.atomOf(ip(text)))
    assert.ok(inside.every((atom) => atom >= first && atom <= last))
    assert.equal(last - first, 3)
  })
  test('an atom has as many addresses as its network less those within', () => {
    assert.equal(atoms.sizeOf(atoms.atomOf(ip('10.0.0.1'))), 3)
    assert.equal(atoms.sizeOf(atoms.atomOf(ip('255.255.255.255'))), 1)
  })
  test('only networks that it was made for are known', () => {
    assert.ok(atoms.knows(net('10.0.0.0/30')))
    assert.ok(!atoms.knows(net('10.0.0.0/29')))
  })
})

describe('label classes: what selectors tell apart', () => {
  const asked = ["app == 'web'", "app in {'db', 'web'}", "name starts with 'a'", 'has(tier)', "!(zone != 'x')"].map(selector)
  const labels: Record<string, string>[] = [
    { app: 'web' },
    { app: 'web', other: 'x' },
    { app: 'cache' },
    { app: 'queue' },
    {},
    { name: 'ab' },
    { name: 'ba' },
    { name: 'ac', tier: '' },
    { zone: 'x' },
  ]
  const classes = classifyLabels(labels, asked)
  const same = (a: number, b: number) => classes.classOf[a] === classes.classOf[b]
  test('a label that nobody asks for divides nothing', () => assert.ok(same(0, 1)))
  test('values that nobody names are alike', () => assert.ok(same(2, 3)))
  test('to have a value that nobody names is not to have none', () => assert.ok(!same(2, 4)))
  test('parts of values divide', () => assert.ok(!same(5, 6)))
  test('a selector matches the classes of the labels that it matches', () => {
    for (const one of asked)
      for (const [index, own] of labels.entries()) assert.equal(hasBit(classes.matching(one), classes.classOf[index] ?? -1), matches(one, own))
  })
  test('other labels are found in their class, or in none', () => {
    assert.equal(classes.find({ app: 'else', other: 'y' }), classes.classOf[2])
    assert.equal(classes.find({ app: 'web', tier: 'x' }), undefined)
  })
  test('however many labels are asked for, and whatever they are called', () => {
    const names = ['constructor', '__proto__', ...Array.from({ length: 20 }, (_, index) => `label-${index}`)]
    for (const count of [2, names.length]) {
      const [asking, having] = [names.slice(0, count), [{}, ...names.map((name) => Object.fromEntries([[name, 'x']]))]]
      const selectors = asking.map((name) => selector(`has(${name})`))
      const found = classifyLabels(having, selectors)
      assert.equal(new Set(found.classOf).size, 1 + count, `${count} labels`)
      for (const one of selectors)
        for (const [index, own] of having.entries()) assert.equal(hasBit(found.matching(one), found.classOf[index] ?? -1), matches(one, own))
    }
  })
  test('a selector is known when it asks nothing new', () => {
    assert.ok(classes.knows(selector("app != 'db' && !has(tier) || name starts with 'a'")))
    for (const text of ["app == 'cache'", "name starts with 'b'", "name ends with 'a'", 'has(nobody)'])
      assert.ok(!classes.knows(selector(text)), text)
  })
})

describe('places: who is at an address, as rules see it', () => {
  const endpoint = (app: string, addresses: string[], more: Partial<EndpointFacts> = {}): EndpointFacts => ({
    kind: 'workload',
    labels: { app },
    profiles: [],
    addresses: addresses.map(ip),
    ports: [],
    ...more,
  })
  const make = (endpoints: readonly EndpointFacts[]) => {
    const labels = classifyLabels(
      endpoints.map((one) => one.labels),
      [selector("app == 'web'")],
    )
    return findPlaces(endpoints, labels, cutAddresses([net('10.0.0.0/31'), net('192.0.2.1/32')]))
  }
  test('like endpoints in the same networks are at one place', () => {
    const places = make([endpoint('web', ['10.0.1.1']), endpoint('web', ['10.0.1.2']), endpoint('web', ['10.0.0.1']), endpoint('db', ['10.0.1.3'])])
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => places.ofEndpoint(index)[0])
    assert.equal(a, b)
    assert.equal(new Set([a, c, d]).size, 3)
    assert.equal(places.count(a ?? -1), 2)
    assert.deepEqual(places.members(c ?? -1), [{ endpoint: 2, address: 0 }])
  })
  test('profiles, ports and kinds divide', () => {
    const more: Partial<EndpointFacts>[] = [
      {},
      { profiles: ['p'] },
      { ports: [{ name: 'http', protocol: 6, port: 80 }] },
      { kind: 'host' },
      { kind: 'host', allInterfaces: true },
    ]
    const places = make(more.map((one, index) => endpoint('web', [`10.0.1.${index}`], one)))
    assert.equal(new Set(more.map((_, index) => places.ofEndpoint(index)[0])).size, more.length)
  })
  test('an address of several endpoints is known by all of them; the first is who is there', () => {
    const places = make([endpoint('web', ['10.0.1.1']), endpoint('db', ['10.0.1.1']), endpoint('web', ['10.0.1.2'])])
    const [shared = -1, other = -1, alone = -1] = [0, 1, 2].map((index) => places.ofEndpoint(index)[0])
    assert.equal(new Set([shared, other, alone]).size, 3)
    assert.equal(places.at(ip('10.0.1.1')), shared)
    assert.equal(places.list[shared]?.owners.length, 2)
  })
  test('an address that rules do not know is a place, and outside for others', () => {
    const places = make([endpoint('web', [], { kind: 'host', otherAddresses: [ip('10.0.1.1')] })])
    const [place = -1] = places.ofEndpoint(0)
    assert.deepEqual(places.list[place]?.owners, [])
    assert.notEqual(places.at(ip('10.0.1.1')), place)
    assert.ok(!places.isOwned(ip('10.0.1.1')))
  })
  test('where every address has an owner there is no outside', () => {
    const places = make([endpoint('web', ['10.0.0.0', '10.0.0.1'])])
    const outside = places.list.filter(({ endpointClass }) => endpointClass === undefined).map(({ atom }) => atom)
    assert.ok(!outside.includes(places.list[places.ofEndpoint(0)[0] ?? -1]?.atom ?? -1))
    assert.equal(outside.length, 3)
  })
  test('after a change: the same places, or none when something is like nothing before', () => {
    const [a, b, c] = [endpoint('web', ['10.0.1.1']), endpoint('db', ['10.0.1.2']), endpoint('web', ['10.0.1.3'])]
    const places = make([a, b, c])
    const moved = places.updated([a, endpoint('else', ['10.0.1.9']), c])
    assert.deepEqual(moved?.ofEndpoint(1), places.ofEndpoint(1))
    assert.equal(moved?.isOwned(ip('10.0.1.2')), false)
    assert.equal(moved?.at(ip('10.0.1.9')), moved?.ofEndpoint(1)[0])
    const less = places.updated([a, c])
    assert.deepEqual(less?.ofEndpoint(1), places.ofEndpoint(2))
    assert.equal(less?.count(places.ofEndpoint(1)[0] ?? -1), 0)
    for (const other of [endpoint('web', ['10.0.1.1']), endpoint('web', ['10.0.0.1']), endpoint('web', ['10.0.1.8'], { profiles: ['p'] })]) {
      assert.equal(places.updated([a, b, c, other]), undefined, formatIp(other.addresses[0] ?? ip('::')))
    }
  })
})

describe('outcomes of both ends', () => {
  const space = new ConnectionSpace()
  const outcomes = outcomesOf(space)
  const tcp = space.protocol(6)
  const rest = space.complement(tcp)
  const cases: readonly [string, number, number, { allowed: number; unknown: number }][] = [
    ['nothing where one end is closed', CLOSED, OPEN, { allowed: NOTHING, unknown: NOTHING }],
    ['everything where no rule acts', OPEN, OPEN, { allowed: EVERYTHING, unknown: NOTHING }],
    ['what both allow', outcomes.intern(tcp, rest), OPEN, { allowed: tcp, unknown: NOTHING }],
    ['what one cannot tell and the other allows', outcomes.intern(EVERYTHING, tcp), OPEN, { allowed: rest, unknown: tcp }],
    ['what one cannot tell and the other denies', outcomes.intern(EVERYTHING, tcp), outcomes.intern(rest, tcp), { allowed: rest, unknown: NOTHING }],
  ]
  for (const [name, a, b, expected] of cases) {
    test(name, () => {
      assert.deepEqual(outcomes.verdict(outcomes.both(a, b)), expected)
      assert.equal(outcomes.both(a, b), outcomes.both(b, a))
    })
  }
  test('engines that share a space share them', () => assert.equal(outcomesOf(space), outcomes))
})

test('a table of pairs keeps what a map keeps', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(40), fc.nat(2 ** 31 - 2)), { maxLength: 400 }), (entries) => {
      const [table, map] = [new PairTable(), new Map<string, number>()]
      for (const [first, second, value] of entries) {
        table.set(first, second, value)
        map.set(`${first} ${second}`, value)
      }
      assert.equal(table.size, map.size)
      for (let first = 0; first <= 40; first++)
        for (let second = 0; second <= 40; second++) assert.equal(table.get(first, second), map.get(`${first} ${second}`) ?? -1)
    }),
  )
})
