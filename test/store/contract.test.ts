import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type EtcdSettings, openEtcd } from '../../src/store/drivers/etcd.ts'
import { openLocal } from '../../src/store/drivers/local.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import type { Datastore } from '../../src/store/datastore.ts'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { bundleLoader } from './bundle.ts'
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
  const dist = fileURLToPath(new URL(import.meta.url.includes('/.build') ? '../../../dist' : '../../dist', import.meta.url))
  describe('bundled', { skip: existsSync(join(dist, 'etcd.cjs')) ? false : 'not built: node esbuild.config.mjs' }, () => {
    const bundled = bundleLoader(dist)('etcd.cjs', 'etcd') as { openEtcd: typeof openEtcd }
    describeContract('bundled etcd', async () => bundled.openEtcd(settings()))
  })
})

// --- internal ---

/** A view of a store with an end of its own. */
function connection(store: Datastore): Datastore {
  const end = new AbortController()
  return {
    name: store.name,
    isShared: store.isShared,
    get: (...args) => store.get(...args),
    range: (...args) => store.range(...args),
    txn: (...args) => store.txn(...args),
    watch: (range, from, signal) => store.watch(range, from, AbortSignal.any([signal, end.signal])),
    lease: (ttl) => store.lease(ttl),
    close: async () => end.abort(),
  }
}
