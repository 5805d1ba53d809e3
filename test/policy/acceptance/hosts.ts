import { ALLOW, type Case, DENY, from, gnp, hep, pod, profile, tier } from './case.ts'

const all = (rules: Record<string, unknown>) => ({ selector: "is == 'h1'", ...rules })
const forward = { applyOnForward: true }
const two = [hep('h1'), hep('h2')]
const open = { profiles: ['open'] }
const KERNEL = 'which interface a packet takes'

/** Hosts (2.5). What a host forwards is `fwd-in` at the interface where it comes in, `fwd-eg` where it goes out. */
export const hosts: readonly Case[] = [
  {
    number: '98',
    title: 'all() picks host endpoints',
    world: [hep('h1', open), gnp('p', { selector: 'all()', types: ['Ingress'] })],
    says: { 'X->h1 in': 'deny' },
  },
  {
    number: '99',
    title: 'a policy for namespaces picks none',
    world: [hep('h1', open), gnp('p', { selector: 'all()', namespaceSelector: 'all()', types: ['Ingress'] })],
    says: { 'X->h1 in': 'allow' },
  },
  { number: '107', title: 'an interface without host endpoint', agent: 'no endpoint, no policy' },
  { number: '108', title: 'a host endpoint alone', world: [hep('h1')], says: { 'X->h1 in': 'deny' } },
  { number: '109', title: 'a failsafe port in', world: [hep('h1')], says: { 'X->h1 in tcp 22': 'allow' } },
  { number: '110', title: 'a failsafe port out', world: [hep('h1')], says: { 'h1->X eg tcp 2379': 'allow', 'h1->X eg': 'deny' } },
  { number: '111', title: 'a protocol without ports', world: [hep('h1')], says: { 'X->h1 in 255': 'deny' } },
  { number: '112', title: 'no policy for what is forwarded', world: [hep('h1')], says: { 'B->A fwd-in h1': 'not asked' } },
  { number: '113', title: 'a host and its own container', agent: 'the host reaches what runs on it, whatever the policy' },
  {
    number: '114',
    title: 'out of one host, into another',
    world: [...two, gnp('p', { selector: "is == 'h1'", egress: [ALLOW] })],
    says: { 'h1->h2 both': 'deny', 'h1->h2 eg': 'allow' },
  },
  {
    number: '115',
    title: 'both hosts allow',
    world: [...two, gnp('p', { selector: "is == 'h1'", egress: [ALLOW] }), gnp('q', { selector: "is == 'h2'", ingress: [ALLOW] })],
    says: { 'h1->h2 both': 'allow' },
  },
  { number: '116', title: 'a profile of a host', world: [hep('h1', open)], says: { 'X->h1 in': 'allow' } },
  { number: '117', title: 'a policy before the profile', world: [hep('h1', open), gnp('p', all({ egress: [DENY] }))], says: { 'h1->h2 eg': 'deny' } },
  {
    number: '118',
    title: 'a policy that is not for what is forwarded',
    world: [hep('h1'), gnp('p', all({ ingress: [DENY] }))],
    says: { 'B->A fwd-in h1': 'not asked', 'X->h1 in': 'deny' },
  },
  {
    number: '119',
    title: 'a policy for what is forwarded',
    world: [hep('h1'), gnp('p', all({ ...forward, ingress: [from('C')] }))],
    says: { 'B->A fwd-in h1': 'deny', 'C->A fwd-in h1': 'allow' },
  },
  {
    number: '120',
    title: 'a policy for the other direction',
    world: [hep('h1'), gnp('p', all({ ...forward, ingress: [DENY] }))],
    says: { 'B->A fwd-eg h1': 'not asked' },
  },
  {
    number: '121',
    title: 'no failsafe port for what is forwarded',
    world: [hep('h1'), gnp('p', all({ ...forward, ingress: [DENY] }))],
    says: { 'X->A fwd-in h1 tcp 22': 'deny' },
  },
  {
    number: '122',
    title: 'no profile for what is forwarded',
    world: [hep('h1', open), gnp('p', all({ ...forward, ingress: [from('C')] }))],
    says: { 'X->A fwd-in h1': 'deny' },
  },
  {
    number: '123',
    title: 'a denial for what is forwarded, and a host with its own container',
    agent: 'the host reaches what runs on it, whatever the policy',
  },
  {
    number: '124',
    title: 'a host endpoint for all interfaces',
    world: [hep('h1', { interfaceName: '*' }), gnp('p', all({ ...forward, ingress: [DENY], egress: [ALLOW] }))],
    says: { 'B->A fwd-in h1': 'deny', 'B->A fwd-eg h1': 'allow' },
  },
  {
    number: '125',
    title: 'untracked, both ways',
    world: [...two, gnp('p', { selector: "is in {'h1', 'h2'}", doNotTrack: true, ...forward, ingress: [ALLOW], egress: [ALLOW] })],
    says: { 'h1->h2 both': 'allow', 'h2->h1 both': 'allow' },
  },
  {
    number: '126',
    title: 'untracked, one way missing',
    world: [
      ...two,
      gnp('p', { selector: "is in {'h1', 'h2'}", doNotTrack: true, ...forward, ingress: [ALLOW] }),
      gnp('q', { selector: "is == 'h2'", doNotTrack: true, ...forward, egress: [ALLOW] }),
    ],
    says: { 'h1->h2 both': 'deny' },
  },
  {
    number: '127',
    title: 'untracked, failsafe ports',
    world: [...two, gnp('p', { selector: 'has(is)', doNotTrack: true, ...forward, ingress: [DENY] })],
    says: { 'h1->h2 in tcp 22': 'allow', 'h1->h2 both tcp 2379': 'allow' },
  },
  {
    number: '128',
    title: 'untracked at all interfaces',
    world: [hep('h1', { interfaceName: '*', ...open }), gnp('p', all({ doNotTrack: true, ...forward, ingress: [DENY] }))],
    says: { 'X->h1 in': 'allow' },
  },
  {
    number: '129',
    title: 'before DNAT',
    world: [hep('h1', open), gnp('p', all({ order: 20, preDNAT: true, ...forward, ingress: [DENY] }))],
    says: { 'X->h1 in tcp 32010': 'deny' },
  },
  {
    number: '130',
    title: 'before DNAT, a hole',
    world: [
      hep('h1', open),
      gnp('p', all({ order: 20, preDNAT: true, ...forward, ingress: [DENY] })),
      gnp('q', all({ order: 10, preDNAT: true, ...forward, ingress: [{ ...ALLOW, protocol: 'TCP', destination: { ports: [32_010] } }] })),
    ],
    says: { 'X->h1 in tcp 32010': 'allow', 'X->h1 in tcp 32011': 'deny' },
  },
  { number: '131', title: 'before DNAT, the port behind it', agent: 'address translation' },
  { number: '132', title: 'a container and a node port', agent: KERNEL },
  { number: '133', title: 'a container and a node port, all interfaces', agent: KERNEL },
  { number: '134', title: 'a container that may not reach the target', agent: 'address translation' },
  {
    number: '135',
    title: 'what is allowed before DNAT skips the rest',
    world: [hep('h1'), gnp('p', all({ preDNAT: true, ...forward, ingress: [ALLOW] })), gnp('q', all({ ingress: [DENY] }))],
    says: { 'X->h1 in': 'allow' },
  },
  {
    number: '136',
    title: 'a preDNAT policy has no end',
    world: [hep('h1', open), gnp('p', all({ preDNAT: true, ...forward, ingress: [from('C', DENY)] }))],
    says: { 'X->h1 in': 'allow', 'C->h1 in': 'deny' },
  },
  {
    number: '137',
    title: 'a workload and a preDNAT policy',
    world: [gnp('p', { selector: 'all()', preDNAT: true, ...forward, ingress: [DENY] })],
    says: { 'X->A in': 'allow' },
  },
  { number: '138', title: 'two host endpoints for an interface', agent: KERNEL },
  { number: '139', title: 'a host endpoint by its addresses', agent: KERNEL },
  { number: '140', title: 'a host endpoint for one interface, another for all', agent: KERNEL },
  {
    number: '141',
    title: 'a host endpoint without addresses is no peer',
    world: [hep('h2', { expectedIPs: [] }), gnp('p', { ingress: [from('h2')] })],
    says: { 'h2->A in': 'deny' },
  },
  { number: '142', title: 'a container and its host: dropped', agent: 'defaultEndpointToHostAction' },
  { number: '143', title: 'a container and its host: denied out', world: [gnp('p', { egress: [DENY] })], says: { 'A->h1 eg': 'deny' } },
  { number: '144', title: 'a container and its host: policies of the host', agent: 'defaultEndpointToHostAction' },
  { number: '145', title: 'neighbour solicitation', agent: 'duties of an IPv6 router' },
  { number: '146', title: 'an address of somebody else', agent: 'the check of the reverse path' },
  {
    number: '147',
    title: 'VXLAN from a workload',
    world: [gnp('p', { egress: [ALLOW] })],
    says: { 'A->X eg udp 4789': 'deny', 'A->X eg udp 4788': 'allow' },
  },
  { number: '148', title: 'IP in IP from a workload', world: [gnp('p', { egress: [ALLOW] })], says: { 'A->X eg 4': 'deny' } },
  { number: '149', title: 'IP in IP from somewhere', agent: 'the set of all hosts' },
  { number: '150', title: 'no failsafe ports', agent: "a host's FelixConfiguration" },
  { number: '151', title: 'failsafe ports for a network', agent: "a host's FelixConfiguration" },
  {
    number: '152',
    title: 'the profile that is always there',
    world: [hep('h1', { profiles: ['projectcalico-default-allow'] })],
    says: { 'X->h1 in': 'allow' },
  },
  {
    number: '33 at a host',
    title: 'tiers act at hosts',
    world: [tier('t1', { order: 1 }), hep('h1', open), gnp('t1/p', all({ ingress: [from('B', { action: 'Pass' })] }))],
    says: { 'B->h1 in': 'allow', 'C->h1 in': 'deny' },
  },
  {
    number: '7 at a host',
    title: 'a missing profile of a host',
    world: [pod('A'), profile('other', {}), hep('h1', { profiles: ['missing', 'open'] })],
    says: { 'X->h1 in': 'deny', 'X->h1 in tcp 22': 'allow' },
  },
]
