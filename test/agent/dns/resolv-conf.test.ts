import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readNameServers } from '../../../src/agent/dns/resolv-conf.ts'

describe('the name servers of the host', () => {
  let folder: string

  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'calicoctl-resolv-'))))
  after(() => rm(folder, { recursive: true, force: true }))

  const read = async () =>
    (await readNameServers(join(folder, 'resolv.conf'), new Set(['10.0.0.1']))).map(({ address, port }) => `${address}#${port}`)

  it('are none where there is no file', async () => {
    assert.deepEqual(await read(), [])
  })

  for (const [what, text, wanted] of [
    ['are as the file has them', 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n', ['192.0.2.1#53', '192.0.2.2#53']],
    ['are others when it has changed', 'nameserver 192.0.2.3', ['192.0.2.3#53']],
    ['never are the agent itself', 'nameserver 10.0.0.1\nnameserver 192.0.2.1\n', ['192.0.2.1#53']],
    ['may have IPv6', 'nameserver 2001:db8::1\nnameserver fe80::1%eth0\n', ['2001:db8::1#53', 'fe80::1%eth0#53']],
    [
      'stand between other lines',
      '# nameserver 1.1.1.1\n;nameserver 1.1.1.1\nsearch example\n  nameserver\t192.0.2.1  # ours\noptions ndots:2\n',
      ['192.0.2.1#53'],
    ],
    ['are no names and no nonsense', 'nameserver dns.example\nnameserver 1.2.3\nnameserver\nnameserver 300.0.0.1\n', []],
  ] as const) {
    it(what, async () => {
      await writeFile(join(folder, 'resolv.conf'), text)
      assert.deepEqual(await read(), wanted)
    })
  }
})
