import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { openDatastore } from '../../src/store/open.ts'
import type { StoreSettings } from '../../src/store/settings.ts'
import { etcdHere, startEtcd } from '../lab/etcd.ts'
import { startBuilt, runBuilt } from './built.ts'
import { newcomer } from './folder.ts'

/** kill -9 in the middle of an apply of 10,000: what was written is whole and told in change records, and a second run does the rest. */

const COUNT = 10_000
const PROFILES = '/calico/resources/v3/projectcalico.org/profiles/'
const name = (number: number) => `net-${String(number).padStart(5, '0')}`

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calicoctl-crash-'))
  const document = (number: number) =>
    `apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata:\n  name: ${name(number)}\nspec:\n  labelsToApply:\n    number: "${number}"\n`
  await writeFile(join(folder, 'many.yaml'), Array.from({ length: COUNT }, (_, number) => document(number)).join('---\n'))
})
after(() => rm(folder, { recursive: true, force: true }))

it('on a local datastore', async () => {
  const path = join(folder, 'calico.db')
  await killedInTheMiddle({ driver: 'local', path }, { CALICOCTL_DATASTORE: path })
})

describe('on etcd', { skip: etcdHere() }, () => {
  it('too', async () => {
    const etcd = await startEtcd()
    try {
      await killedInTheMiddle({ driver: 'etcd', endpoints: [etcd.endpoint] }, { ETCD_ENDPOINTS: etcd.endpoint })
    } finally {
      await etcd.stop()
    }
  })
})

// --- internal ---

async function killedInTheMiddle(settings: StoreSettings, where: Readonly<Record<string, string>>): Promise<void> {
  const env = { ...newcomer(folder), ...where }
  const store = await openDatastore(settings)
  try {
    let written: readonly string[] = []
    // Whoever is too late, or too early, tries again.
    while (written.length === 0 || written.length === COUNT) {
      await store.txn({ compare: [], then: [{ type: 'delete', range: prefixRange('/calico/') }] })
      const { child, ended } = startBuilt(['apply', '-f', 'many.yaml'], { cwd: folder, env })
      while ((await count(store)) === 0 && child.exitCode === null) await pause(5)
      child.kill('SIGKILL')
      assert.equal((await ended).stderr, '')
      written = await profiles(store)
    }
    assert.deepEqual(await recordedKeys(store), written)
    const again = await runBuilt(['apply', '-f', 'many.yaml'], { cwd: folder, env })
    assert.deepEqual(again, { code: 0, stdout: `Successfully applied ${COUNT} 'Profile' resource(s)\n`, stderr: '' })
    assert.equal((await profiles(store)).length, COUNT)
  } finally {
    await store.close()
  }
}

async function count(store: Datastore): Promise<number> {
  return (await store.range(prefixRange(PROFILES), { keysOnly: true, limit: 1 })).keyValues.length
}

/** The keys of all profiles; each is found to be whole. */
async function profiles(store: Datastore): Promise<string[]> {
  const { keyValues } = await store.range(prefixRange(PROFILES))
  for (const { key, value } of keyValues) {
    const { metadata, spec } = JSON.parse(value) as { metadata: { name: string; uid: string }; spec: object }
    assert.equal(key, `${PROFILES}${metadata.name}`)
    assert.deepEqual(spec, { labelsToApply: { number: String(Number(metadata.name.slice('net-'.length))) } })
    assert.match(metadata.uid, /^[0-9a-f-]{36}$/)
  }
  return keyValues.map(({ key }) => key)
}

/** The keys of profiles that change records name. */
async function recordedKeys(store: Datastore): Promise<string[]> {
  const { keyValues } = await store.range(prefixRange('/calico/calicoctl/changes/'))
  const keys = keyValues.flatMap(({ value }) => (JSON.parse(value) as { changes: { key: string }[] }).changes.map(({ key }) => key))
  return keys.filter((key) => key.startsWith(PROFILES)).sort()
}
