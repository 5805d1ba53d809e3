import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { followAffinities } from '../../../src/agent/routing/affinity-feed.ts'
import { formatNet } from '../../../src/model/net.ts'
import { type Datastore, prefixRange } from '../../../src/store/datastore.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'

/** Which blocks belong to which hosts, followed in the datastore. */

const claim = (host: string, block: string) => `/calico/ipam/v2/host/${host}/ipv4/block/${block}`
const CONFIRMED = '{"state":"confirmed","deleted":false}'

describe('the blocks of hosts', () => {
  let store: Datastore
  let stop: AbortController
  let over: Promise<void>
  let told: string[][]
  let wake: () => void

  const put = (key: string, value: string) => store.txn({ compare: [], then: [{ type: 'put', key, value }] })
  const remove = (...prefixes: readonly string[]) =>
    store.txn({ compare: [], then: prefixes.map((prefix) => ({ type: 'delete', range: prefixRange(prefix) })) })
  const next = async () => {
    while (told.length === 0) await new Promise<void>((resolve) => void (wake = resolve))
    return told.shift()
  }
  const follow = (acceptEmpty = false) => {
    over = followAffinities(store, stop.signal, {
      clock: { pause: async () => {} },
      acceptEmpty,
      changed: (blocks) => {
        told.push(blocks.map(({ node, block }) => `${node} ${formatNet(block)}`))
        wake()
      },
    })
  }

  beforeEach(async () => {
    store = openMemory()
    stop = new AbortController()
    told = []
    wake = () => {}
    await put('/calico/resources/v3/projectcalico.org/nodes/alpha', '{}')
    await put(claim('alpha', '10.1.0.0-26'), CONFIRMED)
  })
  afterEach(async () => {
    stop.abort()
    await over
    await store.close()
  })

  it('those that are confirmed, and each change', async () => {
    follow()
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26'])
    await put(claim('beta', '10.1.0.64-26'), '{"state":"pending","deleted":false}')
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26'])
    await put(claim('beta', '10.1.0.64-26'), CONFIRMED)
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26', 'beta 10.1.0.64/26'])
    // Releases of v2.6 wrote nothing.
    await put(claim('beta', '10.1.0.128-26'), '')
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26', 'beta 10.1.0.64/26', 'beta 10.1.0.128/26'])
    await put(claim('beta', '10.1.0.64-26'), '{"state":"pendingDeletion","deleted":false}')
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26', 'beta 10.1.0.128/26'])
  })

  it('the last one may be given back', async () => {
    follow()
    await next()
    await remove(claim('alpha', ''))
    assert.deepEqual(await next(), [])
  })

  it('when everything is gone from the datastore, blocks stay; what comes after is taken in', async () => {
    follow()
    await next()
    await remove('/calico/')
    await put(claim('beta', '10.1.0.64-26'), CONFIRMED)
    assert.deepEqual(await next(), ['alpha 10.1.0.0/26', 'beta 10.1.0.64/26'])
  })

  it('... unless that is to be taken for what is wanted', async () => {
    follow(true)
    await next()
    await remove('/calico/')
    assert.deepEqual(await next(), [])
  })
})
