import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { dockerHere } from '../lab/docker-host.ts'
import { CHECKOUT } from './folder.ts'

/** `npm run lab`, as a person uses it. */
describe('the lab', { skip: dockerHere() }, () => {
  let folder: string

  /** Like `npm run lab -- ...`, with notes of its own: the lab of a person on this machine is let be. */
  const lab = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(CHECKOUT, 'test', 'lab.mjs'), ...args], {
      env: { PATH: process.env['PATH'], HOME: folder, CALICOCTL_LAB: join(folder, 'lab') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
    return { code, said }
  }

  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'calicoctl-lab-'))))
  after(async () => {
    await lab('down')
    await rm(folder, { recursive: true, force: true })
  })

  it('brings two hosts up, runs commands on them, and goes without a trace', async () => {
    const up = await lab('up', '--no-build')
    assert.equal(up.code, 0, up.said)
    assert.match(up.said, /calico-02 \(172\.18\.18\.102\) runs Docker and the agent[\s\S]* down /)
    assert.match((await lab('calico-01', 'docker', 'version')).said, /Server:/)
    assert.match((await lab('calico-01', 'ls', '/run/docker/plugins')).said, /calico-ipam.sock\ncalico.sock/)
    assert.match((await lab('calico-02', 'calicoctl', 'get', 'nodes')).said, /calico-01 +\ncalico-02 /)
    assert.deepEqual(await lab('calico-03', 'true'), { code: 1, said: '"calico-03" is none of: calico-01, calico-02, down\n' })
    assert.equal((await lab('calico-01', 'false')).code, 1)
    const { hosts } = JSON.parse(await readFile(join(folder, 'lab', 'lab.json'), 'utf8')) as { hosts: Record<string, string[]> }
    const [, , pid = assert.fail('no process')] = hosts['calico-01'] ?? []
    assert.match((await lab()).said, /up already/)
    assert.deepEqual(await lab('down'), { code: 0, said: 'The lab is gone.\n' })
    assert.equal(existsSync(join(folder, 'lab')), false)
    assert.equal(existsSync(`/proc/${pid}`), false)
    for (const hierarchy of await readdir('/sys/fs/cgroup')) assert.equal(existsSync(`/sys/fs/cgroup/${hierarchy}/calicoctl-${pid}`), false)
    assert.deepEqual(await lab('calico-01', 'true'), { code: 1, said: 'there is no lab: npm run lab\n' })
  })
})
