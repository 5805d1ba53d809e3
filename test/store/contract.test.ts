import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type EtcdSettings, openEtcd } from '../../src/store/drivers/etcd.ts'
import { openLocal } from '../../src/store/drivers/local.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import type { Datastore, DatastoreError } from '../../src/store/datastore.ts'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { describeContract } from './contract.ts'

describe('memory', () => {
  const memory = openMemory()
  // All connections are the one store; closing one of them must not close the others.
  describeContract('memory', async () => connection(memory))
})

describe('local', () => {
  const folder = mkdtempSync(join(tmpdir(), 'calicoctl-contract-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  describeContract('local', async () => openLocal(join(folder, 'calico.db')))
})

describe('etcd', { skip: etcdHere() }, () => {
  let etcd: EtcdServer
  before(async () => {
    etcd = await startEtcd()
  })
  after(() => etcd?.stop())
  const settings = (): EtcdSettings => ({ endpoints: [etcd.endpoint] })

  describeContract('etcd', async () => openEtcd(settings()))

  // The bundle brings its own reader of etcd's messages.
  const bundle = fileURLToPath(new URL(import.meta.url.includes('/.build') ? '../../../dist/etcd.cjs' : '../../dist/etcd.cjs', import.meta.url))
  describe('bundled', { skip: existsSync(bundle) ? false : 'not built: node esbuild.config.mjs' }, () => {
    describeContract('bundled etcd', async () => load(bundle).openEtcd(settings()))

    it('throws errors that the program knows', async () => {
      const store = load(bundle).openEtcd(settings())
      const { DatastoreError: known } = load(bundle.replace('etcd.cjs', 'program.cjs'))
      await assert.rejects(store.get('a', { revision: 1_000_000_000 }), known)
      await assert.rejects(
        store.txn({
          compare: [],
          then: [
            { type: 'put', key: 'a', value: '' },
            { type: 'put', key: 'a', value: '' },
          ],
        }),
        known,
      )
      await store.close()
    })
  })
})

// --- internal ---

function load(file: string) {
  return createRequire(import.meta.url)(file) as { openEtcd: typeof openEtcd; DatastoreError: typeof DatastoreError }
}

/** A view of a store with an end of its own. */
function connection(store: Datastore): Datastore {
  const end = new AbortController()
  return {
    name: store.name,
    get: (...args) => store.get(...args),
    range: (...args) => store.range(...args),
    txn: (...args) => store.txn(...args),
    watch: (range, from, signal) => store.watch(range, from, AbortSignal.any([signal, end.signal])),
    lease: (ttl) => store.lease(ttl),
    close: async () => end.abort(),
  }
}
