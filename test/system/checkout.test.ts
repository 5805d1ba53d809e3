import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { runBuilt } from './built.ts'
import { CHECKOUT, copyCheckout, inFolder, newcomer } from './folder.ts'
import { shell } from './shell.ts'

/** What a newcomer does with the checkout itself: the README's first block, and the examples. */

it("the README's first commands lead from a clone to the tutorial's profiles", async () => {
  await inFolder(async (folder) => {
    const origin = join(folder, 'origin')
    await copyCheckout(origin)
    const git = 'git -c user.name=test -c user.email=test@localhost -c init.defaultBranch=main'
    const options = { cwd: origin, env: newcomer(folder) }
    assert.equal((await shell(`${git} init -q && git add -A && ${git} commit -qm everything`, { ...options, args: ['-e'] })).stderr, '')
    const [clone, demo] = firstBlock()
    assert.match(clone, /^git clone <this repository> calicoctl && cd calicoctl$/)
    const cloned = await shell(clone.replace('<this repository>', './origin'), { ...options, cwd: folder })
    assert.equal(cloned.code, 0, cloned.stderr)
    const checkout = join(folder, 'calicoctl')
    // The dependencies are lent, so that nothing is downloaded: installing them is what `npm test` itself begins with.
    await symlink(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'))
    const { code, stdout, stderr } = await shell(demo, { cwd: checkout, env: { ...newcomer(folder), npm_config_update_notifier: 'false' } })
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^Successfully applied 3 'Profile' resource\(s\)$/m)
    for (const name of ['net1', 'net2', 'net3']) assert.match(stdout, new RegExp(`^${name} +${name}= *$`, 'm'))
    assert.match(stderr, /┌─ examples\/refused\/web\.yaml:\d+:\d+/)
    assert.match(stdout, /^All tests: {2}npm test$/m)
  })
})

describe('the examples', () => {
  const files = readdirSync(join(CHECKOUT, 'examples'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(?:ya?ml|json)$/.test(file))
  const refused = files.filter((file) => file.startsWith('refused/'))
  const tests = files.filter((file) => file.startsWith('policy-test/'))
  const good = files.filter((file) => !refused.includes(file) && !tests.includes(file))

  it('are there', () => assert.ok(good.length > 0 && refused.length > 0 && tests.length > 0))

  for (const file of [...good, ...tests]) {
    it(`${file} names its schema to editors`, () => {
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(CHECKOUT, 'examples', file), 'utf8')) ?? []
      const wanted = tests.includes(file) ? 'schemas/policytest.json' : 'schemas/manifest.json'
      assert.equal(relative(CHECKOUT, resolve(CHECKOUT, 'examples', dirname(file), schema)), wanted)
    })
  }

  for (const file of tests) {
    it(`${file} passes`, async () => {
      await inFolder(async (folder) => {
        const { code, stdout, stderr } = await runBuilt(['test', `examples/${file}`], { cwd: CHECKOUT, env: newcomer(folder) })
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
        assert.match(stdout, /^\d+ entries in 1 test: \d+ passed$/m)
      })
    })
  }

  for (const file of good) {
    it(`${file} is applied, and applied again without a change`, async () => {
      await inFolder(async (folder) => {
        const options = { cwd: CHECKOUT, env: newcomer(folder) }
        const first = await runBuilt(['apply', '-f', `examples/${file}`], options)
        assert.deepEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: '' })
        const show = ['get', '-f', `examples/${file}`, '-o', 'json']
        const before = await runBuilt(show, options)
        const second = await runBuilt(['apply', '-f', `examples/${file}`], options)
        assert.equal(second.stdout, first.stdout)
        assert.equal((await runBuilt(show, options)).stdout, before.stdout)
      })
    })
  }

  for (const file of refused) {
    it(`${file} is refused, and nothing is changed`, async () => {
      await inFolder(async (folder) => {
        const options = { cwd: CHECKOUT, env: newcomer(folder) }
        const { code, stdout, stderr } = await runBuilt(['apply', '-f', `examples/${file}`], options)
        assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
        assert.match(stderr, new RegExp(`┌─ examples/${file}:\\d+:\\d+`))
        assert.match(stderr, /nothing was applied\.$/m)
        assert.equal((await runBuilt(['get', 'profiles', '-o', 'name'], options)).stdout, 'profile/projectcalico-default-allow\n')
      })
    })
  }
})

// --- internal ---

/** The two lines of the README's first block. */
function firstBlock(): readonly [string, string] {
  const [, clone = '', demo = ''] = /^```sh\n(.*)\n(.*)\n```$/m.exec(readFileSync(join(CHECKOUT, 'README.md'), 'utf8')) ?? []
  return [clone, demo]
}
