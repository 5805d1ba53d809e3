import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lint } from '../../../src/policy/lint/lint.ts'
import { LINT_RULES } from '../../../src/policy/lint/registry.ts'
import { type Raw, raw, type RawRule, worldOf } from './worlds.ts'

const allow = (rest: object = {}): RawRule => ({ action: 'Allow', ...rest })
const deny = (rest: object = {}): RawRule => ({ action: 'Deny', ...rest })
const tcp = (...ports: (number | string)[]) => ({ protocol: 'TCP', ...(ports.length > 0 ? { destination: { ports } } : {}) })
const from = (selector: string, rest: object = {}) => ({ source: { selector }, ...rest })

function endpoint(name: string, labels: Readonly<Record<string, string>>, spec: object = {}): Raw {
  const number = 1 + Array.from(name).reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return raw(
    'WorkloadEndpoint',
    { name: `n-o-${name}-eth0`, namespace: 'default', labels },
    {
      node: 'n',
      orchestrator: 'o',
      workload: name,
      endpoint: 'eth0',
      interfaceName: `cali${name}`,
      ipNetworks: [`10.0.${number >> 8}.${number & 255}/32`],
      profiles: ['base'],
      ...spec,
    },
  )
}

function policy(name: string, spec: Raw['spec'], metadata: object = {}): Raw {
  return raw('GlobalNetworkPolicy', { name, ...metadata }, { selector: "app == 'web'", ...spec })
}

const base = raw('Profile', { name: 'base' }, { egress: [allow()], ingress: [allow(from("app == 'web'"))] })
const web = endpoint('web', { app: 'web' })
const db = endpoint('db', { app: 'db' })
const ENDPOINTS = [base, web, db]
const tier = (name: string, spec: object) => raw('Tier', { name }, { order: 10, ...spec })
const inbound = (...ingress: RawRule[]) => ({ types: ['Ingress'], ingress })
const outbound = (...egress: RawRule[]) => ({ types: ['Egress'], egress })

interface Case {
  readonly code: string
  readonly title: string
  readonly resources: readonly Raw[]
  /** `Kind(name) path severity` of each finding of the code. */
  readonly finds: readonly string[]
  /** What the first finding says. */
  readonly says?: RegExp
}

const CASES: readonly Case[] = [
  {
    code: 'shadowed-rule',
    title: 'an earlier rule of the same policy takes all',
    resources: [...ENDPOINTS, policy('p', inbound(deny(tcp()), allow(tcp(443)), allow(from("app == 'db'"))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[1] warning'],
    says: /spec\.ingress\[0\] of GlobalNetworkPolicy\(p\), world\.yaml: deny tcp\nit is so whatever endpoints there are/,
  },
  {
    code: 'shadowed-rule',
    title: 'two earlier rules take all together',
    resources: [...ENDPOINTS, policy('p', inbound(deny(tcp('1:100')), deny(tcp('90:200')), allow(from("app == 'db'", tcp(50, 150)))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[2] warning'],
  },
  {
    code: 'shadowed-rule',
    title: 'only for the endpoints that there are: all of role x are databases',
    resources: [
      base,
      web,
      endpoint('db', { app: 'db', role: 'x' }),
      policy('p', inbound(deny(from("role == 'x'")), allow(from("app == 'db'", tcp(1))))),
    ],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[1] warning'],
    says: /for every packet between the endpoints and addresses there are; others may reach it/,
  },
  {
    code: 'shadowed-rule',
    title: 'without endpoints, what holds for any of them',
    resources: [policy('p', inbound(deny(tcp()), allow(from("a == 'x'", tcp(1))), deny(from("a == 'x'", { protocol: 'UDP' }))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[1] warning'],
  },
  {
    code: 'shadowed-rule',
    title: 'a rule that may match or not takes nothing for sure',
    resources: [...ENDPOINTS, policy('p', inbound(deny({ protocol: 'TCP', http: { methods: ['GET'] } }), allow(tcp(80))))],
    finds: [],
  },
  {
    code: 'shadowed-rule',
    title: 'a rule of a profile that policies leave nothing to is no finding',
    resources: [...ENDPOINTS, policy('p', { selector: 'all()', types: ['Ingress'], ingress: [allow(from('all()'))] })],
    finds: [],
  },
  {
    code: 'redundant-rule',
    title: 'a wider rule follows',
    resources: [...ENDPOINTS, policy('p', inbound(allow(from("app == 'db'", tcp(80))), deny(tcp(9)), allow(from("app == 'db'", tcp('10:90')))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[0] warning', 'GlobalNetworkPolicy(p) spec.ingress[1] info'],
    says: /without it this decides:\nspec\.ingress\[2\]/,
  },
  {
    code: 'redundant-rule',
    title: 'not when a rule between decides otherwise, nor when one would log it',
    resources: [
      ...ENDPOINTS,
      policy('p', inbound(allow(tcp(80)), deny(from("app == 'db'", tcp(80))), allow(tcp()))),
      policy('q', { selector: "app == 'db'", ...inbound(deny(tcp(80)), { action: 'Log' }, deny(tcp(80)), allow(tcp())) }),
    ],
    finds: [],
  },
  {
    code: 'redundant-rule',
    title: 'the end of the tier does the same: a note, with the way to keep the direction',
    resources: [...ENDPOINTS, policy('p', outbound(deny()))],
    finds: ['GlobalNetworkPolicy(p) spec.egress[0] info'],
    says: /keep Egress in spec\.types/,
  },
  {
    code: 'redundant-rule',
    title: 'of two that do the same, not both are told',
    resources: [...ENDPOINTS, policy('p', { order: 1, ...inbound(allow(tcp(80))) }), policy('q', { order: 2, ...inbound(allow(tcp(80))) })],
    finds: [],
  },
  {
    code: 'unreached-policy',
    title: 'the end of an earlier tier denies the rest',
    resources: [
      ...ENDPOINTS,
      tier('first', {}),
      policy('early', { tier: 'first', ...inbound(allow(tcp(80))) }),
      policy('late', inbound(allow(tcp(81)))),
    ],
    finds: ['GlobalNetworkPolicy(late) metadata.name warning'],
    says: /tier "first"/,
  },
  {
    code: 'unreached-policy',
    title: 'not when the earlier tier passes on',
    resources: [
      ...ENDPOINTS,
      tier('first', { defaultAction: 'Pass' }),
      policy('early', { tier: 'first', ...inbound(allow(tcp(80))) }),
      policy('late', inbound(allow(tcp(81)))),
    ],
    finds: [],
  },
  {
    code: 'reversed-order',
    title: 'a policy that denies all comes before one that allows something',
    resources: [...ENDPOINTS, policy('deny-all', { order: 10, ...inbound(deny()) }), policy('web', { order: 20, ...inbound(allow(tcp(80))) })],
    finds: ['GlobalNetworkPolicy(web) spec.order warning'],
    says: /an order below 10/,
  },
  {
    code: 'equal-order',
    title: 'the names decide between allow and deny',
    resources: [...ENDPOINTS, policy('a', { order: 1, ...inbound(allow(tcp(80))) }), policy('b', { order: 1, ...inbound(deny(tcp())) })],
    finds: ['GlobalNetworkPolicy(b) spec.order warning'],
    says: /both have order 1/,
  },
  {
    code: 'equal-order',
    title: 'not when they are about other packets, or other endpoints',
    resources: [
      ...ENDPOINTS,
      policy('a', { order: 1, ...inbound(allow(tcp(80))) }),
      policy('b', { order: 1, ...inbound(deny(tcp(81))) }),
      policy('c', { order: 1, selector: "app == 'db'", ...inbound(deny(tcp())) }),
    ],
    finds: [],
  },
  {
    code: 'equal-order',
    title: 'a tier without an order ties with the default one',
    resources: [
      ...ENDPOINTS,
      raw('Tier', { name: 'security' }, { defaultAction: 'Pass' }),
      policy('a', inbound(allow(tcp(80)))),
      policy('b', { tier: 'security', ...inbound(allow(tcp(81))) }),
    ],
    finds: ['Tier(security) spec.order warning'],
  },
  {
    code: 'equal-order',
    title: 'told at the tier that somebody made, also where the default one comes after it',
    resources: [
      ...ENDPOINTS,
      raw('Tier', { name: 'audit' }, { defaultAction: 'Pass' }),
      policy('a', inbound(allow(tcp(80)))),
      policy('b', { tier: 'audit', ...inbound(allow(tcp(81))) }),
    ],
    finds: ['Tier(audit) spec.order warning'],
    says: /only by its name does Tier\(audit\) come before Tier\(default\)/,
  },
  {
    code: 'contradictory-selector',
    title: 'in a policy, in a rule, and beside a namespace',
    resources: [
      ...ENDPOINTS,
      policy('p', { selector: "app == 'web' && app == 'db'", ...inbound(allow(from('has(a) && !has(a)'))) }),
      raw('NetworkPolicy', { name: 'n', namespace: 'prod' }, { selector: "projectcalico.org/namespace == 'test'", ...inbound(allow()) }),
    ],
    finds: [
      'GlobalNetworkPolicy(p) spec.ingress[0].source.selector error',
      'GlobalNetworkPolicy(p) spec.selector error',
      'NetworkPolicy(prod/n) spec.selector error',
    ],
  },
  {
    code: 'impossible-rule',
    title: 'notNets exclude all nets, notPorts all ports',
    resources: [
      ...ENDPOINTS,
      policy(
        'p',
        inbound(
          allow({ source: { nets: ['10.1.0.0/16'], notNets: ['10.0.0.0/8'] } }),
          allow({ protocol: 'TCP', destination: { ports: [80], notPorts: ['1:100'] } }),
          allow({ protocol: 'TCP', notProtocol: 'TCP' }),
          allow({ source: { nets: ['10.0.0.0/8'], notNets: ['10.1.0.0/16'] } }),
        ),
      ),
    ],
    finds: [
      'GlobalNetworkPolicy(p) spec.ingress[0] error',
      'GlobalNetworkPolicy(p) spec.ingress[1] error',
      'GlobalNetworkPolicy(p) spec.ingress[2] error',
    ],
  },
  {
    code: 'never-selected',
    title: 'a policy for nobody, and a doNotTrack policy for workloads',
    resources: [
      ...ENDPOINTS,
      policy('p', { selector: "app == 'cache'", ...inbound(allow()) }),
      policy('q', { doNotTrack: true, applyOnForward: true, ...inbound(allow()) }),
    ],
    finds: ['GlobalNetworkPolicy(p) spec.selector warning', 'GlobalNetworkPolicy(q) spec.selector warning'],
  },
  { code: 'never-selected', title: 'not without endpoints', resources: [policy('p', inbound(allow()))], finds: [] },
  {
    code: 'empty-selector',
    title: 'the source of a rule is nobody',
    resources: [...ENDPOINTS, policy('p', inbound(allow(from("app == 'cache'")), allow(from("app == 'db'"))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[0].source.selector info'],
  },
  {
    code: 'label-typo',
    title: 'a label and a value that nearly exist',
    resources: [
      ...ENDPOINTS,
      endpoint('x', { tier: 'frontend' }),
      policy('p', { selector: "teir == 'frontend'", ...inbound(allow(from("tier == 'frontned'"))) }),
    ],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[0].source.selector warning', 'GlobalNetworkPolicy(p) spec.selector warning'],
    says: /"frontend"/,
  },
  {
    code: 'label-typo',
    title: 'not when only a number differs, or nothing is near',
    resources: [...ENDPOINTS, endpoint('x', { host: 'web-1' }), policy('p', { selector: "host == 'web-2' && zone == 'eu'", ...inbound(allow()) })],
    finds: [],
  },
  {
    code: 'log-only',
    title: 'all that acts in the tier only logs',
    resources: [...ENDPOINTS, policy('p', inbound({ action: 'Log' }))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress warning'],
    says: /the end of tier "default" denies them all/,
  },
  {
    code: 'log-only',
    title: 'not beside a policy that decides, nor in a tier that passes on',
    resources: [
      ...ENDPOINTS,
      tier('watch', { defaultAction: 'Pass' }),
      policy('watch', { tier: 'watch', ...inbound({ action: 'Log' }) }),
      policy('p', { order: 1, ...inbound({ action: 'Log' }) }),
      policy('q', { order: 2, ...inbound(allow(tcp(80))) }),
    ],
    finds: [],
  },
  {
    code: 'dns-blocked',
    title: 'tcp 443 only',
    resources: [...ENDPOINTS, policy('p', outbound(allow(tcp(443))))],
    finds: ['GlobalNetworkPolicy(p) spec.egress warning'],
    says: /lets web send/,
  },
  {
    code: 'dns-blocked',
    title: 'not when names can be asked for somewhere, or nothing can be sent, or it cannot be told',
    resources: [
      ...ENDPOINTS,
      policy('p', outbound(allow(tcp(443)), allow({ protocol: 'UDP', destination: { ports: [53], nets: ['10.9.9.9/32'] } }))),
      policy('q', { selector: "app == 'db'", ...outbound(deny()) }),
      endpoint('c', { app: 'cache' }),
      policy('r', {
        selector: "app == 'cache'",
        ...outbound(allow(tcp(443)), allow({ destination: { services: { name: 'dns', namespace: 'x' } } })),
      }),
    ],
    finds: [],
  },
  {
    code: 'open-to-world',
    title: 'by a policy and by a profile',
    resources: [
      raw('Profile', { name: 'base' }, { ingress: [allow(tcp(22))], egress: [allow()] }),
      web,
      db,
      policy('p', inbound(allow(from('all()')), allow(tcp(5432)), allow({ protocol: 'UDP', source: { nets: ['10.0.0.0/8'] } }))),
    ],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[1] warning', 'Profile(base) spec.ingress[0] warning'],
    says: /reach 1 endpoint on tcp 5432/,
  },
  {
    code: 'open-to-world',
    title: 'not what is denied before',
    resources: [...ENDPOINTS, policy('p', inbound(deny({ source: { notSelector: 'all()' } }), allow(tcp(5432))))],
    finds: [],
  },
  {
    code: 'open-to-world',
    title: 'without endpoints: what a policy would open by itself',
    resources: [policy('p', inbound(allow(from('all()')), allow(tcp(80))))],
    finds: ['GlobalNetworkPolicy(p) spec.ingress[1] warning'],
    says: /reach what it picks on tcp 80/,
  },
  {
    code: 'unused-profile',
    title: 'nobody has it',
    resources: [...ENDPOINTS, raw('Profile', { name: 'old' }, {}), raw('Profile', { name: 'kns.default' }, {})],
    finds: ['Profile(old) metadata.name warning'],
  },
  {
    code: 'missing-profile',
    title: 'an endpoint lists what is not there',
    resources: [base, endpoint('a', {}, { profiles: ['base', 'gone'] })],
    finds: ['WorkloadEndpoint(default/n-o-a-eth0) undefined warning'],
  },
  {
    code: 'missing-tier',
    title: 'a tier that is nowhere',
    resources: [...ENDPOINTS, policy('p', { tier: 'gone', ...inbound(allow()) })],
    finds: ['GlobalNetworkPolicy(p) undefined warning'],
  },
  {
    code: 'missing-port',
    title: 'a name that nobody declares',
    resources: [...ENDPOINTS, policy('p', inbound(allow(tcp('http'))))],
    finds: ['GlobalNetworkPolicy(p) undefined warning'],
  },
  {
    code: 'no-address',
    title: 'a host without addresses',
    resources: [...ENDPOINTS, raw('HostEndpoint', { name: 'h', labels: {} }, { node: 'h', interfaceName: 'eth0' })],
    finds: ['HostEndpoint(h) undefined warning'],
  },
  { code: 'not-checked', title: 'there are no endpoints', resources: [policy('p', inbound(allow()))], finds: ['nothing undefined info'] },
]

function findings(resources: readonly Raw[], code: string) {
  return lint(worldOf(resources), { select: [code] })
}

for (const { code } of LINT_RULES) {
  const cases = CASES.filter((one) => one.code === code)
  if (cases.length === 0) continue
  describe(code, () => {
    for (const { title, resources, finds, says } of cases) {
      test(title, () => {
        const found = findings(resources, code)
        const described = found.map(({ severity, resource, path }) => {
          const name = resource ? `${resource.kind}(${resource.namespace ? `${resource.namespace}/` : ''}${resource.name ?? ''})` : 'nothing'
          return `${name} ${path ?? 'undefined'} ${severity}`
        })
        assert.deepEqual(described.sort(), [...finds].sort())
        if (says) assert.match(found.map(({ message, help }) => `${message}\n${help ?? ''}`).join('\n\n'), says)
      })
    }
  })
}

test('every code is in kebab-case, is there once, and explains itself with an example of both', () => {
  const codes = LINT_RULES.map(({ code }) => code)
  assert.equal(new Set(codes).size, codes.length)
  for (const { code, summary, explanation } of LINT_RULES) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/)
    for (const text of [summary, ...Object.values(explanation)]) assert.ok(text.length > 10, code)
    assert.notEqual(explanation.bad, explanation.good)
  }
})

test('an annotation silences codes of its own resource only', () => {
  const annotations = { 'calicoctl/lint-ignore': 'never-selected, open-to-world' }
  const nobody = { selector: "app == 'cache'", ...inbound(allow(), deny(tcp(1))) }
  const found = lint(worldOf([...ENDPOINTS, policy('p', nobody, { annotations }), policy('q', { ...nobody, selector: "app == 'queue'" })]))
  const codesOf = (name: string) => found.filter(({ resource }) => resource?.name === name).map(({ code }) => code)
  assert.deepEqual(codesOf('p'), ['shadowed-rule'])
  assert.deepEqual(codesOf('q'), ['shadowed-rule', 'never-selected'])
})

test('what is selected is looked for, what is ignored is not', () => {
  const world = worldOf([...ENDPOINTS, policy('p', inbound(deny(tcp()), allow(tcp(1)), allow()))])
  const codes = (options: Parameters<typeof lint>[1]) => [...new Set(lint(world, options).map(({ code }) => code))].sort()
  assert.deepEqual(codes({}), ['open-to-world', 'shadowed-rule'])
  assert.deepEqual(codes({ select: ['shadowed-rule'] }), ['shadowed-rule'])
  assert.deepEqual(codes({ ignore: ['shadowed-rule'] }), ['open-to-world'])
})

test('what is found in the datastore says its key and revision', () => {
  const world = worldOf([...ENDPOINTS, policy('p', inbound(deny(), allow(tcp(1))))], { key: '/calico/p', revision: '7' })
  const [found] = lint(world, { select: ['shadowed-rule'] })
  assert.equal(found?.file, undefined)
  assert.match(found?.help ?? '', /in the datastore: \/calico\/p \(revision 7\)/)
})
