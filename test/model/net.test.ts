import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  compareNets,
  containsNet,
  formatIp,
  formatNet,
  type Ip,
  indexIn,
  ipAt,
  isMasked,
  lastIp,
  maskNet,
  type Net,
  netOf,
  overlaps,
  parseCidr,
  parseIp,
  parseNet,
  sizeOf,
} from '../../src/model/net.ts'

function ip(text: string): Ip {
  const found = parseIp(text)
  assert.ok(found, text)
  return found
}

function net(text: string): Net {
  const found = parseNet(text)
  assert.ok(found, text)
  return found
}

const ADDRESSES: readonly (readonly [text: string, canonical: string])[] = [
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['10.1.2.3', '10.1.2.3'],
  ['::', '::'],
  ['::1', '::1'],
  ['fd00::', 'fd00::'],
  ['FD00::ABCD', 'fd00::abcd'],
  ['fd00::0001', 'fd00::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['0:0:0:0:0:FFFF:10.0.0.1', '10.0.0.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ['::1.2.3.4', '::102:304'],
  ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
]

for (const [text, canonical] of ADDRESSES) {
  test(`the address ${text} is written ${canonical}`, () => assert.equal(formatIp(ip(text)), canonical))
}

test('what is no address to Go is none here', () => {
  const refused = [
    '',
    ' ',
    '10.0.0',
    '10.0.0.1.',
    '.10.0.0.1',
    '10..0.1',
    '1.2.3.4.5',
    '256.0.0.1',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.01',
    '00.0.0.0',
  ]
  refused.push('0x0a000001', '167772161', '+1.2.3.4', '1.2.3.-4', ' 10.0.0.1', '10.0.0.1 ', '10.0.0.1:80', '10.0.0.1/32', '１.2.3.4')
  refused.push(
    ':',
    ':1',
    '1:',
    ':::',
    'fd00::1::2',
    'fd00:::1',
    'fd00::12345',
    'fd00::g',
    '[fd00::1]',
    'fe80::1%eth0',
    'fe80::1%',
    '::1:',
    '1:2:3:4:5:6:7',
  )
  refused.push(
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '::ffff:10.0.0',
    '::ffff:010.0.0.1',
    '::10.0.0.1:1',
    '1.2.3.4::',
  )
  refused.push(
    '1:2:3:4:5:6:7:1.2.3.4',
    '1:2:3:4:5:6::1.2.3.4',
    '1:2:3:4:5:1.2.3.4',
    '::a1.2.3.4',
    ':1.2.3.4',
    'a'.repeat(1_000_000),
    ':'.repeat(1_000_000),
  )
  for (const text of refused) assert.equal(parseIp(text), undefined, text.slice(0, 50))
})

const NETS: readonly (readonly [text: string, asWritten: string, masked: string])[] = [
  ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3/8', '10.1.2.3/8', '10.0.0.0/8'],
  ['10.0.0.0/08', '10.0.0.0/8', '10.0.0.0/8'],
  ['10.0.0.0/00000000000000000000000000008', '10.0.0.0/8', '10.0.0.0/8'],
  ['255.255.255.255/1', '255.255.255.255/1', '128.0.0.0/1'],
  ['1.2.3.4/0', '1.2.3.4/0', '0.0.0.0/0'],
  ['1.2.3.4/32', '1.2.3.4/32', '1.2.3.4/32'],
  ['FD00::1/16', 'fd00::1/16', 'fd00::/16'],
  ['0000::/0', '::/0', '::/0'],
  ['fd00::3/127', 'fd00::3/127', 'fd00::2/127'],
  ['fd00::3/128', 'fd00::3/128', 'fd00::3/128'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8', '10.0.0.0/8'],
  ['::ffff:10.0.0.1/128', '10.0.0.1/32', '10.0.0.1/32'],
  ['::ffff:10.0.0.1/96', '10.0.0.1/0', '0.0.0.0/0'],
  ['::ffff:0:0/90', '::ffff:0:0/90', '::ffc0:0:0/90'],
]

for (const [text, asWritten, masked] of NETS) {
  test(`the network ${text} is ${masked}`, () => {
    const found = parseCidr(text)
    assert.ok(found)
    if (asWritten !== '::ffff:0:0/90') assert.equal(formatNet(found), asWritten)
    assert.equal(formatNet(maskNet(found)), masked)
    assert.equal(isMasked(found), asWritten === masked)
  })
}

test('what is no network to Go is none here', () => {
  const refused = [
    '',
    '/',
    '/8',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/ 8',
    '10.0.0.0/8 ',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
  ]
  refused.push(
    '10.0.0.0/255.0.0.0',
    '010.0.0.0/8',
    '10.0.0/8',
    'fd00::/129',
    'fe80::%eth0/64',
    '[fd00::]/64',
    'fd00::1',
    '10.0.0.0/٨',
    '10.0.0.1-10.0.0.9',
    '10.0.0.0/4294967304',
  )
  for (const text of refused) assert.equal(parseCidr(text), undefined, text)
})

test('a bare address is the network of that address alone', () => {
  assert.equal(formatNet(net('10.0.0.1')), '10.0.0.1/32')
  assert.equal(formatNet(net('fd00::1')), 'fd00::1/128')
  assert.equal(parseNet('10.0.0.1/'), undefined)
})

test('a network holds its own addresses and narrower networks, and nothing of the other family', () => {
  const cases: readonly (readonly [outer: string, inner: string, inside: boolean, meet: boolean])[] = [
    ['10.0.0.0/8', '10.255.255.255', true, true],
    ['10.0.0.0/8', '11.0.0.0', false, false],
    ['10.0.0.0/8', '10.1.0.0/16', true, true],
    ['10.1.0.0/16', '10.0.0.0/8', false, true],
    ['10.0.0.5/8', '10.0.0.0/8', true, true],
    ['0.0.0.0/0', '255.0.0.0/8', true, true],
    ['0.0.0.0/0', '::/128', false, false],
    ['::/0', '10.0.0.0/8', false, false],
    ['::/0', 'fd00::/8', true, true],
    ['fd00::/8', 'fe00::', false, false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true, true],
  ]
  for (const [outer, inner, inside, meet] of cases) {
    assert.equal(containsNet(net(outer), net(inner)), inside, `${outer} holds ${inner}`)
    assert.equal(overlaps(net(outer), net(inner)), meet, `${outer} meets ${inner}`)
    assert.equal(overlaps(net(inner), net(outer)), meet, `${inner} meets ${outer}`)
  }
})

test('networks sort by family, address and width', () => {
  const sorted = ['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/16', '10.0.0.1/32', '200.0.0.0/8', '::/0', '::1/128', 'fd00::/8']
  const shuffled = [5, 2, 7, 0, 4, 1, 6, 3].map((i) => net(sorted[i] ?? ''))
  assert.deepEqual(shuffled.sort(compareNets).map(formatNet), sorted)
})

test('the addresses of a block are counted from its first', () => {
  assert.equal(sizeOf(net('10.0.0.0/26')), 64)
  assert.equal(formatIp(ipAt(net('10.0.0.70/26'), 5)), '10.0.0.69')
  assert.equal(indexIn(net('10.0.0.64/26'), ip('10.0.0.69')), 5)
  assert.equal(indexIn(net('10.0.0.64/26'), ip('10.0.0.63')), undefined)
  assert.equal(formatIp(ipAt(net('fd00::/122'), 63)), 'fd00::3f')
  assert.equal(indexIn(net('fd00::40/122'), ip('fd00::41')), 1)
  assert.equal(formatIp(lastIp(net('10.0.0.0/8'))), '10.255.255.255')
  assert.equal(formatIp(lastIp(net('0.0.0.0/0'))), '255.255.255.255')
  assert.equal(formatIp(lastIp(net('fd00::/8'))), 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
})

// --- properties ---

const ip4 = fc.nat({ max: 0xffff_ffff }).map((value): Ip => ({ family: 4, value }))
const ip6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n))
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value): Ip => ({ family: 6, value }))
const anyIp = fc.oneof(ip4, ip6)
const anyNet = fc.tuple(anyIp, fc.nat({ max: 128 })).map(([ip, bits]): Net => ({ ...ip, prefix: ip.family === 4 ? bits % 33 : bits }))

test('an address survives being written and read', () => {
  fc.assert(fc.property(anyIp, (ip) => assert.deepEqual(parseIp(formatIp(ip)), ip)))
})

test('node:net agrees on what an address is, zones aside', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('0123456789afAF:::...g ')), maxLength: 24 })
  const nearly = fc.tuple(anyIp, fc.nat(), fc.constantFrom('', ':', '::', '.', '0', 'f', ':0')).map(([ip, at, extra]) => {
    const whole = formatIp(ip)
    const index = at % (whole.length + 1)
    return whole.slice(0, index) + extra + whole.slice(index + (at % 3))
  })
  fc.assert(
    fc.property(fc.oneof(text, nearly), (text) => assert.equal(parseIp(text) !== undefined, isIP(text) !== 0, text)),
    { numRuns: 3000 },
  )
})

test('node:net agrees on which network holds which address', () => {
  const near = fc.tuple(anyNet, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.boolean(), anyIp).map(([net, bits, inside, other]): [Net, Ip] => {
    if (!inside) return [net, other]
    if (net.family === 4) return [net, { family: 4, value: (net.value ^ Number(bits & ((1n << BigInt(32 - net.prefix)) - 1n))) >>> 0 }]
    return [net, { family: 6, value: net.value ^ (bits & ((1n << BigInt(128 - net.prefix)) - 1n)) }]
  })
  fc.assert(
    fc.property(near, ([net, ip]) => {
      const list = new BlockList()
      list.addSubnet(formatIp(net), net.prefix, net.family === 4 ? 'ipv4' : 'ipv6')
      const expected = ip.family === net.family && list.check(formatIp(ip), ip.family === 4 ? 'ipv4' : 'ipv6')
      assert.equal(containsNet(net, ip), expected, `${formatNet(net)} ${formatIp(ip)}`)
    }),
  )
})

test('two networks meet exactly when the first address of one lies in the other', () => {
  fc.assert(
    fc.property(anyNet, anyNet, (a, b) => {
      const meet = containsNet(a, ipAt(b, 0)) || containsNet(b, ipAt(a, 0))
      assert.equal(overlaps(a, b), meet)
    }),
  )
})

test('masking keeps the network and makes it start at its own first address', () => {
  fc.assert(
    fc.property(anyNet, (net) => {
      const masked = maskNet(net)
      assert.ok(isMasked(masked))
      assert.ok(containsNet(masked, net) && containsNet(net, masked))
      assert.equal(indexIn(net, ipAt(net, 0)), 0)
      assert.ok(containsNet(net, lastIp(net)))
      assert.equal(compareNets(masked, maskNet(masked)), 0)
      assert.ok(containsNet(netOf(lastIp(net)), lastIp(net)))
    }),
  )
})
