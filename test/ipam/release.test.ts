import assert from 'node:assert/strict'
import { test } from 'node:test'

import { forgetHost, releasePool } from '../../src/ipam/affinity.ts'
import { releaseAddresses } from '../../src/ipam/release.ts'
import { createIpam } from '../../src/ipam/store.ts'
import { parseCidr } from '../../src/model/net.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'

const NOW = '2026-01-02T03:04:05Z'
const clock = { now: () => new Date(NOW), timestamp: () => NOW, uuid: () => '', pause: async () => {} }

const BLOCK = '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30'
const OWNER = '/calico/ipam/v2/host/alpha/ipv4/block/10.0.0.0-30'
const OTHER = '/calico/ipam/v2/host/beta/ipv6/block/fd00::-126'
const BLOCK6 = '/calico/ipam/v2/assignment/ipv6/block/fd00::-126'
const HANDLE = '/calico/ipam/v2/handle/h'
const CONFIRMED = '{"state":"confirmed","deleted":false}'

/** Addresses .0 and .2 in use by handle h, .1 and .3 free. */
const USED =
  '{"cidr":"10.0.0.0/30","affinity":"host:alpha","allocations":[0,null,0,null],"unallocated":[1,3],"attributes":[{"handle_id":"h"}],"sequenceNumber":1700000000000000002,"sequenceNumberForAllocation":{"0":1700000000000000000,"2":1700000000000000001},"deleted":false}'
const EMPTY6 =
  '{"cidr":"fd00::/126","affinity":"host:beta","allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":[],"sequenceNumber":1700000000000000005,"sequenceNumberForAllocation":{},"deleted":false}'

async function stored(extra: Record<string, string> = {}): Promise<Datastore> {
  const store = openMemory()
  const values = {
    [BLOCK]: USED,
    [OWNER]: CONFIRMED,
    [BLOCK6]: EMPTY6,
    [OTHER]: CONFIRMED,
    [HANDLE]: '{"block":{"10.0.0.0/30":2},"deleted":false}',
    ...extra,
  }
  await store.txn({ compare: [], then: Object.entries(values).map(([key, value]) => ({ type: 'put', key, value })) })
  return store
}

async function all(store: Datastore): Promise<Record<string, string>> {
  const { keyValues } = await store.range(prefixRange('/calico/'))
  return Object.fromEntries(keyValues.map(({ key, value }) => [key, value]))
}

test('a released address goes to the end of the queue and off its handle', async () => {
  const store = await stored()
  await releaseAddresses(createIpam(store, clock), [{ address: '10.0.0.0' }, { address: '10.0.0.1' }, { address: '192.0.2.1' }])
  const after = await all(store)
  assert.equal(
    after[BLOCK],
    '{"cidr":"10.0.0.0/30","affinity":"host:alpha","allocations":[null,null,0,null],"unallocated":[1,3,0],"attributes":[{"handle_id":"h"}],"sequenceNumber":1700000000000000003,"sequenceNumberForAllocation":{"2":1700000000000000001},"deleted":false}',
  )
  assert.equal(after[HANDLE], '{"block":{"10.0.0.0/30":1},"deleted":false}')
  assert.equal(after[BLOCK6], EMPTY6)
})

test('the last address takes its handle along; the block stays with its host', async () => {
  const store = await stored()
  await releaseAddresses(createIpam(store, clock), [{ address: '10.0.0.2' }, { address: '10.0.0.0' }, { address: '10.0.0.2' }])
  const after = await all(store)
  assert.match(after[BLOCK] ?? '', /"unallocated":\[1,3,0,2\],"attributes":\[\],"sequenceNumber":1700000000000000003,/)
  assert.equal(after[HANDLE], undefined)
})

test('with a cool-down, a released address rests in its place', async () => {
  const store = await stored({ '/calico/ipam/v2/config': '{"auto_allocate_blocks":true,"ipCooldownSeconds":60}' })
  await releaseAddresses(createIpam(store, clock), [{ address: '10.0.0.0' }])
  const after = await all(store)
  assert.match(
    after[BLOCK] ?? '',
    /"allocations":\[1,null,0,null\],"unallocated":\[1,3\],"attributes":\[\{"handle_id":"h"\},\{"releasedAt":"2026-01-02T03:04:05Z"\}\],"sequenceNumber":1700000000000000003,"sequenceNumberForAllocation":\{"0":1700000000000000002,/,
  )
  assert.equal(after[HANDLE], '{"block":{"10.0.0.0/30":1},"deleted":false}')
})

test('a host gives back its blocks: one in use loses its owner, an empty one goes', async () => {
  const store = await stored()
  await forgetHost(createIpam(store, clock), 'alpha')
  await forgetHost(createIpam(store, clock), 'beta')
  const after = await all(store)
  assert.deepEqual(Object.keys(after).sort(), [BLOCK, HANDLE])
  assert.match(after[BLOCK] ?? '', /"affinity":null,.*"sequenceNumber":1700000000000000003,/)
})

test('a pool gives back the blocks within it, and no others', async () => {
  const store = await stored()
  await releasePool(createIpam(store, clock), parseCidr('fd00::/64') ?? assert.fail())
  const after = await all(store)
  assert.deepEqual(Object.keys(after).sort(), [BLOCK, HANDLE, OWNER].sort())
  assert.equal(after[BLOCK], USED)
})

test('the last address of a block without owner takes the block along', async () => {
  const store = await stored({ [BLOCK]: USED.replace('"host:alpha"', 'null') })
  await releaseAddresses(createIpam(store, clock), [{ address: '10.0.0.0' }, { address: '10.0.0.2' }])
  assert.equal((await all(store))[BLOCK], undefined)
})

test('what is no address is refused, and nothing is changed', async () => {
  const store = await stored()
  const release = releaseAddresses(createIpam(store, clock), [{ address: '10.0.0.0' }, { address: '10.0.0.0/32' }])
  await assert.rejects(release, { code: 'invalid', message: '"10.0.0.0/32" is not an IP address' })
  assert.equal((await all(store))[BLOCK], USED)
})
