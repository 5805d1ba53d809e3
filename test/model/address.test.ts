import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import { array, assert as always, constantFrom, integer, property } from 'fast-check'
import {
  canonicalNetwork,
  holdsAddress,
  ipAddress,
  ipv4Address,
  ipv4AddressOrNetwork,
  ipv6Address,
  network,
  networksOverlap,
  sameVersion,
  singleAddress,
  strictlyMasked,
} from '../../src/model/address.ts'
import type { Check } from '../../src/model/schema.ts'

const canonical: readonly [string, string | undefined][] = [
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.0.0.0/08', '10.0.0.0/8'],
  ['10.1.2.3/16', '10.1.0.0/16'],
  ['1.2.3.4/0', '0.0.0.0/0'],
  ['FD00:A:0::/64', 'fd00:a::/64'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001/128', '2001:db8::1/128'],
  ['64:ff9b::10.0.0.0/120', '64:ff9b::a00:0/120'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
  ['::ffff:0:0/95', '::fffe:0:0/95'],
  ['::/0', '::/0'],
  ['1:0:0:2:0:0:0:3/128', '1:0:0:2::3/128'],
  ['1:0:0:2:3:0:0:4/128', '1::2:3:0:0:4/128'],
  ['1:0:2:3:4:5:6:7/128', '1:0:2:3:4:5:6:7/128'],
  ['10.0.0.0/33', undefined],
  ['fd00::/129', undefined],
  ['010.0.0.0/8', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.0/-1', undefined],
  ['10.0.0.0/+8', undefined],
  ['10.0.0.0/8/8', undefined],
  ['10.0.0.0/255.0.0.0', undefined],
  ['10.0.0.0/8 ', undefined],
  ['fe80::%eth0/64', undefined],
  ['10.0.0.1', undefined],
  ['', undefined],
]

for (const [text, expected] of canonical) {
  test(`the network "${text}" is ${expected ?? 'refused'}`, () => assert.equal(canonicalNetwork(text), expected))
}

const checks: readonly [string, Check<string>, readonly string[], readonly [text: string, help: string | undefined][]][] = [
  [
    'an address',
    ipAddress,
    ['10.0.0.1', 'fd00::1', '::', '::ffff:10.0.0.1'],
    [
      ['10.0.0.1/32', 'leave out the prefix length'],
      ['x', undefined],
      ['', undefined],
    ],
  ],
  [
    'an IPv4 address',
    ipv4Address,
    ['10.0.0.1', '::ffff:a00:1'],
    [
      ['fd00::1', 'it is one of IPv6'],
      ['10.0.0.256', undefined],
      ['1.2.3', undefined],
    ],
  ],
  [
    'an IPv6 address',
    ipv6Address,
    ['fd00::1'],
    [
      ['10.0.0.1', 'it is one of IPv4'],
      ['::ffff:10.0.0.1', 'it is one of IPv4'],
      ['fd00::1%eth0', undefined],
    ],
  ],
  [
    'an IPv4 address or network',
    ipv4AddressOrNetwork,
    ['10.0.0.1', '10.0.0.1/24'],
    [
      ['fd00::1/64', 'it is one of IPv6'],
      ['10.0.0.1/33', undefined],
    ],
  ],
  [
    'a network',
    network,
    ['10.0.0.1/8', '::/0'],
    [
      ['10.0.0.1', 'write 10.0.0.1/32 for this address alone'],
      ['x', 'write it as in 192.168.0.0/16'],
    ],
  ],
  [
    'a network without host bits',
    strictlyMasked,
    ['10.0.0.0/8'],
    [
      ['10.1.2.3/8', 'write 10.0.0.0/8'],
      ['fd00::1', 'write fd00::1/128 for this address alone'],
    ],
  ],
  [
    'a single address',
    singleAddress,
    ['10.0.0.1', '10.0.0.1/32', 'fd00::1/128'],
    [
      ['10.0.0.0/24', 'write one address, alone or as /32'],
      ['x/32', undefined],
    ],
  ],
]

for (const [what, check, good, bad] of checks) {
  for (const text of good) test(`"${text}" is ${what}`, () => assert.equal(check(text), undefined))
  for (const [text, help] of bad) test(`"${text}" is not ${what}: ${help ?? 'no help'}`, () => assert.equal(check(text)?.split('\n')[1], help))
  for (const [text] of bad) test(`"${text}" is not ${what}: refused`, () => assert.notEqual(check(text), undefined))
}

test('networks overlap when one lies in the other, of the same IP version', () => {
  assert.ok(networksOverlap('10.0.0.0/8', '10.10.5.0/24'))
  assert.ok(networksOverlap('10.10.5.0/24', '10.0.0.0/8'))
  assert.ok(networksOverlap('10.10.5.9/24', '10.10.5.77/32'))
  assert.ok(!networksOverlap('10.10.0.0/16', '10.11.0.0/16'))
  assert.ok(!networksOverlap('0.0.0.0/0', '::/0'))
  assert.ok(!networksOverlap('10.0.0.0/8', 'x'))
})

test('a network, or an address alone, holds an address however it is spelt', () => {
  assert.ok(holdsAddress('10.10.1.5/32', '10.10.1.5'))
  assert.ok(holdsAddress('fd00::5', 'FD00:0::5'))
  assert.ok(!holdsAddress('10.10.1.5/32', '10.10.1.6'))
  assert.ok(!holdsAddress('10.0.0.0/8', '10.10.1.6/32'))
  assert.ok(!holdsAddress('', '10.10.1.6'))
})

test('addresses are of the same version or not', () => {
  assert.ok(sameVersion('10.0.0.1', '::ffff:10.0.0.2'))
  assert.ok(!sameVersion('10.0.0.1', 'fd00::1'))
  assert.ok(!sameVersion('x', 'x'))
})

test("what is an address is what the system's own parser takes", () => {
  const piece = constantFrom('0', '1', '9', '10', '255', '256', '01', 'a', 'ffff', 'FF', '12345', 'g', ':', '::', '.', '1.2.3.4', ' ', '/')
  always(
    property(array(piece, { maxLength: 16 }), (pieces) => {
      const text = pieces.join('')
      assert.equal(ipAddress(text) === undefined, isIP(text) !== 0, text)
    }),
    { numRuns: 2000 },
  )
})

test('an IPv6 network is written as browsers write the address', () => {
  const group = integer({ min: 0, max: 3 }).chain((zero) => (zero < 2 ? constantFrom(0) : integer({ min: 1, max: 0xfffe })))
  always(
    property(array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((value) => value.toString(16)).join(':')
      const expected = new URL(`http://[${text}]/`).hostname.slice(1, -1)
      assert.equal(canonicalNetwork(`${text}/128`), `${expected}/128`)
    }),
  )
})
