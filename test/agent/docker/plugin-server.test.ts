import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type Methods, type PluginServer, servePlugin, textField } from '../../../src/agent/docker/plugin-server.ts'
import { UserError } from '../../../src/model/user-error.ts'
import { call } from './call.ts'

describe('a driver on a socket', () => {
  let folder: string
  let path: string
  let server: PluginServer
  const failures: string[] = []
  const methods: Methods = {
    'Driver.Echo': (body) => body,
    'Driver.Text': (body) => ({ text: textField(body, 'Text') }),
    'Driver.Refuse': () => {
      throw new UserError('the pool is empty', 'add an IPPool')
    },
    'Driver.Break': () => Promise.reject(new TypeError('x is not a function')),
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-plugin-'))
    path = join(folder, 'plugins', 'calico.sock')
    server = await servePlugin({ path, methods, errorField: 'Err', failed: (method) => void failures.push(method) })
  })
  after(async () => {
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('is for root alone', async () => {
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('answers a call without content type', async () => {
    assert.deepEqual(await call(path, 'Driver.Echo', { A: ['b'] }), { status: 200, answer: { A: ['b'] } })
  })

  it('takes no body for an empty one', async () => {
    assert.deepEqual(await call(path, 'Driver.Echo'), { status: 200, answer: {} })
  })

  it('does not have what it does not have', async () => {
    assert.deepEqual(await call(path, 'Driver.Other', {}), { status: 404, answer: { Err: 'Driver.Other is not implemented' } })
    assert.equal((await call(path, 'constructor', {})).status, 404)
  })

  it('tells a refusal as it stands, with what helps', async () => {
    assert.deepEqual(await call(path, 'Driver.Refuse', {}), { status: 200, answer: { Err: 'the pool is empty (add an IPPool)' } })
  })

  it('tells a fault of its own as such, and goes on', async () => {
    assert.deepEqual(await call(path, 'Driver.Break', {}), { status: 200, answer: { Err: 'internal error: x is not a function' } })
    assert.ok(failures.includes('Driver.Break'))
    assert.equal((await call(path, 'Driver.Echo', {})).status, 200)
  })

  for (const [what, body, error] of [
    ['no JSON', '{"A":', 'the request is not JSON'],
    ['a list', '[]', 'the request is not an object'],
    ['a text where an object is wanted', '"x"', 'the request is not an object'],
    ['a number where a text is wanted', '{"Text":1}', 'Text is not a text'],
    ['too much', `{"Text":"${'x'.repeat(1024 * 1024)}"}`, 'the request is too large'],
  ]) {
    it(`refuses ${what}`, async () => {
      assert.deepEqual(await call(path, 'Driver.Text', body), { status: 200, answer: { Err: error } })
    })
  }

  it('answers whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        async (body) => {
          const { answer } = await call(path, 'Driver.Text', body)
          assert.ok(typeof answer === 'object' && answer !== null && ('Err' in answer || 'text' in answer))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('takes the place of what a killed process has left', async () => {
    const left = join(folder, 'left.sock')
    await writeFile(left, '')
    const second = await servePlugin({ path: left, methods, errorField: 'Error', failed: () => {} })
    assert.deepEqual(await call(left, 'Driver.Other', {}), { status: 404, answer: { Error: 'Driver.Other is not implemented' } })
    await second.close()
    await assert.rejects(stat(left), { code: 'ENOENT' })
  })
})
