import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runBuilt } from './built.ts'
import { CHECKOUT, inFolder, newcomer } from './folder.ts'

/** What the built program keeps of manifests between runs, in the user's cache folder. */
const QUESTION = ['why', 'workload-A', 'workload-B', 'icmp', '-f', 'examples/workloads', '-f', 'examples/tutorial']

describe('the cache of manifests', () => {
  it('answers the same again, and is for the user alone', () =>
    inFolder(async (folder) => {
      const ask = () => runBuilt(QUESTION, { cwd: CHECKOUT, env: newcomer(folder) })
      const first = await ask()
      assert.equal(first.code, 1)
      const path = await cacheFile(folder)
      assert.equal((await stat(path)).mode & 0o777, 0o600)
      const written = (await stat(path)).mtimeMs
      assert.deepEqual(await ask(), first)
      assert.equal((await stat(path)).mtimeMs, written, 'nothing new to keep')
    }))

  it('is believed only when nobody else can have written it', () =>
    inFolder(async (folder) => {
      const ask = () => runBuilt(QUESTION, { cwd: CHECKOUT, env: newcomer(folder) })
      const first = await ask()
      const path = await cacheFile(folder)
      // Of the same length: a rule that would let A in.
      const forged = (await readFile(path, 'latin1')).replace(`"selector":"net2 == ''"`, `"selector":"net1 == ''"`)
      await writeFile(path, forged, 'latin1')
      assert.equal((await ask()).code, 0, 'the user wrote it: it is believed')
      await chmod(path, 0o666)
      assert.deepEqual(await ask(), first)
    }))

  it('what a crash left of it, and a folder that cannot be had, change nothing', () =>
    inFolder(async (folder) => {
      const first = await runBuilt(QUESTION, { cwd: CHECKOUT, env: newcomer(folder) })
      const path = await cacheFile(folder)
      await writeFile(path, (await readFile(path)).subarray(0, 700))
      assert.deepEqual(await runBuilt(QUESTION, { cwd: CHECKOUT, env: newcomer(folder) }), first)
      assert.deepEqual(await runBuilt(QUESTION, { cwd: CHECKOUT, env: { ...newcomer(folder), XDG_CACHE_HOME: '/proc/none' } }), first)
    }))
})

// --- internal ---

async function cacheFile(home: string): Promise<string> {
  const folder = join(home, '.cache', 'calicoctl')
  const [name, other] = (await readdir(folder)).filter((name) => name.startsWith('manifests-'))
  assert.ok(name !== undefined && other === undefined)
  return join(folder, name)
}
