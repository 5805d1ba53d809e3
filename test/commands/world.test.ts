import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Datastore } from '../../src/store/datastore.ts'
import { openLocal } from '../../src/store/drivers/local.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { run, type RunResult } from '../context.ts'
import { OPEN, policy, workload } from '../policy/manifest-world.ts'

const RESOURCES = '/calico/resources/v3/projectcalico.org/'
const ends = [OPEN, workload('a', ['10.0.0.1'], { profiles: ['open'] }), workload('b', ['10.0.1.1'], { profiles: ['open'] })]
const DENY = policy('guard', { ingress: [{ action: 'Deny' }] })

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calicoctl-world-'))
  await writeFile(join(folder, 'guard.yaml'), DENY)
  await writeFile(join(folder, 'ends.yaml'), ends.join('\n---\n'))
})
after(() => rm(folder, { recursive: true, force: true }))

const stores: Readonly<Record<string, () => Datastore>> = {
  'a store in memory': openMemory,
  'a local store': () => openLocal(join(folder, 'calico.db')),
}

for (const [name, open] of Object.entries(stores)) {
  describe(`the world of ${name}`, () => {
    let store: Datastore
    before(async () => {
      store = open()
      assert.equal((await calicoctl('apply', '-f', 'ends.yaml')).code, 0)
    })
    after(() => store.close())

    const calicoctl = (...args: string[]): Promise<RunResult> => run(args, { cwd: folder, store })
    const ask = (...args: string[]) => calicoctl('why', 'a', 'b', 'tcp/80', ...args)
    const write = (key: string, value: string) => store.txn({ compare: [], then: [{ type: 'put', key: RESOURCES + key, value }] })
    const remove = (key: string) => store.txn({ compare: [], then: [{ type: 'delete', range: { start: RESOURCES + key } }] })

    it('is asked when no manifests are given; a rule is told by its key and revision', async () => {
      const { code, stdout, stderr } = await ask()
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.match(stdout, /> rule 1: allow {2}=> allowed\n +\/calico\/resources\/v3\/projectcalico\.org\/profiles\/open \(revision \d+\)\n/)
    })

    it('is left alone by manifests, unless they are laid over it', async () => {
      assert.equal((await ask('-f', 'guard.yaml')).code, 2, 'no a and b in that file')
      const { code, stdout } = await ask('-f', 'guard.yaml', '--overlay')
      assert.equal(code, 1)
      assert.match(stdout, /┌─ guard\.yaml:1:\d+/)
      assert.equal((await ask()).code, 0, 'nothing was written')
    })

    it('a manifest counts instead of the stored resource of its name', async () => {
      const stdin = OPEN.replaceAll('Allow', 'Deny')
      const { code } = await run(['why', 'a', 'b', 'tcp/80', '-f', '-', '--overlay'], { cwd: folder, store, stdin })
      assert.equal(code, 1)
    })

    const broken: readonly (readonly [what: string, key: string, value: string, told: RegExp])[] = [
      ['a value that is not JSON', 'globalnetworkpolicies/bad', '{', /GlobalNetworkPolicy\(bad\) in the datastore cannot be read/],
      [
        'a selector that is none',
        'globalnetworkpolicies/bad',
        '{"kind":"GlobalNetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"bad"},"spec":{"selector":"app ==","types":["Ingress"]}}',
        /GlobalNetworkPolicy\(bad\) cannot be understood: "app ==" is not a selector/,
      ],
    ]
    for (const [what, key, value, told] of broken) {
      it(`${what} is set aside and told, and nothing is certain any more`, async () => {
        await write(key, value)
        const { code, stdout, stderr } = await ask()
        await remove(key)
        assert.equal(code, 2)
        assert.match(stdout, /^NOT KNOWN: [^]*Not known: GlobalNetworkPolicy\(bad\) cannot be understood\n/)
        assert.match(stderr, told)
        assert.equal((await ask()).code, 0)
      })
    }

    it('a broken resource that cannot matter is told, and that is all', async () => {
      await write('profiles/elsewhere', '[]')
      const { code, stderr } = await ask()
      assert.equal(code, 0)
      assert.match(stderr, /Profile\(elsewhere\) in the datastore cannot be read/)
      await remove('profiles/elsewhere')
    })

    it('a broken policy leaves open what acts on an endpoint, and what a selector picks when a profile is broken', async () => {
      await write('globalnetworkpolicies/bad', '{')
      assert.deepEqual([(await calicoctl('applies', 'a')).code, (await calicoctl('selects', 'all()')).code], [2, 0])
      await remove('globalnetworkpolicies/bad')
      await write('profiles/elsewhere', '{')
      assert.equal((await calicoctl('selects', 'all()')).code, 2)
      await remove('profiles/elsewhere')
      assert.deepEqual([(await calicoctl('applies', 'a')).code, (await calicoctl('selects', 'all()')).code], [0, 0])
    })
  })
}

describe('manifests', () => {
  it('of which two have one name: the later one counts, and that is told', async () => {
    await writeFile(join(folder, 'twice.yaml'), [...ends, OPEN.replaceAll('Allow', 'Deny')].join('\n---\n'))
    const { code, stderr } = await run(['why', 'a', 'b', 'tcp/80', '-f', 'twice.yaml'], { cwd: folder })
    assert.equal(code, 1)
    assert.match(stderr, /^warning\[repeated-resource\]: Profile\(open\) is in the manifests twice: this one counts/)
    assert.match(stderr, /the other one is at twice\.yaml:1:\d+/)
  })

  it('with a mistake: it is shown where it stands, and nothing is answered', async () => {
    await writeFile(join(folder, 'bad.yaml'), DENY.replace('Deny', 'Dney'))
    const { code, stdout, stderr } = await run(['why', 'a', 'b', '-f', 'ends.yaml', '-f', 'bad.yaml'], { cwd: folder })
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, /error\[not-allowed\]: "Dney" is not one of[^]*┌─ bad\.yaml:1:/)
  })

  it('that are not there', async () => {
    const { code, stderr } = await run(['applies', 'a', '-f', 'nowhere.yaml'], { cwd: folder })
    assert.equal(code, 2)
    assert.match(stderr, /cannot read nowhere\.yaml: no such file or directory/)
  })
})
