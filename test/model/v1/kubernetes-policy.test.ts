import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simplifyPorts } from '../../../src/model/v1/port-list.ts'
import { at, converted, parse } from './manifest.ts'

function policy(spec: string, metadata = '{name: web, namespace: prod}') {
  return converted(parse(`{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: ${metadata}, spec: ${spec}}`))
}

const ALL = "projectcalico.org/orchestrator == 'k8s'"

describe('NetworkPolicy of Kubernetes', () => {
  it('becomes one of Calico in the same namespace, of order 1000', () => {
    assert.deepEqual(policy('{podSelector: {}}'), {
      resource: {
        kind: 'NetworkPolicy',
        apiVersion: 'projectcalico.org/v3',
        metadata: { name: 'web', namespace: 'prod' },
        spec: { order: 1000, selector: ALL, types: ['Ingress'] },
      },
      faults: [],
    })
  })

  it('loses labels, annotations and what its store says of it', () => {
    const metadata = '{name: web, labels: {a: b}, annotations: {c: d}, uid: u, resourceVersion: "1", managedFields: [{manager: kubectl}]}'
    assert.deepEqual(policy('{podSelector: {}}', metadata).resource?.metadata, { name: 'web' })
  })

  const types: readonly [spec: string, types: readonly string[]][] = [
    ['{podSelector: {}}', ['Ingress']],
    ['{podSelector: {}, egress: [{}]}', ['Ingress', 'Egress']],
    ['{podSelector: {}, policyTypes: [Egress]}', ['Egress']],
    ['{podSelector: {}, policyTypes: [Egress, Ingress]}', ['Ingress', 'Egress']],
  ]
  for (const [spec, wanted] of types) {
    it(`types of ${spec}, as the API server fills them in`, () => {
      assert.deepEqual(at(policy(spec).resource, 'spec.types'), wanted)
    })
  }

  const selectors: readonly [selector: string, text: string][] = [
    ['{matchLabels: {b: x, a: ""}}', `${ALL} && a == '' && b == 'x'`],
    ['{matchExpressions: [{key: a, operator: In, values: [x, y]}]}', `${ALL} && a in { 'x', 'y' }`],
    ['{matchExpressions: [{key: a/b, operator: NotIn, values: [x]}]}', `${ALL} && a/b not in { 'x' }`],
    ['{matchExpressions: [{key: a, operator: Exists}, {key: b, operator: DoesNotExist}]}', `${ALL} && has(a) && ! has(b)`],
  ]
  for (const [selector, text] of selectors) {
    it(`podSelector ${selector}`, () => {
      assert.equal(at(policy(`{podSelector: ${selector}}`).resource, 'spec.selector'), text)
    })
  }

  it('gets a rule for each protocol and peer', () => {
    const peers = '[{podSelector: {matchLabels: {a: b}}}, {namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.3/16]}}]'
    const ports = '[{port: 53, protocol: UDP}, {port: 80}, {port: 81}, {port: https}]'
    const sources = [
      { selector: `${ALL} && a == 'b'` },
      { selector: ALL, namespaceSelector: 'all()' },
      { nets: ['10.0.0.0/8'], notNets: ['10.1.0.0/16'] },
    ]
    assert.deepEqual(at(policy(`{podSelector: {}, ingress: [{from: ${peers}, ports: ${ports}}]}`).resource, 'spec.ingress'), [
      ...sources.map((source) => ({ action: 'Allow', protocol: 'TCP', source, destination: { ports: ['https', '80:81'] } })),
      ...sources.map((source) => ({ action: 'Allow', protocol: 'UDP', source, destination: { ports: [53] } })),
    ])
  })

  it('allows all of a protocol when one of its ports is not named', () => {
    const { resource } = policy('{podSelector: {}, egress: [{ports: [{port: 80}, {protocol: TCP}], to: [{podSelector: {}}]}]}')
    assert.deepEqual(at(resource, 'spec.egress'), [{ action: 'Allow', protocol: 'TCP', destination: { selector: ALL } }])
  })

  it('takes ranges of ports', () => {
    const { resource } = policy('{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}')
    assert.deepEqual(at(resource, 'spec.ingress'), [{ action: 'Allow', protocol: 'TCP', destination: { ports: ['80:90'] } }])
  })

  const refused: readonly [spec: string, told: string][] = [
    ['{podSelector: {}, selector: all()}', 'spec.selector: unknown field "selector"'],
    [`{podSelector: {matchLabels: {a: "x' || all() || a == '"}}}`, 'spec.podSelector.matchLabels.a'],
    ['{podSelector: {matchExpressions: [{key: a, operator: In}]}}', 'spec.podSelector.matchExpressions[0].values: In needs values'],
    [
      '{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}',
      'spec.podSelector.matchExpressions[0].values: Exists has no values',
    ],
    ['{podSelector: {matchExpressions: [{key: a, operator: Is}]}}', 'spec.podSelector.matchExpressions[0].operator: "Is" is not one of'],
    ['{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 79}]}]}', 'spec.ingress[0].ports[0].endPort: endPort 79 is smaller than port 80'],
    ['{podSelector: {}, ingress: [{ports: [{port: web, endPort: 79}]}]}', 'spec.ingress[0].ports[0].endPort: endPort needs the number of a port'],
    ['{podSelector: {}, egress: [{to: [{ipBlock: {}}]}]}', 'spec.egress[0].to[0].ipBlock: an ipBlock needs a cidr'],
    [
      '{podSelector: {}, egress: [{to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}',
      'spec.egress[0].to[0].ipBlock: ipBlock cannot stand beside podSelector or namespaceSelector',
    ],
  ]
  for (const [spec, told] of refused) {
    it(`is refused: ${told}`, () => {
      const { faults, resource } = policy(spec)
      assert.equal(resource, undefined)
      assert.equal(faults.length, 1)
      assert.ok(faults[0]?.startsWith(told), faults[0])
    })
  }
})

describe('ports of one rule', () => {
  const cases: readonly [ports: (string | number)[], simple: (string | number)[]][] = [
    [[], []],
    [[80], [80]],
    [
      [80, 'https'],
      [80, 'https'],
    ],
    [[80, 80], [80]],
    [
      ['b', 82, 80, 'a', 81],
      ['b', 'a', '80:82'],
    ],
    [
      [90, '80:85', 86, '70:82'],
      ['70:86', 90],
    ],
    [['1:65535'], ['1:65535']],
  ]
  for (const [ports, simple] of cases) it(`${ports.join(' ')} are ${simple.join(' ')}`, () => assert.deepEqual(simplifyPorts(ports), simple))
})
