import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fieldDifferences, throughStore } from '../../src/model/field-differences.ts'
import type { Resource } from '../../src/model/kind.ts'
import { formatPath } from '../../src/model/problem.ts'
import { kindNamed } from '../../src/model/registry.ts'
import { decodeResource } from '../../src/model/resource.ts'

const policy = kindNamed('GlobalNetworkPolicy') ?? assert.fail()
const allow = (port: number) => ({ action: 'Allow', protocol: 'TCP', destination: { ports: [port] } })
const deny = { action: 'Deny' }

/** `path: before -> after`; where the path was another one before, both. */
function told(before: unknown, after: unknown, metadata: readonly [object, object] = [{}, {}]): string[] {
  const [a, b] = [before, after].map((spec, side) => resource({ name: 'web', ...metadata[side] }, spec)) as [Resource, Resource]
  return fieldDifferences(policy, a, b).map(({ beforePath, afterPath, before, after }) => {
    const paths = [...new Set([beforePath, afterPath].flatMap((path) => (path ? [formatPath(path)] : [])))].join(' -> ')
    return `${paths}: ${JSON.stringify(before) ?? 'nothing'} -> ${JSON.stringify(after) ?? 'nothing'}`
  })
}

function resource(metadata: object, spec: unknown): Resource {
  const report = ({ message }: { readonly message: string }) => assert.fail(message)
  return decodeResource(policy, { metadata, spec }, { report })
}

describe('fields that differ', () => {
  const cases: readonly [string, unknown, unknown, readonly string[]][] = [
    ['none, when nothing does', { order: 1, ingress: [allow(80)] }, { ingress: [allow(80)], order: 1 }, []],
    ['a value', { order: 1 }, { order: 2 }, ['spec.order: 1 -> 2']],
    ['a field that comes', {}, { selector: "app == 'web'" }, [`spec.selector: nothing -> "app == 'web'"`]],
    ['a field that goes', { preDNAT: true }, {}, ['spec.preDNAT: true -> nothing']],
    ['what Go leaves out is not there', { doNotTrack: false, ingress: [] }, {}, []],
    [
      'a list of plain values is one value',
      { types: ['Ingress'] },
      { types: ['Ingress', 'Egress'] },
      ['spec.types: ["Ingress"] -> ["Ingress","Egress"]'],
    ],
    ['a field within a rule', { ingress: [allow(80), deny] }, { ingress: [allow(443), deny] }, ['spec.ingress[0].destination.ports: [80] -> [443]']],
    [
      'a rule in front: the others only moved',
      { ingress: [allow(80), allow(443)] },
      { ingress: [deny, allow(80), allow(443)] },
      ['spec.ingress[0]: nothing -> {"action":"Deny"}'],
    ],
    [
      'a rule that goes, from between others',
      { ingress: [allow(1), deny, allow(2)] },
      { ingress: [allow(1), allow(2)] },
      ['spec.ingress[1]: {"action":"Deny"} -> nothing'],
    ],
    [
      'a rule that changed behind one that goes',
      { ingress: [deny, allow(1), allow(80)] },
      { ingress: [allow(1), allow(443)] },
      ['spec.ingress[0]: {"action":"Deny"} -> nothing', 'spec.ingress[2].destination.ports -> spec.ingress[1].destination.ports: [80] -> [443]'],
    ],
  ]
  for (const [title, before, after, expected] of cases) {
    test(title, () => assert.deepEqual(told(before, after), expected))
  }

  test('labels and annotations count, what the store keeps does not', () => {
    const before = { labels: { a: '1', b: '1' }, uid: 'x', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' }
    const after = { labels: { a: '2', c: '1' }, annotations: { note: 'n' } }
    assert.deepEqual(told({}, {}, [before, after]), [
      'metadata.labels.a: "1" -> "2"',
      'metadata.labels.b: "1" -> nothing',
      'metadata.labels.c: nothing -> "1"',
      'metadata.annotations.note: nothing -> "n"',
    ])
  })
})

test('a manifest is compared as it would be read back: a policy has the label of its tier', () => {
  const manifest = resource({ name: 'security.web' }, { tier: 'security' })
  assert.deepEqual(throughStore(policy, manifest).metadata.labels, { 'projectcalico.org/tier': 'security' })
  assert.deepEqual(fieldDifferences(policy, throughStore(policy, manifest), throughStore(policy, throughStore(policy, manifest))), [])
})
