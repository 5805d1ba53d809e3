import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { readSnapshot } from '../../../src/store/resources/snapshot.ts'

const RESOURCES = '/calico/resources/v3/projectcalico.org/'

function profileValue(name: string): string {
  return JSON.stringify({ kind: 'Profile', apiVersion: 'projectcalico.org/v3', metadata: { name }, spec: {} })
}

async function storeOf(pairs: Readonly<Record<string, string>>) {
  const store = openMemory()
  for (const [key, value] of Object.entries(pairs)) await store.txn({ compare: [], then: [{ type: 'put', key: RESOURCES + key, value }] })
  return store
}

describe('a snapshot', () => {
  it('has the resources of the kinds asked for, each with its key and the revision that wrote it', async () => {
    const store = await storeOf({ 'profiles/a': profileValue('a'), 'ippools/p': '{}', 'profiles/b': profileValue('b') })
    const { revision, stored, unreadable } = await readSnapshot(store, ['Profile', 'GlobalNetworkPolicy'])
    assert.deepEqual(
      stored.map(({ resource, key, revision }) => [resource.kind, resource.metadata.name, key, revision]),
      [
        ['Profile', 'a', `${RESOURCES}profiles/a`, 2],
        ['Profile', 'b', `${RESOURCES}profiles/b`, 4],
      ],
    )
    assert.deepEqual({ revision, unreadable }, { revision: 4, unreadable: [] })
  })

  it('keeps apart what is no resource of its kind, and lets keys go that are none of the kind', async () => {
    const store = await storeOf({
      'profiles/a': '{',
      'profiles/b': '[]',
      'profiles/c/d': profileValue('c'),
      'networkpolicies/prod/web': 'x',
      'networkpolicies/web': 'x',
    })
    const { stored, unreadable } = await readSnapshot(store, ['Profile', 'NetworkPolicy'])
    assert.deepEqual(stored, [])
    assert.deepEqual(
      unreadable.map(({ kind, namespace, name, key }) => [kind.kind, namespace, name, key]),
      [
        ['NetworkPolicy', 'prod', 'web', `${RESOURCES}networkpolicies/prod/web`],
        ['Profile', undefined, 'a', `${RESOURCES}profiles/a`],
        ['Profile', undefined, 'b', `${RESOURCES}profiles/b`],
      ],
    )
  })

  it('shows the store as it was', async () => {
    const store = await storeOf({ 'profiles/a': profileValue('a') })
    const { revision } = await readSnapshot(store, ['Profile'])
    await store.txn({ compare: [], then: [{ type: 'delete', range: { start: `${RESOURCES}profiles/a` } }] })
    assert.equal((await readSnapshot(store, ['Profile'])).stored.length, 0)
    assert.equal((await readSnapshot(store, ['Profile'], revision)).stored.length, 1)
  })
})
