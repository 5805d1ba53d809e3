import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureDefaultPool } from '../../src/ipam/default-pool.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { run } from '../context.ts'

const clock = { now: () => new Date(0), timestamp: () => '1970-01-01T00:00:00Z', uuid: () => globalThis.crypto.randomUUID(), pause: async () => {} }
const options = { author: { user: 'root', host: 'alpha', verb: 'node run' }, clock }

test('without any pool, one is made and told; the next caller finds it', async () => {
  const store = openMemory()
  const pool = await ensureDefaultPool(store, options)
  assert.equal(pool?.metadata.name, 'default-ipv4-ippool')
  assert.equal(await ensureDefaultPool(store, options), undefined)
  const { stdout } = await run(['get', 'ippools', '-o', 'wide'], { store })
  assert.match(stdout, /default-ipv4-ippool +192\.168\.0\.0\/16 +true +Never +Never +false +false +all\(\) +Automatic/)
})

test('with a pool, even a disabled one, none is made', async () => {
  const store = openMemory()
  const spec = { cidr: '10.0.0.0/16', disabled: true }
  await run(['apply', '-f', '-'], {
    store,
    stdin: JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'own' }, spec }),
  })
  assert.equal(await ensureDefaultPool(store, options), undefined)
})

test('hosts that start at the same time make one', async () => {
  const store = openMemory()
  const made = await Promise.all([ensureDefaultPool(store, options), ensureDefaultPool(store, options), ensureDefaultPool(store, options)])
  assert.equal(made.filter((pool) => pool !== undefined).length, 1)
})
