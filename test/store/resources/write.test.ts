import assert from 'node:assert/strict'
import { test } from 'node:test'
import { API_VERSION } from '../../../src/model/kind.ts'
import { kindNamed } from '../../../src/model/registry.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { resourceKey } from '../../../src/store/resources/keys.ts'
import { type Intent, writeResources } from '../../../src/store/resources/write.ts'

const profile = kindNamed('Profile')
assert.ok(profile)
const options = {
  author: { user: 'tester', host: 'here', verb: 'apply' },
  clock: { now: () => new Date(0), timestamp: () => '1970-01-01T00:00:00Z', uuid: () => crypto.randomUUID(), pause: async () => undefined },
}

/** More than one transaction takes. */
const COUNT = 1000

test('many writes in several transactions: each outcome knows the revision that has it', async () => {
  const datastore = openMemory()
  const outcomes = await writeResources(
    datastore,
    Array.from({ length: COUNT }, (_, i) => put(`p-${i}`, 'first')),
    options,
  )
  for (const [i, outcome] of outcomes.entries()) {
    const stored = await datastore.get(keyOf(`p-${i}`))
    assert.deepEqual([outcome.type, outcome.type === 'written' ? outcome.revision : undefined], ['written', stored?.modRevision])
  }
  assert.ok(new Set(outcomes.map((outcome) => (outcome.type === 'written' ? outcome.revision : 0))).size > 1, 'it took several transactions')
})

test('several intents for one resource among many others: later ones see what earlier ones did', async () => {
  const datastore = openMemory()
  const others = Array.from({ length: COUNT }, (_, i) => put(`p-${i}`, 'first'))
  const outcomes = await writeResources(
    datastore,
    [put('twice', 'first'), ...others, put('twice', 'second'), remove('p-0'), remove('absent')],
    options,
  )
  assert.match((await datastore.get(keyOf('twice')))?.value ?? '', /"second"/)
  assert.equal(await datastore.get(keyOf('p-0')), undefined)
  assert.deepEqual(
    outcomes.slice(-3).map((outcome) => outcome.type),
    ['written', 'deleted', 'failed'],
  )
})

// --- internal ---

function put(name: string, label: string): Intent {
  assert.ok(profile)
  const resource = { kind: 'Profile', apiVersion: API_VERSION, metadata: { name }, spec: { labelsToApply: { label } } }
  return { type: 'apply', target: { kind: profile, name }, resource }
}

function remove(name: string): Intent {
  assert.ok(profile)
  return { type: 'delete', target: { kind: profile, name } }
}

function keyOf(name: string): string {
  assert.ok(profile)
  return resourceKey({ kind: profile, name })
}
