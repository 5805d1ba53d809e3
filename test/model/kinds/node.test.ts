import assert from 'node:assert/strict'
import { test } from 'node:test'
import { node } from '../../../src/model/kinds/node.ts'
import { judge } from './judge.ts'

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

const stored: readonly [what: string, spec: unknown, tail: string][] = [
  ['nothing', undefined, '"spec":{},"status":{}}'],
  ['no BGP', { bgp: null }, '"spec":{},"status":{}}'],
  ['an address without a prefix length', { bgp: { ipv4Address: '10.0.0.1' } }, '"spec":{"bgp":{"ipv4Address":"10.0.0.1"}},"status":{}}'],
  ['an address with host bits, as written', { bgp: { ipv6Address: 'FD00::1/8' } }, '"spec":{"bgp":{"ipv6Address":"FD00::1/8"}},"status":{}}'],
  ['the largest AS number', { bgp: { asNumber: 4294967295 } }, '"spec":{"bgp":{"asNumber":4294967295}},"status":{}}'],
  ['AS number 0', { bgp: { asNumber: 0 } }, '"spec":{"bgp":{"asNumber":0}},"status":{}}'],
  ['a dotted AS number', { bgp: { asNumber: '1.1' } }, '"spec":{"bgp":{"asNumber":65537}},"status":{}}'],
  ['an empty WireGuard interface', { wireguard: {} }, '"spec":{"wireguard":{}},"status":{}}'],
  ['an empty reference', { orchRefs: [{}] }, '"spec":{"orchRefs":[{"orchestrator":""}]},"status":{}}'],
  ['an address without text', { addresses: [{ type: 'InternalIP' }] }, '"spec":{"addresses":[{"address":"","type":"InternalIP"}]},"status":{}}'],
  ['a null interface', { interfaces: [null] }, '"spec":{"interfaces":[{}]},"status":{}}'],
]

for (const [what, spec, tail] of stored) {
  test(`a node is stored with ${what}`, () => {
    const judgement = judge(node, spec)
    assert.deepEqual(judgement.faults, [])
    assert.ok(judgement.stored.endsWith(tail), judgement.stored)
  })
}

const refused: readonly [what: string, spec: object, fault: string][] = [
  ['empty BGP', { bgp: {} }, 'spec.bgp: bgp must not be empty (give an address, or leave bgp out)'],
  ['BGP with empty fields', { bgp: { ipv4Address: '' } }, 'spec.bgp: bgp must not be empty (give an address, or leave bgp out)'],
  ['the other IP version', { bgp: { ipv4Address: 'fd00::1' } }, 'spec.bgp.ipv4Address: "fd00::1" is not an IPv4 address (it is one of IPv6)'],
  [
    'IPv4 in IPv6 clothes for IPv6',
    { bgp: { ipv6Address: '::ffff:10.0.0.1' } },
    'spec.bgp.ipv6Address: "::ffff:10.0.0.1" is not an IPv6 address (it is one of IPv4)',
  ],
  [
    'a tunnel with a prefix length',
    { ipv4VXLANTunnelAddr: '10.0.0.0/24' },
    'spec.ipv4VXLANTunnelAddr: "10.0.0.0/24" is not an IPv4 address (leave out the prefix length)',
  ],
  ['a bad MAC address', { vxlanTunnelMACAddr: 'xx' }, 'spec.vxlanTunnelMACAddr: "xx" is not a MAC address (write it as in ee:ee:ee:ee:ee:ee)'],
  [
    'a type of address that nobody reads',
    { addresses: [{ address: '10.0.0.1', type: 'Hostname' }] },
    'spec.addresses[0].type: "Hostname" is not one of "CalicoNodeIP", "InternalIP", "ExternalIP"',
  ],
]

for (const [what, spec, fault] of refused) {
  test(`a node is refused for ${what}`, () => assert.deepEqual(judge(node, spec).faults, [fault]))
}

test('a dotted AS number is refused without quotes', () => {
  assert.match(judge(node, { bgp: { asNumber: 1.5 } }).faults.join(), /^spec\.bgp\.asNumber: "1\.5" is not an AS number/)
})

const keys: readonly [what: string, key: string, fine: boolean][] = [
  ['of 32 bytes', KEY, true],
  ['with a line break', `${KEY}\n`, true],
  ['that is empty', '', true],
  ['without padding', KEY.slice(0, -1), false],
  ['of 33 bytes', 'eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5', false],
  ['in the alphabet of URLs', '-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s=', false],
]

for (const [what, key, fine] of keys) {
  test(`a public key ${what} is ${fine ? 'fine' : 'refused'}`, () => {
    const { faults } = judge(node, {}, { name: 'x' }, { wireguardPublicKey: key })
    assert.equal(faults.length, fine ? 0 : 1)
    if (!fine) assert.match(faults[0] ?? '', /^status\.wireguardPublicKey: /)
  })
}
