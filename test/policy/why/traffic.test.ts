import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeSet } from '../../../src/policy/connections/describe.ts'
import { ConnectionSpace } from '../../../src/policy/connections/space.ts'
import { connectionsOf, headerFor, parseTraffic, type Traffic } from '../../../src/policy/why/traffic.ts'
import { manifestWorld, policy } from '../manifest-world.ts'

const space = new ConnectionSpace()

function parsed(text: string): Traffic {
  const traffic = parseTraffic(text)
  return 'fault' in traffic ? assert.fail(`${text}: ${traffic.fault}`) : traffic
}

describe('traffic in words', () => {
  const cases: readonly (readonly [text: string, v4: string, v6: string])[] = [
    ['any', 'all', 'all'],
    ['tcp', 'tcp', 'tcp'],
    ['tcp/80', 'tcp 80', 'tcp 80'],
    ['TCP/80', 'tcp 80', 'tcp 80'],
    ['udp/5000-5010', 'udp 5000-5010', 'udp 5000-5010'],
    ['udp/5000:5010', 'udp 5000-5010', 'udp 5000-5010'],
    ['sctp/9', 'sctp 9', 'sctp 9'],
    ['udplite/9', 'udplite 9', 'udplite 9'],
    ['6/80', 'tcp 80', 'tcp 80'],
    // Ping is another protocol in IPv6.
    ['icmp', 'icmp', 'icmpv6'],
    ['icmp/8', 'icmp 8', 'none'],
    ['icmp/3/4', 'icmp 3/4', 'none'],
    ['icmpv6/128', 'none', 'icmpv6 128'],
    ['47', 'protocol 47', 'protocol 47'],
  ]
  for (const [text, v4, v6] of cases) {
    it(text, () => {
      const traffic = parsed(text)
      assert.deepEqual([describeSet(space, connectionsOf(space, traffic, 4)), describeSet(space, connectionsOf(space, traffic, 6))], [v4, v6])
    })
  }
})

describe('what is no traffic', () => {
  const cases: readonly (readonly [text: string, fault: RegExp, help: RegExp])[] = [
    ['tpc/80', /"tpc" is not a protocol/, /did you mean "tcp\/80"/],
    ['80/tcp', /port in front/, /write tcp\/80/],
    ['tcp:80', /is not a protocol and port/, /write tcp\/80/],
    ['8080', /is not a protocol number/, /tcp\/8080/],
    ['tcp/http', /"http" is not a port/, /as in/],
    ['tcp/70000', /"70000" is not a port/, /as in/],
    ['tcp/90-80', /runs backwards/, /as in/],
    ['tcp/80/90', /no ports|not a port/, /as in/],
    ['icmp/ping', /ICMP type and code/, /icmp\/8/],
    ['icmp/8/0/1', /ICMP type and code/, /icmp\/8/],
    ['47/1', /47 has no ports/, /as in/],
    ['web', /"web" is not a protocol/, /as in|did you mean/],
  ]
  for (const [text, fault, help] of cases) {
    it(text, () => {
      const traffic = parseTraffic(text)
      assert.ok('fault' in traffic, text)
      assert.match(traffic.fault, fault)
      assert.match(traffic.help, help)
    })
  }
})

describe('one packet that stands for all of the traffic', () => {
  const plain = manifestWorld(policy('web', { ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80] } }] }))
  const sourcePorts = manifestWorld(policy('web', { ingress: [{ action: 'Allow', protocol: 'TCP', source: { ports: [1000] } }] }))
  const types = manifestWorld(policy('ping', { ingress: [{ action: 'Allow', protocol: 'ICMP', icmp: { type: 8 } }] }))

  it('is there when no rule can tell some of it from the rest', () => {
    assert.deepEqual(headerFor(plain, parsed('tcp/80'), 4), { protocol: 6, srcPort: 49_152, dstPort: 80 })
    assert.deepEqual(headerFor(plain, parsed('icmp'), 6), { protocol: 58, icmpType: 128, icmpCode: 0 })
    assert.deepEqual(headerFor(types, parsed('icmp/8/0'), 4), { protocol: 1, icmpType: 8, icmpCode: 0 })
    assert.deepEqual(headerFor(plain, parsed('47'), 4), { protocol: 47 })
  })

  it('is not there otherwise', () => {
    for (const [world, text] of [
      [plain, 'any'],
      [plain, 'tcp'],
      [plain, 'tcp/80-81'],
      [sourcePorts, 'tcp/80'],
      [types, 'icmp'],
      [types, 'icmp/8'],
    ] as const)
      assert.equal(headerFor(world, parsed(text), 4), undefined, text)
    assert.equal(headerFor(plain, parsed('icmp/8'), 6), undefined)
  })
})
