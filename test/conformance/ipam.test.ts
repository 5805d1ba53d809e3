import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startIndex } from '../../src/ipam/walk.ts'
import type { Datastore } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { openDatastore } from '../../src/store/open.ts'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { readRecords, recordFiles } from './data.ts'
import { deliberate } from './deliberate.ts'
import { type IpamScenario, replayScenario } from './ipam-replay.ts'

const TOPICS = recordFiles('ipam').filter((topic) => topic !== 'start')
/** Every so many scenarios runs on etcd as well. */
const SHARE = 4

describe('recorded operations of the real address management', () => {
  for (const topic of TOPICS) {
    describe(topic, () => {
      for (const scenario of readRecords<IpamScenario>(`ipam/${topic}`)) it(scenario.name, () => plays(topic, scenario, openMemory()))
    })
  }
})

describe('recorded operations of the real address management, on etcd', { skip: etcdHere() }, () => {
  let etcd: EtcdServer
  let store: Datastore
  before(async () => {
    etcd = await startEtcd()
    store = await openDatastore({ driver: 'etcd', endpoints: [etcd.endpoint] })
  })
  after(async () => {
    await store?.close()
    await etcd?.stop()
  })

  const all = TOPICS.flatMap((topic) => readRecords<IpamScenario>(`ipam/${topic}`).map((scenario) => ({ topic, scenario })))
  for (const { topic, scenario } of all.filter((_, index) => index % SHARE === 0)) {
    it(`${topic}: ${scenario.name}`, () => plays(topic, scenario, store))
  }
})

describe('where a host begins to look for blocks', () => {
  for (const { host, start } of readRecords<{ host: string; start: Record<string, string> }>('ipam/start')) {
    it(`${host}, in pools of every size`, () => {
      const answers = Object.keys(start).map((count) => [count, String(startIndex(host, BigInt(count)))])
      assert.deepEqual(Object.fromEntries(answers), start)
    })
  }
})

async function plays(topic: string, scenario: IpamScenario, store: Datastore): Promise<void> {
  const onPurpose = (step: number) => deliberate(`ipam/${topic}`, `${scenario.name}, step ${step}`) !== undefined
  const differences = await replayScenario(scenario, store, onPurpose)
  // Not compared as values: the texts are too long for a difference that can be read, or made in time.
  assert.ok(differences.length === 0, differences.join('\n'))
}
