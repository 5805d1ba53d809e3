import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDecidingFault, parseDeciding } from '../../src/model/deciding.ts'
import { isTrafficFault, parseTraffic } from '../../src/model/traffic.ts'

describe('packets in a word', () => {
  const cases: readonly (readonly [text: string, means: object])[] = [
    ['any', {}],
    ['ALL', {}],
    ['tcp', { protocol: 6 }],
    ['UDP', { protocol: 17 }],
    ['icmpv6', { protocol: 58 }],
    ['tcp/80', { protocol: 6, ports: [[80, 80]] }],
    [
      'udp/53,5353',
      {
        protocol: 17,
        ports: [
          [53, 53],
          [5353, 5353],
        ],
      },
    ],
    ['sctp/8000-8100', { protocol: 132, ports: [[8000, 8100]] }],
    [
      'tcp/8000:8100,443',
      {
        protocol: 6,
        ports: [
          [8000, 8100],
          [443, 443],
        ],
      },
    ],
    ['udplite/0-65535', { protocol: 136, ports: [[0, 65_535]] }],
    ['icmp', { protocol: 1 }],
    ['icmp/8', { protocol: 1, icmp: { type: 8 } }],
    ['icmp/3/4', { protocol: 1, icmp: { type: 3, code: 4 } }],
    ['protocol/47', { protocol: 47 }],
  ]
  for (const [text, means] of cases) it(text, () => assert.deepEqual(parseTraffic(text), means))

  const faults: readonly (readonly [text: string, help: RegExp])[] = [
    ['80', /^a port needs its protocol: tcp\/80$/],
    ['8000-8100', /^a port needs its protocol: tcp\/8000-8100$/],
    ['tpc/80', /^did you mean "tcp\/80"\?$/],
    ['web-server', /packets are written as any, tcp/],
    ['any/80', /any stands alone/],
    ['tcp/65536', /ports are numbers up to 65535/],
    ['tcp/', /ports are numbers/],
    ['tcp/http', /ports are numbers/],
    ['tcp/90-80', /^write tcp\/80-90: the range runs backwards$/],
    ['tcp/80/90', /packets are written as/],
    ['icmp/256', /type and code are numbers from 0 to 255/],
    ['icmp/8/0/0', /type and code/],
    ['protocol', /a protocol is a number from 0 to 255/],
    ['protocol/256', /a protocol is a number/],
    ['', /packets are written as/],
  ]
  for (const [text, help] of faults) {
    it(`not "${text}"`, () => {
      const parsed = parseTraffic(text)
      assert.ok(isTrafficFault(parsed))
      assert.equal(parsed.fault, `"${text}" does not say which packets`)
      assert.match(parsed.help, help)
    })
  }
})

describe('who decides, in words', () => {
  const cases: readonly (readonly [text: string, means: object])[] = [
    ['Profile net1', { type: 'rule', kind: 'Profile', name: 'net1' }],
    ['Profile net1 ingress', { type: 'rule', kind: 'Profile', name: 'net1', direction: 'ingress' }],
    ['Profile  net1 egress 0', { type: 'rule', kind: 'Profile', name: 'net1', direction: 'egress', index: 0 }],
    ['gnp web.1 ingress 12', { type: 'rule', kind: 'GlobalNetworkPolicy', name: 'web.1', direction: 'ingress', index: 12 }],
    ['NetworkPolicy prod/db', { type: 'rule', kind: 'NetworkPolicy', namespace: 'prod', name: 'db' }],
    ['np db egress 3', { type: 'rule', kind: 'NetworkPolicy', namespace: 'default', name: 'db', direction: 'egress', index: 3 }],
    ['tier default', { type: 'tier', name: 'default' }],
    ['tier default egress', { type: 'tier', name: 'default', direction: 'egress' }],
    ['no rule', { type: 'nothing' }],
    ['no rule ingress', { type: 'nothing', direction: 'ingress' }],
  ]
  for (const [text, means] of cases) it(text, () => assert.deepEqual(parseDeciding(text), means))

  const faults: readonly (readonly [text: string, help: RegExp])[] = [
    ['profil net1 ingress 0', /^did you mean "Profile net1 ingress 0"\?$/],
    ['web', /it is written as "Profile net1 ingress 0"/],
    ['Profile', /^name the Profile, as in: Profile web ingress 0$/],
    ['Profile a/b', /"a\/b" is no name of a Profile/],
    ['NetworkPolicy a/b/c', /is no name of a NetworkPolicy/],
    ['Profile net1 in', /behind the name comes ingress or egress, and then the number of the rule/],
    ['Profile net1 ingress x', /behind the name comes ingress or egress/],
    ['Profile net1 ingress 0 1', /behind the name comes/],
    ['tier', /it is written as/],
    ['tier default ingress 0', /^behind the name comes ingress or egress$/],
  ]
  for (const [text, help] of faults) {
    it(`not "${text}"`, () => {
      const parsed = parseDeciding(text)
      assert.ok(isDecidingFault(parsed))
      assert.match(parsed.help, help)
    })
  }
})
