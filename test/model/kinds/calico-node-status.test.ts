import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calicoNodeStatus } from '../../../src/model/kinds/calico-node-status.ts'
import { judge } from './judge.ts'

const SPEC = { node: 'host1', classes: ['Agent', 'BGP'], updatePeriodSeconds: 10 }
const NO_SESSIONS = '"numberEstablishedV4":0,"numberNotEstablishedV4":0,"numberEstablishedV6":0,"numberNotEstablishedV6":0'

test('a status is stored with all of its parts, though nothing was reported yet', () => {
  const { faults, stored } = judge(calicoNodeStatus, SPEC)
  assert.deepEqual(faults, [])
  assert.ok(stored.endsWith(`"status":{"lastUpdated":null,"agent":{"birdV4":{},"birdV6":{}},"bgp":{${NO_SESSIONS}},"routes":{}}}`), stored)
})

test('a report is stored as it is, its time in UTC', () => {
  const status = {
    lastUpdated: '2026-01-02T03:04:05+02:00',
    agent: { birdV4: { state: 'Ready' } },
    bgp: { peersV4: [{ peerIP: 'x', since: '' }] },
    routes: { routesV4: [{ type: 'FIB' }] },
  }
  const { faults, stored } = judge(calicoNodeStatus, SPEC, { name: 'x' }, status)
  assert.deepEqual(faults, [])
  assert.ok(
    stored.endsWith(
      `"status":{"lastUpdated":"2026-01-02T01:04:05Z","agent":{"birdV4":{"state":"Ready"},"birdV6":{}},"bgp":{${NO_SESSIONS},"peersV4":[{"peerIP":"x"}]},"routes":{"routesV4":[{"type":"FIB","learnedFrom":{}}]}}}`,
    ),
    stored,
  )
})

const refused: readonly [what: string, spec: unknown, paths: readonly string[]][] = [
  ['nothing', undefined, ['spec.node', 'spec.classes', 'spec.updatePeriodSeconds']],
  ['no node', { ...SPEC, node: '' }, ['spec.node']],
  ['a class that does not exist', { ...SPEC, classes: ['BGP', 'IPAM'] }, ['spec.classes[1]']],
  ['a class twice', { ...SPEC, classes: ['BGP', 'BGP'] }, ['spec.classes']],
  ['a period of more than a day', { ...SPEC, updatePeriodSeconds: 86_401 }, ['spec.updatePeriodSeconds']],
  ['a negative period', { ...SPEC, updatePeriodSeconds: -1 }, ['spec.updatePeriodSeconds']],
]

for (const [what, spec, paths] of refused) {
  test(`a request for a status is refused for ${what}`, () => {
    assert.deepEqual(
      judge(calicoNodeStatus, spec).faults.map((fault) => fault.split(':')[0]),
      paths,
    )
  })
}

test('no classes at all, and one report only, are fine', () => {
  assert.deepEqual(judge(calicoNodeStatus, { ...SPEC, classes: [], updatePeriodSeconds: 0 }).faults, [])
})
