import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { DEFAULT_SETTINGS } from '../../../src/agent/dataplane/settings.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import { namespacesHere } from '../../lab/namespace.ts'

/** Whatever resources are called, and whatever stands in them past all validation: nothing of it becomes a word of nft's language. */

const HOSTILE = [
  '"; flush ruleset; "',
  "'",
  '$(reboot)',
  '`id`',
  '}\n drop',
  'a b',
  '..',
  '/',
  '\\',
  '\u0000',
  '\u202e',
  'é',
  '@x',
  '{',
  ';',
  '#',
  '*',
  '',
  'accept',
]
const word = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('net1', 'web'),
)
const quoted = word.map((text) => `'${text.replaceAll("'", '')}'`)
const selector = fc.tuple(fc.constantFrom('net1', 'role', 'a.b/c-d'), fc.constantFrom('==', '!=', 'contains'), quoted).map((parts) => parts.join(' '))
const entity = fc.record(
  { selector, notSelector: selector, nets: fc.array(word, { maxLength: 2 }), ports: fc.array(fc.oneof(word, fc.integer({ min: 1, max: 65_535 }))) },
  { requiredKeys: [] },
)
const rule = fc.record(
  {
    action: fc.oneof(word, fc.constantFrom('Allow', 'Deny', 'Log', 'Pass')),
    protocol: fc.oneof(word, fc.constantFrom('TCP', 'ICMP')),
    source: entity,
    destination: entity,
  },
  { requiredKeys: ['action'] },
)
const rules = fc.array(rule, { maxLength: 3 })
const metadata = (name: string) => ({ name, namespace: name, labels: { net1: name, [name]: name } })
const world = fc
  .record({
    policies: fc.array(fc.record({ name: word, tier: word, selector, ingress: rules, egress: rules }), { maxLength: 3 }),
    profiles: fc.array(fc.record({ name: word, ingress: rules, label: word }), { maxLength: 3 }),
    endpoints: fc.array(
      fc.record({
        name: word,
        interfaceName: fc.oneof(
          word,
          word.map((text) => `cali${text}`),
        ),
        port: word,
        profile: word,
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ policies, profiles, endpoints }) => {
    const resources = [
      ...policies.map(({ name, ...spec }) => ({ kind: 'GlobalNetworkPolicy', metadata: metadata(name), spec })),
      ...profiles.map(({ name, ingress, label }) => ({
        kind: 'Profile',
        metadata: metadata(name),
        spec: { ingress, labelsToApply: { [label]: label } },
      })),
      ...endpoints.map(({ name, interfaceName, port, profile }) => ({
        kind: 'WorkloadEndpoint',
        metadata: metadata(name),
        spec: {
          node: 'host1',
          interfaceName,
          profiles: [profile],
          ipNetworks: ['10.0.0.1/32', name],
          ports: [{ name: port, protocol: 'TCP', port: 80 }],
        },
      })),
    ]
    return buildWorld(resources.map((resource) => ({ resource: { apiVersion: 'projectcalico.org/v3', ...resource }, origin: {} })))
  })

describe('hostile resources', { skip: namespacesHere() }, () => {
  it('give rules that nft takes, made of nothing but its own words', () => {
    const texts: string[] = []
    fc.assert(
      fc.property(world, (hostile) => {
        const { ruleset } = new Renderer().render(hostile, { node: 'host1', interfaces: new Map(), pools: [], hosts: [], settings: DEFAULT_SETTINGS })
        const text = replaceTable(ruleset)
        assert.match(text, /^[\w\s{};:.,@"*!=&|/+-]*$/)
        for (const [, name = ''] of text.matchAll(/"([^"]*)"/g)) assert.match(name, /^(?:cali[\w.:-]*\*?|calico-packet: )$/)
        texts.push(text)
      }),
      { numRuns: 300 },
    )
    const { status, stderr } = spawnSync('unshare', ['--net', 'nft', '-c', '-f', '-'], { input: texts.slice(-100).join(''), encoding: 'utf8' })
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  })
})
