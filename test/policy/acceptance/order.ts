import { ALLOW, type Case, DENY, from, gnp, LOG, np, PASS, pod, profile, stored, tier, to } from './case.ts'

const onlyB = np('p', { ingress: [from('B')] })
const toB = np('p', { egress: [to('B')] })
const orders = (b: unknown, all: unknown) => [np('one', { order: b, ingress: [from('B', DENY)] }), np('two', { order: all, ingress: [ALLOW] })]
const t1 = tier('t1', { order: 1 })
const staged = (name: string, rules: object[]) => ({ ...gnp(name, { ingress: rules }), kind: 'StagedGlobalNetworkPolicy' })
const ghost = stored(gnp('p', {}), { tier: 'ghost', selector: "is == 'A'", types: ['Ingress'], ingress: [from('D')] })

/** Profiles, defaults, types (2.1). */
export const profiles: readonly Case[] = [
  { number: '1', title: 'no profile, no policy', world: [pod('A', { profiles: [] })], says: { 'X->A in': 'deny' } },
  { number: '2', title: 'no profile, no policy, out', world: [pod('A', { profiles: [] })], says: { 'A->X eg': 'deny' } },
  { number: '3', title: 'a profile that allows', world: [], says: { 'X->A in': 'allow' } },
  { number: '4', title: 'a profile without rules', world: [pod('A', { profiles: ['shut'] })], says: { 'X->A in': 'deny' } },
  {
    number: '5',
    title: 'the second profile is asked when the first says nothing',
    world: [pod('A', { profiles: ['shut', 'open'] })],
    says: { 'X->A in': 'allow' },
  },
  { number: '6', title: 'the first profile that matches', world: [pod('A', { profiles: ['denyall', 'open'] })], says: { 'X->A in': 'deny' } },
  { number: '7', title: 'a missing profile denies', world: [pod('A', { profiles: ['missing', 'open'] })], says: { 'X->A in': 'deny' } },
  {
    number: '8',
    title: 'a missing profile behind one that decides',
    world: [pod('A', { profiles: ['open', 'missing'] })],
    says: { 'X->A in': 'allow' },
  },
  {
    number: '9',
    title: 'Pass in a profile ends this profile alone',
    world: [profile('p', { ingress: [PASS] }), pod('A', { profiles: ['p', 'open'] })],
    says: { 'X->A in': 'allow' },
  },
  { number: '10', title: 'the end of the tier', world: [onlyB], says: { 'C->A in': 'deny' } },
  { number: '11', title: 'a rule that matches', world: [onlyB], says: { 'B->A in': 'allow' } },
  { number: '12', title: 'a policy for ingress leaves egress alone', world: [onlyB], says: { 'A->C eg': 'allow' } },
  { number: '13', title: 'the end of the tier, out', world: [toB], says: { 'A->C eg': 'deny' } },
  { number: '14', title: 'a policy for egress leaves ingress alone', world: [toB], says: { 'C->A in': 'allow' } },
  {
    number: '15',
    title: 'a direction without rules',
    world: [np('p', { types: ['Ingress', 'Egress'], ingress: [from('B')] })],
    says: { 'A->B eg': 'deny' },
  },
  {
    number: '16',
    title: 'rules of a direction that is not a type',
    world: [np('p', { types: ['Ingress'], ingress: [from('B')], egress: [DENY] })],
    says: { 'A->B eg': 'allow' },
  },
  {
    number: '17',
    title: 'the same with both types',
    world: [np('p', { types: ['Ingress', 'Egress'], ingress: [from('B')], egress: [DENY] })],
    says: { 'A->B eg': 'deny' },
  },
  { number: '18', title: 'no rule at all', world: [np('p', { types: ['Ingress'] })], says: { 'X->A in': 'deny' } },
  { number: '19', title: 'no rule and no type become ingress', world: [np('p', {})], says: { 'X->A in': 'deny', 'A->X eg': 'allow' } },
  {
    number: '20',
    title: 'no type, written past the client, is both',
    world: [stored(np('p', {}), { selector: "is == 'A'" })],
    says: { 'A->X eg': 'deny' },
  },
  { number: '21', title: 'a label that is gone', world: [np('p', { selector: 'has(x)', types: ['Ingress'] })], says: { 'X->A in': 'allow' } },
  { number: '22', title: 'a connection that stands when the policy changes', agent: 'connection tracking decides' },
  {
    number: '23',
    title: 'a new connection after the change',
    world: [np('p', { ingress: [{ ...DENY, protocol: 'TCP' }] })],
    says: { 'X->A in': 'deny' },
  },
  { number: '24', title: 'an endpoint that is administratively down', agent: 'a state of the interface, no fact of the policy' },
  { number: '25', title: 'an interface that no endpoint has', agent: 'packets from an unknown interface have no endpoint' },
]

/** Order, tiers, Pass, staged policies (2.2). */
export const order: readonly Case[] = [
  { number: '26', title: 'the lower order first', world: orders(10, 20), says: { 'B->A in': 'deny' } },
  { number: '27', title: 'the other way round', world: orders(20, 10), says: { 'B->A in': 'allow' } },
  {
    number: '28',
    title: 'equal orders by name',
    world: [np('b', { order: 10, ingress: [ALLOW] }), np('a', { order: 10, ingress: [DENY] })],
    says: { 'B->A in': 'deny' },
  },
  {
    number: '29',
    title: 'no order is last',
    world: [np('z', { order: 5, ingress: [ALLOW] }), np('a', { ingress: [DENY] })],
    says: { 'B->A in': 'allow' },
  },
  { number: '30', title: 'no orders by name', world: [np('b', { ingress: [ALLOW] }), np('a', { ingress: [DENY] })], says: { 'B->A in': 'deny' } },
  {
    number: '31',
    title: 'one for all namespaces before one of a namespace',
    world: [np('p', { ingress: [ALLOW] }), gnp('p', { ingress: [DENY] })],
    says: { 'X->A in': 'deny' },
  },
  {
    number: '31b',
    title: 'a longer name before what it begins with',
    world: [gnp('allow', { order: 1, ingress: [ALLOW] }), gnp('allow-x', { order: 1, ingress: [DENY] })],
    says: { 'X->A in': 'deny' },
  },
  {
    number: '32',
    title: 'the second policy when the first says nothing',
    world: [np('a', { order: 1, ingress: [from('C', DENY)] }), np('b', { order: 2, ingress: [ALLOW] })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '33',
    title: 'Pass to a tier that denies',
    world: [t1, gnp('t1/p', { ingress: [from('B', PASS)] }), gnp('q', { ingress: [DENY] })],
    says: { 'B->A in': 'deny' },
  },
  { number: '34', title: 'Pass to the profiles', world: [t1, gnp('t1/p', { ingress: [from('B', PASS)] })], says: { 'B->A in': 'allow' } },
  { number: '35', title: 'what Pass does not match', world: [t1, gnp('t1/p', { ingress: [from('B', PASS)] })], says: { 'C->A in': 'deny' } },
  {
    number: '36',
    title: 'a tier that passes at its end',
    world: [tier('t1', { order: 1, defaultAction: 'Pass' }), gnp('t1/p', { ingress: [from('B')] })],
    says: { 'C->A in': 'allow' },
  },
  { number: '37', title: 'a tier with staged policies alone', world: [t1, staged('t1/p', [DENY])], says: { 'C->A in': 'allow' } },
  {
    number: '38',
    title: 'a staged policy beside another',
    world: [t1, staged('t1/p', [ALLOW]), gnp('t1/q', { ingress: [from('B')] })],
    says: { 'C->A in': 'deny' },
  },
  {
    number: '39',
    title: 'Allow skips later tiers',
    world: [t1, gnp('t1/p', { ingress: [ALLOW] }), gnp('q', { ingress: [DENY] })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '40',
    title: 'Pass skips the rest of its tier',
    world: [t1, gnp('t1/p', { order: 1, ingress: [PASS] }), gnp('t1/q', { order: 2, ingress: [DENY] })],
    says: { 'B->A in': 'allow' },
  },
  { number: '41', title: 'a tier for ingress and a packet out', world: [t1, gnp('t1/p', { ingress: [DENY] })], says: { 'A->B eg': 'allow' } },
  {
    number: '42',
    title: 'a tier without order behind one with',
    world: [stored(tier('t1'), {}), tier('t2', { order: 5 }), gnp('t1/p', { ingress: [DENY] }), gnp('t2/q', { ingress: [ALLOW] })],
    says: { 'B->A in': 'allow' },
  },
  {
    number: '43',
    title: 'tiers of one order by name',
    world: [tier('t2', { order: 5 }), tier('t1', { order: 5 }), gnp('t1/p', { ingress: [DENY] }), gnp('t2/q', { ingress: [ALLOW] })],
    says: { 'B->A in': 'deny' },
  },
  { number: '44', title: 'a tier that is nowhere', world: [ghost], says: { 'C->A in': 'deny' } },
  {
    number: '45',
    title: 'a tier that is nowhere comes last',
    world: [ghost, gnp('q', { ingress: [from('B')] })],
    says: { 'C->A in': 'deny', 'B->A in': 'allow' },
  },
  { number: '46', title: 'Pass in the last tier', world: [gnp('q', { ingress: [PASS] })], says: { 'C->A in': 'allow' } },
  { number: '47', title: 'Log, then Allow', world: [gnp('q', { ingress: [LOG, ALLOW] })], says: { 'B->A in': 'allow' } },
  { number: '48', title: 'Log alone', world: [gnp('q', { ingress: [LOG] })], says: { 'B->A in': 'deny' } },
  {
    number: '49',
    title: 'tiers, one of them staged',
    world: [
      t1,
      tier('t2', { order: 2 }),
      gnp('t1/p', { ingress: [from('B', PASS), from('C', DENY)] }),
      staged('t2/p', [DENY]),
      gnp('q', { ingress: [ALLOW] }),
    ],
    says: { 'B->A in': 'allow', 'C->A in': 'deny' },
  },
]
