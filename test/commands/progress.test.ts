import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { run } from '../context.ts'

/** A clock on which everything takes a second. */
function slowly(): () => Date {
  let milliseconds = 1_700_000_000_000
  return () => new Date((milliseconds += 1000))
}

const COUNT = 450
const stdin = Array.from({ length: COUNT }, (_, i) => `apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata:\n  name: p-${i}\n`).join('---\n')
const lines = (stderr: string) => stderr.split('\r\x1b[K').filter((line) => line !== '')

describe('work that takes long', () => {
  it('is followed on a terminal, and nothing of that stays', async () => {
    const { code, stderr } = await run(['apply', '-f', '-'], { stdin, store: openMemory(), watched: true, now: slowly() })
    assert.equal(code, 0)
    assert.deepEqual(lines(stderr).slice(0, 2), ['read 200 documents', 'read 400 documents'])
    assert.equal(lines(stderr).at(-1), `applied ${COUNT} of ${COUNT} resources`)
    assert.ok(stderr.endsWith('\r\x1b[K'))
  })

  it('is followed without a datastore, too', async () => {
    const { stderr } = await run(['validate', '-f', '-'], { stdin, watched: true, now: slowly() })
    assert.deepEqual(lines(stderr), ['read 200 documents', 'read 400 documents'])
  })

  it('is silent where nobody watches', async () => {
    assert.equal((await run(['apply', '-f', '-'], { stdin, store: openMemory(), now: slowly() })).stderr, '')
  })
})
