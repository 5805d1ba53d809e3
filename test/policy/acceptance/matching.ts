import { ALLOW, type Case, gnp, IPS, np, pod, profile, set } from './case.ts'

/** A policy for A with one rule in, and then the end of the tier. */
const rule = (asked: Record<string, unknown>, more: Record<string, unknown> = {}) => [gnp('p', { ingress: [{ ...ALLOW, ...asked }], ...more })]
const source = (asked: Record<string, unknown>) => rule({ source: asked })
const ports = (asked: unknown[], more: Record<string, unknown> = {}) => rule({ protocol: 'TCP', destination: { ports: asked }, ...more })
const http = (protocol = 'TCP') => ({ name: 'http', protocol, port: 80 })
const labelled = [pod('B', { labels: { red: '' } }), pod('C', { labels: { red: '', big: '' } })]
const six = [pod('A', { ips: ['10.0.0.1', 'fd00::1'] })]
const icmp = (asked: Record<string, unknown>) => rule({ protocol: 'ICMP', ...asked })
const many = [...Array.from({ length: 17 }, (_, i) => 1000 + i), 'http']

/** What rules ask (2.3). */
export const matching: readonly Case[] = [
  { number: '50', title: 'a network', world: source({ nets: ['10.0.0.0/24'] }), says: { 'B->A in': 'allow' } },
  {
    number: '51',
    title: 'a network but for an address',
    world: source({ nets: ['10.0.0.0/24'], notNets: ['10.0.0.2/32'] }),
    says: { 'B->A in': 'deny' },
  },
  {
    number: '52',
    title: 'another address of the network',
    world: source({ nets: ['10.0.0.0/24'], notNets: ['10.0.0.2/32'] }),
    says: { 'C->A in': 'allow' },
  },
  {
    number: '53',
    title: 'a selector and a network both',
    world: [...labelled, ...source({ selector: 'has(red)', nets: ['10.0.0.3/32'] })],
    says: { 'B->A in': 'deny', 'C->A in': 'allow' },
  },
  {
    number: '54',
    title: 'notSelector matches the world outside',
    world: [...labelled, ...source({ notSelector: 'has(red)' })],
    says: { 'X->A in': 'allow', 'B->A in': 'deny' },
  },
  {
    number: '55',
    title: 'notSelector in a namespace does not',
    world: [np('p', { ingress: [{ ...ALLOW, source: { notSelector: 'has(red)' } }] })],
    says: { 'X->A in': 'deny', 'B->A in': 'allow' },
  },
  { number: '56', title: 'all() in a rule is what is known', world: source({ selector: 'all()' }), says: { 'X->A in': 'deny', 'B->A in': 'allow' } },
  { number: '57', title: 'no source', world: rule({}), says: { 'X->A in': 'allow' } },
  {
    number: '58',
    title: 'selector and notSelector are one',
    world: [...labelled, ...source({ selector: 'has(red)', notSelector: 'has(big)' })],
    says: { 'C->A in': 'deny', 'B->A in': 'allow' },
  },
  {
    number: '59',
    title: 'an address that somebody else has, too',
    world: [...labelled, pod('other', { labels: { big: '' }, ips: [IPS['B'] ?? ''] }), ...source({ selector: 'has(red)', notSelector: 'has(big)' })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '60',
    title: 'a network set',
    world: [set('g', ['192.0.2.0/24'], { ext: '' }), ...source({ selector: 'has(ext)' })],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '61',
    title: 'a network that left the set',
    world: [set('g', [], { ext: '' }), ...source({ selector: 'has(ext)' })],
    says: { 'X->A in': 'deny' },
  },
  {
    number: '62',
    title: 'two sets with an address, and then one',
    world: [set('g', ['192.0.2.9/32'], { ext: '' }), ...source({ selector: 'has(ext)' })],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '63',
    title: 'what a wider network of the set holds',
    world: [set('g', ['192.0.2.0/24'], { ext: '' }), ...source({ selector: 'has(ext)' })],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '64',
    title: 'a set of everything',
    world: [set('g', ['0.0.0.0/0'], { ext: '' }), ...source({ selector: 'has(ext)' })],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '65',
    title: 'a set as destination',
    world: [set('g', ['192.0.2.0/24'], { ext: '' }), gnp('p', { egress: [{ ...ALLOW, destination: { selector: 'has(ext)' } }] })],
    says: { 'A->X eg': 'allow', 'A->B eg': 'deny' },
  },
  {
    number: '66',
    title: 'a range of ports',
    world: ports([80, '443:445']),
    says: { 'B->A in tcp 444': 'allow', 'B->A in tcp 446': 'deny', 'B->A in tcp 442': 'deny' },
  },
  {
    number: '67',
    title: 'ports but for ports',
    world: rule({ protocol: 'TCP', destination: { ports: [80], notPorts: [80] } }),
    says: { 'B->A in': 'deny' },
  },
  { number: '68', title: 'another protocol', world: rule({ protocol: 'UDP', destination: { ports: [80] } }), says: { 'B->A in': 'deny' } },
  { number: '69', title: 'ports without a protocol', agent: 'refused when it is read: the tests of the model have it' },
  {
    number: '70',
    title: 'a named port',
    world: [pod('A', { ports: [http()] }), ...ports(['http'])],
    says: { 'B->A in': 'allow', 'B->A in tcp 81': 'deny' },
  },
  {
    number: '71',
    title: 'a named port of another protocol',
    world: [pod('A', { ports: [http('UDP')] }), ...ports(['http'])],
    says: { 'B->A in': 'deny' },
  },
  {
    number: '72',
    title: 'a named port without a protocol',
    world: [pod('A', { ports: [http()] }), ...rule({ destination: { ports: ['http'] } })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '73',
    title: 'a name or a number',
    world: [pod('A', { ports: [http()] }), ...ports(['http', 8080])],
    says: { 'B->A in tcp 8080': 'allow', 'B->A in': 'allow' },
  },
  {
    number: '74',
    title: 'but for a named port',
    world: [pod('A', { ports: [http()] }), ...rule({ protocol: 'TCP', destination: { notPorts: ['http'] } })],
    says: { 'B->A in': 'deny' },
  },
  {
    number: '75',
    title: 'but for a named port, another port',
    world: [pod('A', { ports: [http()] }), ...rule({ protocol: 'TCP', destination: { notPorts: ['http'] } })],
    says: { 'B->A in tcp 81': 'allow' },
  },
  {
    number: '76',
    title: 'the selector of the same end says whose named ports',
    world: [
      pod('A', { ports: [http()] }),
      pod('C', { ports: [http()] }),
      gnp('p', { selector: "is == 'B'", egress: [{ ...ALLOW, protocol: 'TCP', destination: { selector: "is == 'A'", ports: ['http'] } }] }),
    ],
    says: { 'B->C eg': 'deny', 'B->A eg': 'allow' },
  },
  {
    number: '77',
    title: 'a named port but for an endpoint',
    world: [
      pod('C', { ports: [http()] }),
      gnp('p', { selector: 'all()', ingress: [{ ...ALLOW, protocol: 'TCP', destination: { ports: ['http'], notSelector: "is == 'C'" } }] }),
    ],
    says: { 'B->C in': 'deny' },
  },
  {
    number: '78',
    title: 'a named port but for an endpoint, another endpoint',
    world: [
      pod('C', { ports: [http()] }),
      pod('D', { ports: [http()] }),
      gnp('p', { selector: 'all()', ingress: [{ ...ALLOW, protocol: 'TCP', destination: { ports: ['http'], notSelector: "is == 'C'" } }] }),
    ],
    says: { 'B->D in': 'allow' },
  },
  {
    number: '79',
    title: 'more ports than fit one kernel rule',
    world: [pod('A', { ports: [http()] }), ...rule({ protocol: 'TCP', destination: { ports: many, notPorts: [1003, 1005] } })],
    says: { 'B->A in tcp 1016': 'allow', 'B->A in': 'allow', 'B->A in tcp 1005': 'deny', 'B->A in tcp 1017': 'deny' },
  },
  {
    number: '80',
    title: 'a named source port',
    world: [pod('B', { ports: [http()] }), ...rule({ protocol: 'TCP', source: { ports: ['http'] } })],
    says: { 'B->A in tcp 1 from 80': 'allow', 'C->A in tcp 1 from 80': 'deny' },
  },
  { number: '81', title: 'a type of ICMP', world: icmp({ icmp: { type: 8 } }), says: { 'B->A in icmp 8/0': 'allow', 'B->A in icmp 0/0': 'deny' } },
  { number: '82', title: 'a type and another code', world: icmp({ icmp: { type: 8, code: 1 } }), says: { 'B->A in icmp 8/0': 'deny' } },
  {
    number: '83',
    title: 'all but a type and code',
    world: icmp({ notICMP: { type: 3, code: 4 } }),
    says: { 'B->A in icmp 3/1': 'allow', 'B->A in icmp 3/4': 'deny' },
  },
  { number: '84', title: 'all but a protocol', world: rule({ notProtocol: 'TCP' }), says: { 'B->A in udp 80': 'allow', 'B->A in': 'deny' } },
  { number: '85', title: 'a rule of the other version', world: rule({ ipVersion: 6 }), says: { 'X->A in': 'deny' } },
  {
    number: '86',
    title: 'networks left out are of one version',
    world: [...six, ...source({ notNets: ['192.0.2.0/24'] })],
    says: { 'X6->A6 in': 'deny', 'B->A in': 'allow' },
  },
  {
    number: '87',
    title: 'all networks left out, as written past the client',
    world: [{ ...gnp('p', { ingress: [ALLOW] }), spec: { selector: "is == 'A'", ingress: [{ ...ALLOW, source: { notNets: ['0.0.0.0/0'] } }] } }],
    says: { 'X->A in': 'deny' },
  },
  { number: '88', title: 'networks of the other version', world: source({ nets: ['2001:db8::/32'] }), says: { 'X->A in': 'deny' } },
  { number: '89', title: 'an ICMP error of a connection that stands', agent: 'connection tracking decides' },
  { number: '90', title: 'a packet that belongs to no connection', agent: 'connection tracking decides' },
]

const red = { ...ALLOW, source: { selector: 'has(red)' } }
const picks = (selector: string) => [gnp('p', { selector, types: ['Ingress'] })]
const elsewhere = (more: Parameters<typeof pod>[1] = {}) => pod('D', { namespace: 'n2', labels: { red: '' }, ...more })

/** Labels, namespaces, tags (2.4). */
export const labels: readonly Case[] = [
  {
    number: '91',
    title: 'an own label before an inherited one',
    world: [
      profile('open', { ingress: [ALLOW], egress: [ALLOW], labelsToApply: { role: 'db' } }),
      pod('A', { labels: { role: 'web' } }),
      ...picks("role == 'web'"),
    ],
    says: { 'X->A in': 'deny' },
  },
  {
    number: '92',
    title: 'the label of the profile that is listed first',
    world: [
      profile('p1', { ingress: [ALLOW], labelsToApply: { role: 'db' } }),
      profile('p2', { labelsToApply: { role: 'web' } }),
      pod('A', { profiles: ['p1', 'p2'] }),
      ...picks("role == 'web'"),
    ],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '93',
    title: 'a profile that is gone hands on no label',
    world: [
      profile('p2', { labelsToApply: { role: 'web' } }),
      pod('A', { profiles: ['p1', 'p2'] }),
      gnp('p', { selector: "role == 'web'", ingress: [ALLOW] }),
    ],
    says: { 'X->A in': 'allow', 'A->X eg': 'deny' },
  },
  { number: '94', title: '!= where there is no label', world: picks("env != 'prod'"), says: { 'X->A in': 'deny' } },
  { number: '95', title: 'in none of no values', world: picks('env not in {}'), says: { 'X->A in': 'deny' } },
  { number: '96', title: 'in one of no values', world: picks('env in {}'), says: { 'X->A in': 'allow' } },
  {
    number: '97',
    title: 'a policy of a namespace',
    world: [elsewhere(), np('p', { selector: 'all()', types: ['Ingress'] })],
    says: { 'X->D in': 'allow', 'X->A in': 'deny' },
  },
  { number: '100', title: 'a rule of a namespace', world: [elsewhere(), np('p', { ingress: [red] })], says: { 'D->A in': 'deny' } },
  {
    number: '101',
    title: 'a rule for another namespace',
    world: [
      profile('kns.n2', { labelsToApply: { 'pcns.env': 'x' } }),
      elsewhere({ profiles: ['open', 'kns.n2'] }),
      np('p', { ingress: [{ ...ALLOW, source: { namespaceSelector: "env == 'x'" } }] }),
    ],
    says: { 'D->A in': 'allow', 'B->A in': 'deny' },
  },
  {
    number: '102',
    title: 'what is in no namespace',
    world: [
      set('g', ['192.0.2.0/24'], { red: '' }),
      set('s', ['10.9.0.0/16'], { red: '' }, 'n1'),
      np('p', { ingress: [{ ...ALLOW, source: { selector: 'has(red)', namespaceSelector: 'global()' } }] }),
    ],
    says: { 'X->A in': 'allow', 'B->A in': 'deny' },
  },
  {
    number: '103',
    title: 'a tag, which became a label',
    world: [profile('p', { labelsToApply: { T: '' }, egress: [ALLOW] }), pod('B', { profiles: ['p'] }), ...source({ selector: 'has(T)' })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '104',
    title: 'a label that is named like the tag',
    world: [pod('C', { labels: { T: 'anything' } }), ...source({ selector: 'has(T)' })],
    says: { 'C->A in': 'allow' },
  },
  {
    number: '105',
    title: 'a tag and a selector',
    world: [pod('B', { labels: { T: '' } }), ...source({ selector: 'has(T) && has(red)' })],
    says: { 'B->A in': 'deny' },
  },
  {
    number: '106',
    title: 'two containers of a Docker network',
    world: [
      profile('N', { labelsToApply: { N: '' }, ingress: [{ ...ALLOW, source: { selector: 'has(N)' } }], egress: [ALLOW] }),
      pod('A', { profiles: ['N'] }),
      pod('B', { profiles: ['N'] }),
    ],
    says: { 'A->B in': 'allow', 'B->A in': 'allow', 'C->A in': 'deny', 'X->A in': 'deny' },
  },
]
