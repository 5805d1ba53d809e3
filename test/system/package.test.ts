import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RunResult } from '../context.ts'
import { CHECKOUT, copyCheckout, newcomer } from './folder.ts'
import { shell } from './shell.ts'

/** What `npm pack` makes of a checkout where nothing is built yet, and what becomes of it elsewhere. */
describe('the package', () => {
  let folder: string
  let tarball: string
  const npm = (command: string, cwd: string) => shell(command, { cwd, env: environment(), args: ['-e', '-o', 'pipefail'] })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-package-'))
    const checkout = join(folder, 'checkout')
    await copyCheckout(checkout)
    await symlink(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'))
    const { code, stdout, stderr } = await npm('npm pack --silent', checkout)
    assert.equal(code, 0, stderr)
    tarball = join(checkout, stdout.trim().split('\n').at(-1) ?? '')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has the program, the schemas for editors and the examples in it, and nothing that nobody needs', async () => {
    const { stdout } = await shell(`tar -tzf ${tarball}`, { cwd: folder, env: newcomer(folder) })
    const files = stdout.trim().split('\n')
    for (const file of [
      'bin/calicoctl',
      'dist/start.cjs',
      'dist/program.cjs',
      'dist/commands.cjs',
      'dist/etcd.cjs',
      'schemas/manifest.json',
      'schemas/policytest.json',
      'examples/tutorial/net1.yaml',
      'examples/policy-test/tutorial.yaml',
      'LICENSE',
    ]) {
      assert.ok(files.includes(`package/${file}`), file)
    }
    assert.deepEqual(
      files.filter((file) => /\/(?:src|test|node_modules|\.)/.test(file)),
      [],
    )
  })

  it('works when unpacked beside what it depends on', async () => {
    const place = join(folder, 'unpacked', 'node_modules', 'calicoctl')
    await mkdir(place, { recursive: true })
    assert.equal((await npm(`tar -xzf ${tarball} --strip-components=1`, place)).code, 0)
    await symlink(join(CHECKOUT, 'node_modules'), join(place, 'node_modules'))
    await assertWorks(join(place, 'bin'))
  })

  it('works after npm install --global, without a script that runs at installing', async (t) => {
    const prefix = join(folder, 'prefix')
    const { code, stderr } = await npm(`npm install --global --ignore-scripts --prefer-offline --prefix ${prefix} ${tarball}`, folder)
    if (/code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|ERR_SOCKET_TIMEOUT|E5\d\d)/.test(stderr)) {
      return t.skip('the registry is out of reach')
    }
    assert.equal(code, 0, stderr)
    await assertWorks(join(prefix, 'bin'))
  })

  async function assertWorks(bin: string): Promise<void> {
    const home = await mkdtemp(join(folder, 'home-'))
    const run = (script: string): Promise<RunResult> =>
      shell(script, { cwd: CHECKOUT, env: { ...newcomer(home), PATH: `${bin}:${process.env['PATH']}` }, args: ['-e', '-o', 'pipefail'] })
    assert.deepEqual(await run('command -v calicoctl; calicoctl apply -f examples/tutorial/; calicoctl get profiles -o name'), {
      code: 0,
      stdout: [
        join(bin, 'calicoctl'),
        "Successfully applied 3 'Profile' resource(s)",
        'profile/net1',
        'profile/net2',
        'profile/net3',
        'profile/projectcalico-default-allow',
        '',
      ].join('\n'),
      stderr: '',
    })
    // The other driver is in it as well.
    assert.match((await run('ETCD_ENDPOINTS=http://127.0.0.1:1 calicoctl get nodes')).stderr, /^cannot reach etcd at http:\/\/127\.0\.0\.1:1: /)
  }
})

// --- internal ---

/** What npm would find if somebody called it by hand: nothing of the npm that runs the tests but where it takes packages from. */
function environment(): Record<string, string> {
  const kept = /^npm_config_(?:registry|cache|cafile|userconfig|globalconfig)$/
  const env = Object.entries(process.env).filter(([name, value]) => value !== undefined && (!name.startsWith('npm_') || kept.test(name)))
  return { ...(Object.fromEntries(env) as Record<string, string>), npm_config_update_notifier: 'false' }
}
