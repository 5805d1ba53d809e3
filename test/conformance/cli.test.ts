import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Datastore } from '../../src/store/datastore.ts'
import { openDatastore } from '../../src/store/open.ts'
import { run } from '../context.ts'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { runBuilt } from '../system/built.ts'
import { type CliCase, replayCase } from './cli-replay.ts'
import { readRecords, recordFiles } from './data.ts'
import { deliberate } from './deliberate.ts'

/** Commands of the peer that the program does not have; sessions that use one are left out. */
const ABSENT = /^(?:node|cluster|ipam check|ipam release --from-report.*)\b/
/** Every so many cases runs through the built binary as well. */
const SHARE = 12

describe('recorded sessions with the real calicoctl', { skip: etcdHere() }, () => {
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

  let number = 0
  for (const folder of ['cli', 'eras']) {
    for (const topic of recordFiles(folder)) {
      describe(`${folder}/${topic}`, () => {
        for (const recorded of readRecords<CliCase>(`${folder}/${topic}`)) {
          if (recorded.deviation !== undefined || usesAbsent(recorded) || deliberate(`${folder}/${topic}`, recorded.name)) continue
          number++
          it(recorded.name, async () => {
            assert.deepEqual(await replayCase(recorded, store, etcd.endpoint, run), [])
          })
          if (number % SHARE === 0) {
            it(`${recorded.name} (built)`, async () => {
              assert.deepEqual(await replayCase(recorded, store, etcd.endpoint, runBuilt), [])
            })
          }
        }
      })
    }
  }
})

function usesAbsent(recorded: CliCase): boolean {
  return recorded.steps.some((step) => 'args' in step && ABSENT.test(step.args.join(' ')))
}
