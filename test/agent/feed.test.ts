import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { followWorld } from '../../src/agent/feed.ts'
import type { World } from '../../src/policy/world/world.ts'
import type { Datastore } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'

/** The world that an agent follows in the datastore. */

const RESOURCES = '/calico/resources/v3/projectcalico.org/'
const key = (plural: string, name: string) => `${RESOURCES}${plural}/${name}`
const value = (kind: string, name: string, spec: object = {}) =>
  JSON.stringify({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec })

describe('the followed world', () => {
  let store: Datastore
  let stop: AbortController
  let told: string[]
  let worlds: AsyncGenerator<{ readonly world: World; readonly revision: number }>

  const follow = (acceptEmpty = false) =>
    followWorld(store, stop.signal, {
      clock: { pause: async () => {} },
      events: { away: () => void told.push('away'), back: () => void told.push('back'), emptied: () => void told.push('emptied') },
      acceptEmpty,
    })
  const put = (name: string, text: string) => store.txn({ compare: [], then: [{ type: 'put', key: name, value: text }] })
  const remove = (start: string, end?: string) =>
    store.txn({ compare: [], then: [{ type: 'delete', range: end === undefined ? { start } : { start, end } }] })
  const next = async () => ((await worlds.next()).value as { readonly world: World }).world
  const profiles = (world: World) => [...world.profiles.keys()].filter((name) => !name.startsWith('projectcalico')).sort()

  beforeEach(async () => {
    store = openMemory()
    stop = new AbortController()
    told = []
    await put(key('clusterinformations', 'default'), value('ClusterInformation', 'default'))
    await put(key('profiles', 'net1'), value('Profile', 'net1'))
    worlds = follow()
  })
  afterEach(async () => {
    stop.abort()
    assert.deepEqual(await worlds.next(), { value: undefined, done: true })
    await store.close()
  })

  it('begins with what is there, and has each change', async () => {
    assert.deepEqual(profiles(await next()), ['net1'])
    await put(key('profiles', 'net2'), value('Profile', 'net2'))
    assert.deepEqual(profiles(await next()), ['net1', 'net2'])
    await remove(key('profiles', 'net1'))
    assert.deepEqual(profiles(await next()), ['net2'])
    assert.deepEqual(told, [])
  })

  it('sets aside what cannot be read, and takes it back when it can', async () => {
    await next()
    await put(key('profiles', 'net1'), 'no JSON')
    const broken = await next()
    assert.deepEqual(profiles(broken), [])
    assert.deepEqual(
      broken.setAside.map(({ kind, name }) => `${kind} ${name}`),
      ['Profile net1'],
    )
    await put(key('profiles', 'net1'), value('Profile', 'net1'))
    const mended = await next()
    assert.deepEqual(profiles(mended), ['net1'])
    assert.deepEqual(mended.setAside, [])
  })

  it('keeps a policy that is there under an older key as well', async () => {
    await next()
    const policies = (world: World) => world.tiers.flatMap(({ policies }) => policies.map(({ name }) => name))
    await put(key('globalnetworkpolicies', 'default.web'), value('GlobalNetworkPolicy', 'default.web'))
    assert.deepEqual(policies(await next()), ['web'])
    await put(key('globalnetworkpolicies', 'web'), value('GlobalNetworkPolicy', 'web'))
    assert.deepEqual(policies(await next()), ['web'])
    await remove(key('globalnetworkpolicies', 'web'))
    assert.deepEqual(policies(await next()), ['web'])
  })

  it('stays as it is when the datastore is emptied, and says so', async () => {
    await next()
    await remove(RESOURCES, `${RESOURCES.slice(0, -1)}0`)
    await put(key('profiles', 'net9'), value('Profile', 'net9'))
    assert.deepEqual(profiles(await next()), ['net1', 'net9'])
    assert.deepEqual(told, ['emptied'])
  })

  it('is empty when that is accepted', async () => {
    stop.abort()
    await worlds.next()
    stop = new AbortController()
    worlds = follow(true)
    await next()
    await remove(RESOURCES, `${RESOURCES.slice(0, -1)}0`)
    assert.deepEqual(profiles(await next()), [])
    assert.deepEqual(told, [])
  })

  it('stays as it is while the datastore is away, and goes on where it was', async () => {
    const answering = store.range.bind(store)
    let failures = 2
    store.range = (range, options) => (failures-- > 0 ? Promise.reject(new Error('gone')) : answering(range, options))
    assert.deepEqual(profiles(await next()), ['net1'])
    assert.deepEqual(told, ['away', 'back'])
  })
})
