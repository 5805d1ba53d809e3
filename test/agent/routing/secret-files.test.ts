import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { secretFiles } from '../../../src/agent/routing/secret-files.ts'

describe('passwords in files', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-secrets-'))
    await mkdir(join(folder, 'secrets', 'mesh'), { recursive: true })
    await writeFile(join(folder, 'outside'), 'no', { mode: 0o600 })
    await writeFile(join(folder, 'secrets', 'mesh', 'password'), 'open sesame \n', { mode: 0o600 })
    await writeFile(join(folder, 'secrets', 'mesh', 'shown'), 'open sesame', { mode: 0o600 })
    await chmod(join(folder, 'secrets', 'mesh', 'shown'), 0o640)
  })
  after(async () => await rm(folder, { recursive: true, force: true }))

  const ask = (name: string, key: string) => secretFiles(join(folder, 'secrets'))({ name, key })

  it('are read without the line feed at their end', () => {
    assert.deepEqual(ask('mesh', 'password'), { password: 'open sesame ' })
  })

  it('are for their owner only', () => {
    assert.deepEqual(ask('mesh', 'shown'), { why: `others than its owner may read or write ${folder}/secrets/mesh/shown` })
  })

  it('are told by where they should be', () => {
    assert.deepEqual(ask('mesh', 'absent'), { why: `there is no ${folder}/secrets/mesh/absent` })
  })

  for (const [name, key] of [
    ['..', 'outside'],
    ['mesh', '../../outside'],
    ['mesh/..', 'outside'],
    ['', 'mesh'],
    ['.', 'mesh'],
    ['mesh', 'pass\u0000word'],
  ] as const) {
    it(`are nowhere else: ${JSON.stringify(`${name}/${key}`)}`, () => {
      assert.deepEqual(ask(name, key), { why: `"${name}/${key}" does not name a secret` })
    })
  }
})
