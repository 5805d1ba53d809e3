import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatIp } from '../../../src/model/net.ts'
import { checkEntry, type EntryResult, type Reason } from '../../../src/policy/tests/check.ts'
import { ask, check, entryOf, gnp, host, net, NETWORKS, profile, type Said, SHOP, V3, workload } from './worlds.ts'

/** A result in a line: `passed`, `failed: a to b, tcp 1 is denied (2 pairs)`. */
function inWords(result: EntryResult): string {
  if (result.status === 'passed') return 'passed'
  return `${result.status}: ${reasonInWords(result.reason)}`
}

function reasonInWords(reason: Reason): string {
  switch (reason.type) {
    case 'subject':
      return `${reason.end} ${reason.index} ${reason.fault.code}`
    case 'nothing':
      return reason.end === undefined ? 'nothing between them' : `${reason.end} selects nothing`
    case 'no-address':
      return `${reason.endpoint.aliases[0]} has no address`
    case 'no-rule':
      return `no such rule${reason.help === undefined ? '' : `, ${reason.help}`}`
    case 'set-aside':
      return reason.problem.code
    default: {
      const { from, to, header, verdict } = reason.example
      const { protocol, dstPort, icmpType } = header
      const name = ({ endpoint, ip }: typeof from) => endpoint?.aliases[0] ?? endpoint?.name ?? formatIp(ip)
      const what = `${name(from)} to ${name(to)}, ${protocol}${dstPort === undefined ? '' : `/${dstPort}`}${icmpType === undefined ? '' : `/${icmpType}`}`
      return `${what}: ${verdict}${reason.type === 'packet' ? '' : ' otherwise'} (${reason.pairs})`
    }
  }
}

interface Case {
  readonly what: string
  readonly resources?: readonly object[]
  readonly said: Said
  readonly comes: string
}

const cases: readonly Case[] = [
  { what: 'members of a network reach each other on everything, on both versions of IP', said: { allow: ['net1', 'net1'] }, comes: 'passed' },
  { what: 'an endpoint is not asked about itself', said: { deny: ['a', ['a', 'b']] }, comes: 'passed' },
  { what: 'only about itself is about nothing', said: { allow: ['a', 'a'] }, comes: 'failed: nothing between them' },
  { what: 'every pair counts, and both its versions of IP', said: { allow: [['net1', 'net2'], 'net1'] }, comes: 'failed: b to a, 6/1: deny (4)' },
  { what: 'nobody comes in from elsewhere', said: { deny: ['net2', 'net1'] }, comes: 'passed' },
  { what: 'a packet that comes in is found', said: { deny: ['net1', 'net1'] }, comes: 'failed: a to c, 6/1: allow (4)' },
  { what: 'tunnels are not meant by any', said: { allow: ['net1', '203.0.113.0/24'] }, comes: 'passed' },
  {
    what: 'tunnels can be meant by name',
    said: { allow: ['a', '203.0.113.1'], ports: ['udp/53', 'udp/4789'] },
    comes: 'failed: a to 203.0.113.1, 17/4789: deny (1)',
  },
  { what: 'a range with a tunnel in it means the others', said: { allow: ['a', '203.0.113.1'], ports: ['udp/4000-5000'] }, comes: 'passed' },
  { what: 'an address of an endpoint is that endpoint', said: { allow: ['10.0.0.1', '10.0.0.3'] }, comes: 'passed' },
  { what: 'a network has its endpoints and what is outside', said: { deny: ['10.0.0.0/30', 'c'] }, comes: 'failed: a to c, 6/1: allow (1)' },
  { what: 'only outside', said: { deny: ['10.0.0.4/30', 'net1'] }, comes: 'passed' },
  { what: 'addresses outside are not asked about each other', said: { allow: ['192.0.2.1', '203.0.113.1'] }, comes: 'failed: nothing between them' },
  { what: 'versions of IP do not mix', said: { allow: ['10.0.0.1', 'fd00::3'] }, comes: 'failed: nothing between them' },
  { what: 'icmp is that of each version', said: { allow: ['a', 'c'], ports: ['icmp'] }, comes: 'passed' },
  { what: 'icmpv6 is of IPv6 alone', said: { allow: ['10.0.0.1', '10.0.0.3'], ports: ['icmpv6'] }, comes: 'failed: nothing between them' },
  { what: 'a name that nobody has', said: { allow: [['a', 'd'], 'c'] }, comes: 'failed: from 1 unknown-name' },
  { what: 'a selector that picks nobody', said: { allow: ['a', "app == 'web'"] }, comes: 'failed: to selects nothing' },
  { what: 'a selector that is none', said: { allow: ['a', "app = 'web'"] }, comes: 'unknown: to 0 bad-selector' },
  {
    what: 'a word for two things',
    resources: [...NETWORKS, workload('net1', ['net2'], ['10.0.0.4/32'])],
    said: { allow: ['net1', 'a'] },
    comes: 'unknown: from 0 ambiguous-name',
  },
  {
    what: 'an endpoint without an address cannot be told about',
    resources: [...NETWORKS, workload('d', ['net1'], [])],
    said: { allow: ['net1', 'net1'] },
    comes: 'unknown: d has no address',
  },
  {
    what: 'what is wrong anyway is wrong',
    resources: [...NETWORKS, workload('d', ['net1'], [])],
    said: { deny: ['net1', 'net1'] },
    comes: 'failed: a to c, 6/1: allow (4)',
  },
  { what: 'ports that are open', resources: SHOP, said: { allow: ['db', 'web'], ports: ['tcp/80', 'tcp/8000-8100'] }, comes: 'passed' },
  {
    what: 'one port too many',
    resources: SHOP,
    said: { allow: ['db', 'web'], ports: ['tcp/80', 'tcp/8000-8101'] },
    comes: 'failed: db to web, 6/8101: deny (1)',
  },
  { what: 'all but the open ports', resources: SHOP, said: { deny: ['db', 'web'], except: ['tcp/80', 'tcp/8000-8100'] }, comes: 'passed' },
  {
    what: 'all but some open ports',
    resources: SHOP,
    said: { deny: ['db', 'web'], except: ['tcp/80'] },
    comes: 'failed: db to web, 6/8000: allow (1)',
  },
  {
    what: 'the rule that was expected',
    resources: SHOP,
    said: { allow: ['db', 'web'], ports: ['tcp/80'], by: 'GlobalNetworkPolicy web ingress 0' },
    comes: 'passed',
  },
  { what: 'any rule of a policy', resources: SHOP, said: { allow: ['db', 'web'], ports: ['tcp/80'], by: 'gnp web' }, comes: 'passed' },
  {
    what: 'another rule',
    resources: SHOP,
    said: { deny: ['db', 'web'], ports: ['udp', 'sctp'], by: 'gnp web ingress 1' },
    comes: 'failed: db to web, 132/1: deny otherwise (1)',
  },
  {
    what: 'the end of a tier',
    resources: SHOP,
    said: { deny: ['db', 'web'], ports: ['sctp', 'tcp/22'], by: 'tier default ingress' },
    comes: 'passed',
  },
  {
    what: 'the wrong direction',
    resources: SHOP,
    said: { deny: ['db', 'web'], ports: ['sctp'], by: 'tier default egress' },
    comes: 'failed: db to web, 132/1: deny otherwise (1)',
  },
  {
    what: 'one of both ends is enough where it is allowed',
    resources: SHOP,
    said: { allow: ['db', 'web'], ports: ['tcp/80'], by: 'Profile open egress 0' },
    comes: 'passed',
  },
  { what: 'no rule at all', said: { deny: ['b', 'a'], by: 'no rule ingress' }, comes: 'passed' },
  {
    what: 'a rule that is not there',
    resources: SHOP,
    said: { deny: ['db', 'web'], by: 'gnp web ingress 2', ports: ['udp'] },
    comes: 'failed: no such rule, it has 2 ingress rules, from 0',
  },
  {
    what: 'a policy that is not there',
    resources: SHOP,
    said: { deny: ['db', 'web'], by: 'gnp wbe', ports: ['udp'] },
    comes: 'failed: no such rule, did you mean "web"?',
  },
  {
    what: 'a tier that is not there',
    resources: SHOP,
    said: { deny: ['db', 'web'], by: 'tier defualt', ports: ['udp'] },
    comes: 'failed: no such rule, did you mean "default"?',
  },
  {
    what: 'a profile that is missing denies, and can be named',
    resources: [...NETWORKS, workload('d', ['gone'], ['10.0.0.4/32'])],
    said: { deny: ['d', 'a'], by: 'Profile gone' },
    comes: 'passed',
  },
  {
    what: 'who denies first decides: the source',
    resources: [...SHOP, gnp('db', { selector: "app == 'db'", egress: [{ action: 'Deny' }] })],
    said: { deny: ['db', 'web'], ports: ['udp'], by: 'gnp web' },
    comes: 'failed: db to web, 17/1: deny otherwise (1)',
  },
  {
    what: 'failsafe ports of hosts are open, whatever policy says',
    resources: [...NETWORKS, host('h1', { node: 'host2', expectedIPs: ['10.0.9.1'] })],
    said: { deny: ['a', 'host:h1'] },
    comes: 'failed: a to h1, 6/22: allow (1)',
  },
  {
    what: 'a host reaches its own workloads, whatever policy says',
    resources: [...NETWORKS, host('h1', { expectedIPs: ['10.0.9.1'] })],
    said: { deny: ['host:h1', 'a'] },
    comes: 'failed: h1 to a, 6/1: allow (1)',
  },
  {
    what: 'what a workload sends to its own host is dropped there, unless that is set otherwise',
    resources: [...NETWORKS, host('h1', { expectedIPs: ['10.0.9.1'] })],
    said: { allow: ['a', 'host:h1'] },
    comes: 'failed: a to h1, 6/1: deny (1)',
  },
  {
    what: 'what a host on the way does not forward does not arrive',
    resources: [
      ...NETWORKS,
      host('all', { interfaceName: '*', expectedIPs: ['10.0.9.1'] }),
      gnp('forward', {
        selector: 'all()',
        applyOnForward: true,
        order: 1,
        ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [22] } }, { action: 'Allow' }],
      }),
    ],
    said: { allow: ['a', '192.0.2.1'], ports: ['tcp/20-30'] },
    comes: 'failed: a to 192.0.2.1, 6/22: deny (1)',
  },
  {
    what: 'what hangs on a service cannot be told',
    resources: [
      workload('a', ['open'], ['10.0.0.1/32']),
      profile('open', { egress: [{ action: 'Deny', destination: { services: { name: 'x', namespace: 'y' } } }, { action: 'Allow' }] }),
    ],
    said: { allow: ['a', '192.0.2.1'], ports: ['tcp/80'] },
    comes: 'unknown: a to 192.0.2.1, 6/80: unknown (1)',
  },
  {
    what: 'a network set',
    resources: [
      ...NETWORKS,
      { apiVersion: V3, kind: 'GlobalNetworkSet', metadata: { name: 'partners' }, spec: { nets: ['192.0.2.0/24', '10.0.0.3/32'] } },
    ],
    said: { allow: ['a', 'set:partners'], ports: ['tcp'] },
    comes: 'passed',
  },
]

describe('what an entry says, held against a world', () => {
  for (const { what, resources = NETWORKS, said, comes } of cases) it(what, () => assert.equal(inWords(check(resources, said)), comes))

  it('nothing can be told for sure while a policy is not understood', () => {
    const { world, ...rest } = ask(NETWORKS, [])
    const problem = { code: 'not-understood', severity: 'error', message: 'm' } as const
    const asked = { ...rest, world: { ...world, setAside: [{ kind: 'NetworkPolicy', name: 'x', problem }] } }
    assert.equal(inWords(checkEntry(asked, entryOf({ allow: ['net1', 'net1'] }))), 'unknown: not-understood')
    assert.equal(inWords(checkEntry(asked, entryOf({ deny: ['net1', 'net1'] }))), 'failed: a to c, 6/1: allow (4)')
  })

  it('an address outside is found even where the first thousands of a network are taken', () => {
    const many = Array.from({ length: 1100 }, (_, i) => workload(`w${i}`, ['net1'], [`10.1.${i >> 8}.${i & 255}/32`]))
    assert.equal(
      inWords(check([net('net1'), ...many], { allow: ['10.1.0.0/16', 'w0'], ports: ['tcp/80'] })),
      'failed: 10.1.4.76 to w0, 6/80: deny (1)',
    )
  })
})
