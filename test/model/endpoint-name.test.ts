import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, pre, property, stringMatching } from 'fast-check'
import { type EndpointIdentifiers, endpointName, endpointNamePrefix, parseEndpointName } from '../../src/model/endpoint-name.ts'

const made: readonly [EndpointIdentifiers, string][] = [
  [{ node: 'node-1', orchestrator: 'k8s', pod: 'pod-name', endpoint: 'eth0' }, 'node--1-k8s-pod--name-eth0'],
  [{ node: 'node1', orchestrator: 'cni', containerID: 'abc123', endpoint: 'eth0' }, 'node1-cni-abc123-eth0'],
  [{ node: 'node-1', orchestrator: 'libnetwork', endpoint: 'abcdefgh' }, 'node--1-libnetwork-libnetwork-abcdefgh'],
  [{ node: 'node-1', orchestrator: 'libnetwork', workload: 'anything', endpoint: 'abcdefgh' }, 'node--1-libnetwork-libnetwork-abcdefgh'],
  [{ node: 'node-1', orchestrator: 'foo', workload: 'foo-foo', endpoint: 'abcdefgh' }, 'node--1-foo-foo--foo-abcdefgh'],
  [{ node: 'a--b', orchestrator: 'x-y', workload: 'c.d', endpoint: 'e' }, 'a----b-x--y-c.d-e'],
]

const refused: readonly [string, EndpointIdentifiers, readonly string[]][] = [
  ['nothing given', {}, ['node', 'orchestrator', 'endpoint']],
  ['no pod for k8s', { node: 'n', orchestrator: 'k8s', workload: 'w', endpoint: 'e' }, ['pod']],
  ['no container for cni', { node: 'n', orchestrator: 'cni', workload: 'w', endpoint: 'e' }, ['containerID']],
  ['no workload for others', { node: 'n', orchestrator: 'nomad', pod: 'p', endpoint: 'e' }, ['workload']],
  ['a dash at the beginning', { node: '-n', orchestrator: 'k8s', pod: 'p', endpoint: 'e' }, ['node']],
  ['dashes at the end', { node: 'n', orchestrator: 'k8s', pod: 'p-', endpoint: 'e-' }, ['pod', 'endpoint']],
]

const parsed: readonly [string, readonly string[] | undefined][] = [
  ['node--1-libnetwork-libnetwork-abcdefgh', ['node-1', 'libnetwork', 'libnetwork', 'abcdefgh']],
  ['a----b-x--y-c.d-e', ['a--b', 'x-y', 'c.d', 'e']],
  ['a---b-c-d', ['a-', 'b', 'c', 'd']],
  ['a-b-c', undefined],
  ['a-b-c-d-e', undefined],
  ['a-b-c-', undefined],
  ['', undefined],
]

for (const [identifiers, name] of made) {
  test(`the name of a workload endpoint is ${name} for ${JSON.stringify(identifiers)}`, () => assert.deepEqual(endpointName(identifiers), { name }))
}

for (const [what, identifiers, fields] of refused) {
  test(`the name of a workload endpoint cannot be made: ${what}`, () => {
    const result = endpointName(identifiers)
    assert.deepEqual('faults' in result ? result.faults.map((fault) => fault.field) : result, fields)
  })
}

for (const [name, parts] of parsed) {
  test(`"${name}" is ${parts ? `taken apart into ${parts.join(', ')}` : 'no such name'}`, () => {
    const result = parseEndpointName(name)
    assert.deepEqual(result && [result.node, result.orchestrator, result.workload, result.endpoint], parts)
  })
}

test('a name gives back what it was made from, and begins with the prefix of its node', () => {
  const segment = stringMatching(/^[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?$/)
  always(
    property(segment, segment, segment, segment, (node, orchestrator, workload, endpoint) => {
      pre(!['k8s', 'cni', 'libnetwork'].includes(orchestrator))
      const result = endpointName({ node, orchestrator, workload, endpoint })
      assert.ok('name' in result)
      assert.deepEqual(parseEndpointName(result.name), { node, orchestrator, workload, endpoint })
      assert.ok(result.name.startsWith(endpointNamePrefix(node)))
    }),
  )
})
