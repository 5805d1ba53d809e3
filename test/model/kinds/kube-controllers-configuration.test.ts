import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubeControllersConfiguration } from '../../../src/model/kinds/kube-controllers-configuration.ts'
import { judge } from './judge.ts'

const DEFAULT = { name: 'default' }

const completed: readonly [what: string, spec: unknown, status: unknown, stored: string][] = [
  ['nothing', undefined, undefined, '"spec":{"healthChecks":"Enabled","prometheusMetricsPort":9094,"controllers":{}},"status":{}'],
  [
    'controllers without settings',
    { controllers: { node: {}, policy: {}, loadBalancer: {}, migration: { policyNameMigrator: '' } } },
    undefined,
    '"spec":{"healthChecks":"Enabled","prometheusMetricsPort":9094,"controllers":{"node":{"leakGracePeriod":"15m0s"},"policy":{},"loadBalancer":{"assignIPs":"AllServices"},"migration":{"policyNameMigrator":"Enabled"}}},"status":{}',
  ],
  [
    'what is set',
    {
      healthChecks: 'Disabled',
      prometheusMetricsPort: 0,
      debugProfilePort: 0,
      controllers: { node: { leakGracePeriod: '0', reconcilerPeriod: '90s' } },
    },
    undefined,
    '"spec":{"healthChecks":"Disabled","prometheusMetricsPort":0,"controllers":{"node":{"reconcilerPeriod":"1m30s","leakGracePeriod":"0s"}},"debugProfilePort":0},"status":{}',
  ],
  [
    'a status, which gets the defaults of the schema but not those of the client',
    {},
    { environmentVars: { B: 1, A: 'x' }, runningConfig: { controllers: { node: {} } } },
    '"spec":{"healthChecks":"Enabled","prometheusMetricsPort":9094,"controllers":{}},"status":{"runningConfig":{"healthChecks":"Enabled","controllers":{"node":{}}},"environmentVars":{"A":"x","B":"1"}}',
  ],
]

for (const [what, spec, status, stored] of completed) {
  test(`${what} is stored as Calico's client stores it`, () => {
    const judged = judge(kubeControllersConfiguration, spec, DEFAULT, status)
    assert.deepEqual(judged.faults, [])
    assert.equal(judged.stored, `{"kind":"KubeControllersConfiguration","apiVersion":"projectcalico.org/v3","metadata":{"name":"default"},${stored}}`)
  })
}

const TEMPLATES = 'spec\\.controllers\\.node\\.hostEndpoint\\.templates'

const badTemplates: readonly [templates: readonly object[], faults: readonly string[]][] = [
  [
    [{}],
    [
      `${TEMPLATES}\\[0\\]\\.generateName: a template needs a generateName`,
      `${TEMPLATES}\\[0\\]\\.interfaceCIDRs: a template needs interfaceCIDRs or`,
    ],
  ],
  [[{ generateName: 'A', interfacePattern: 'x' }], [`${TEMPLATES}\\[0\\]\\.generateName: "A" is not a name`]],
  [[{ generateName: 'a'.repeat(254), interfacePattern: 'x' }], [`${TEMPLATES}\\[0\\]\\.generateName: generateName has 254 characters`]],
  [
    [
      { generateName: 'a', interfacePattern: 'x' },
      { generateName: 'a', interfaceCIDRs: ['10.0.0.1/8', ''] },
    ],
    [`${TEMPLATES}\\[1\\]\\.generateName: two templates have the generateName "a"`],
  ],
  [[{ generateName: 'a', interfacePattern: '(' }], [`${TEMPLATES}\\[0\\]\\.interfacePattern: "\\(" has a "\\(" without a "\\)"`]],
  [[{ generateName: 'a', interfaceCIDRs: ['x'] }], [`${TEMPLATES}\\[0\\]\\.interfaceCIDRs\\[0\\]: "x" is not an IP address`]],
  [[{ generateName: 'a', interfacePattern: 'x', nodeSelector: 'a = b' }], [`${TEMPLATES}\\[0\\]\\.nodeSelector: "a = b" is not a selector`]],
  [
    [{ generateName: 'a', interfacePattern: 'x', labels: { 'a b': 'c' } }],
    [`${TEMPLATES}\\[0\\]\\.labels\\.a b: "a b" is not a key .*metadata\\.labels`],
  ],
  [
    [{ generateName: 'a', interfacePattern: 'x', labels: { a: 'b c' } }],
    [`${TEMPLATES}\\[0\\]\\.labels\\.a: "b c" is not a label value .*metadata\\.labels`],
  ],
  [
    [{ generateName: 'a', interfacePattern: 'x', annotations: { 'a/b/c': 'any text', 'A.io/ok': '' } }],
    [`${TEMPLATES}\\[0\\]\\.annotations\\.a/b/c: "a/b/c" is not a key .*metadata\\.annotations`],
  ],
]

for (const [templates, faults] of badTemplates) {
  test(`templates are refused: ${JSON.stringify(templates).slice(0, 90)}`, () => {
    const judged = judge(kubeControllersConfiguration, { controllers: { node: { hostEndpoint: { templates } } } }, DEFAULT).faults
    assert.equal(judged.length, faults.length, judged.join(' | '))
    for (const [index, fault] of faults.entries()) assert.match(judged[index] ?? '', new RegExp(`^${fault}`))
  })
}

const refused: readonly [spec: object, fault: RegExp][] = [
  [{ logSeverityScreen: 'DEBUG' }, /^spec\.logSeverityScreen: "DEBUG" is not one of .* \(did you mean "Debug"\?\)/],
  [{ prometheusMetricsPort: 65_536 }, /^spec\.prometheusMetricsPort: 65536 is not between 0 and 65535/],
  [{ debugProfilePort: -1 }, /^spec\.debugProfilePort: -1 is not between 0 and 65535/],
  [{ etcdV3CompactionPeriod: 5 }, /^spec\.etcdV3CompactionPeriod: expected a duration, found 5/],
  [{ controllers: { nodes: {} } }, /^spec\.controllers\.nodes: unknown field "nodes" \(did you mean "node"\?\)/],
  [{ controllers: { node: { syncLabels: 'On' } } }, /^spec\.controllers\.node\.syncLabels: "On" is not one of "Enabled", "Disabled"/],
  [{ controllers: { loadBalancer: { assignIPs: 'None' } } }, /^spec\.controllers\.loadBalancer\.assignIPs: "None" is not one of/],
]

for (const [spec, fault] of refused) {
  test(`refused: ${JSON.stringify(spec)}`, () => {
    const { faults } = judge(kubeControllersConfiguration, spec, DEFAULT)
    assert.equal(faults.length, 1, faults.join(' | '))
    assert.match(faults[0] ?? '', fault)
  })
}

test('there is one, called default', () => {
  const { faults } = judge(kubeControllersConfiguration, {}, { name: 'node.a1' })
  assert.deepEqual(faults, ['metadata.name: "node.a1" is not possible: there is one KubeControllersConfiguration, called "default"'])
})
