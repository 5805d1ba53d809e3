import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { openDatastore } from '../../src/store/open.ts'
import { run, type RunResult } from '../context.ts'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { inFolder } from '../system/folder.ts'
import { net, NETWORKS, V3 } from './policy-tests.ts'

const TEST = 'apiVersion: calicoctl.projectcalico.org/v1\nkind: PolicyTest\nallow: [{from: a, to: c}]\ndeny: [{from: b, to: net1}]\n'
/** Lets everybody in. */
const OPEN = net('net1', '')

/** What the gate promises, on any datastore. */
function describeGate(openStore: () => Promise<Datastore>): void {
  let store: Datastore
  before(async () => {
    store = await openStore()
  })
  after(() => store?.close())
  beforeEach(async () => {
    await store.txn({ compare: [], then: [{ type: 'delete', range: prefixRange('/calico/') }] })
  })

  const inStore = async () => (await store.range(prefixRange('/calico/'))).keyValues.map(({ key, value }) => [key, value])
  /** In the order of the changes, which the records' keys do not tell within a millisecond. */
  const reasons = async () => {
    const { keyValues } = await store.range(prefixRange('/calico/calicoctl/changes/'))
    const records = keyValues.toSorted((a, b) => a.modRevision - b.modRevision)
    return records.map(({ value }) => (JSON.parse(value) as { why?: string }).why)
  }

  /** Commands in a folder with the tests and manifests, on a store that has the networks. */
  async function gated(
    work: (told: (args: readonly string[], env?: Record<string, string>) => Promise<RunResult>, folder: string) => Promise<void>,
  ): Promise<void> {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'tests', 'deep'), { recursive: true })
      const files = { 'tests/deep/t.yaml': TEST, 'net.yaml': NETWORKS, 'open.yaml': OPEN, 'fine.yaml': net('net3') }
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
      const told = (args: readonly string[], env: Record<string, string> = {}) => run(args, { cwd: folder, env: { HOME: folder, ...env }, store })
      await work(told, folder)
    })
  }

  it('writes what passes, an empty datastore included', async () => {
    await gated(async (told) => {
      assert.deepEqual(await told(['apply', '-f', 'net.yaml', '--test', 'tests']), {
        code: 0,
        stdout: 'Successfully applied 5 resource(s)\n',
        stderr: '',
      })
      assert.equal((await told(['apply', '-f', 'fine.yaml', '--test', 'tests'])).code, 0)
    })
  })

  it('writes nothing that fails, not even what initializes a datastore, and says why', async () => {
    await gated(async (told) => {
      const { code, stdout, stderr } = await told(['apply', '-f', 'open.yaml', '--test', 'tests'])
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, /error\[unknown-name\]: nothing is called "a"[^]*\n2 entries in 1 test: 0 passed, 2 failed; nothing was applied\.\n$/)
      assert.deepEqual(await inStore(), [])
    })
  })

  it('shows the packet that would pass, and the rule of the manifest that lets it', async () => {
    await gated(async (told) => {
      await told(['apply', '-f', 'net.yaml'])
      const before = await inStore()
      const { code, stdout, stderr } = await told(['apply', '-f', 'fine.yaml', '-f', 'open.yaml', '--test', 'tests'])
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, /^error\[must-be-denied\]: b to a is allowed: tcp 1\n +┌─ tests\/deep\/t\.yaml:4:9\n/)
      assert.match(stderr, /allowed entering a by Profile net1 ingress\[0\] \(open\.yaml:9:5\): allow\n/)
      assert.match(stderr, /\n2 entries in 1 test: 1 passed, 1 failed; nothing was applied\.\n$/)
      assert.deepEqual(await inStore(), before)
    })
  })

  const changes: readonly (readonly [args: readonly string[], past: string])[] = [
    [['replace', '-f', 'open.yaml'], 'replaced'],
    [['delete', '-f', 'open.yaml'], 'deleted'],
    [['delete', 'profile', 'net1'], 'deleted'],
    [['delete', 'node', 'host1'], 'deleted'],
    [['patch', 'profile', 'net1', '-p', '{"spec":{"ingress":[{"action":"Allow"}]}}'], 'patched'],
    [['create', '-f', 'policy.yaml'], 'created'],
    [['label', 'wep', 'host1-libnetwork-libnetwork-epb', 'admin=yes', '-n', 'libnetwork'], 'changed'],
  ]
  for (const [args, past] of changes) {
    it(`stands before ${args.join(' ')}, too`, async () => {
      await gated(async (told, folder) => {
        const admins = net('net1', `\n    source:\n      selector: net1 == '' || has(admin)`)
        await writeFile(join(folder, 'policy.yaml'), `${V3}kind: GlobalNetworkPolicy\nmetadata:\n  name: shut\nspec:\n  selector: all()\n`)
        const node = `${V3}kind: Node\nmetadata:\n  name: host1\n`
        await writeFile(join(folder, 'stored.yaml'), [NETWORKS, node, admins].join('---\n'))
        assert.equal((await told(['apply', '-f', 'stored.yaml'])).code, 0)
        const before = await inStore()
        const { code, stdout, stderr } = await told(args, { CALICOCTL_TESTS: 'tests' })
        assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
        assert.match(stderr, new RegExp(`\\d failed; nothing was ${past}\\.\\n$`))
        assert.deepEqual(await inStore(), before)
        assert.equal((await told([...args, '--skip-tests'], { CALICOCTL_TESTS: 'tests' })).code, 0)
        assert.equal((await reasons()).at(-1), 'tests skipped')
      })
    })
  }

  it('the reason that is kept says that tests were skipped, when there were any', async () => {
    await gated(async (told) => {
      await told(['apply', '-f', 'net.yaml', '--skip-tests'])
      await told(['apply', '-f', 'open.yaml', '--test', 'tests', '--skip-tests', '--why', 'release 12'])
      await told(['apply', '-f', 'fine.yaml', '--why', 'more'])
      assert.deepEqual(await reasons(), [undefined, 'release 12 (tests skipped)', 'more'])
    })
  })

  it('what could not be told is not written', async () => {
    await gated(async (told, folder) => {
      await told(['apply', '-f', 'net.yaml'])
      const service = `${V3}kind: GlobalNetworkPolicy\nmetadata:\n  name: svc\nspec:\n  selector: net1 == ''\n  ingress:\n  - action: Allow\n    source:\n      services:\n        name: x\n        namespace: shop\n`
      await writeFile(join(folder, 'service.yaml'), service)
      const before = await inStore()
      const { code, stderr } = await told(['apply', '-f', 'service.yaml', '--test', 'tests'])
      assert.equal(code, 1)
      assert.match(stderr, /error\[not-told\][^]*2 entries in 1 test: 0 passed, 2 could not be told; nothing was applied\.\n$/)
      assert.deepEqual(await inStore(), before)
    })
  })

  it('a resource of the store that cannot be understood lets nothing through', async () => {
    await gated(async (told) => {
      await told(['apply', '-f', 'net.yaml'])
      await store.txn({
        compare: [],
        then: [{ type: 'put', key: '/calico/resources/v3/projectcalico.org/globalnetworkpolicies/default.x', value: '{' }],
      })
      const { code, stderr } = await told(['apply', '-f', 'fine.yaml', '--test', 'tests'])
      assert.equal(code, 1)
      assert.match(
        stderr,
        /it cannot be told for sure while a resource is not understood[^]*cannot be read: failed to parse datastore entry[^]*nothing was applied\.\n$/,
      )
    })
  })

  it('tests with faults, or none at all, let nothing through', async () => {
    await gated(async (told, folder) => {
      await mkdir(join(folder, 'none'))
      const none = await told(['apply', '-f', 'fine.yaml', '--test', 'none'])
      assert.deepEqual(none, { code: 1, stdout: '', stderr: 'no policy test in none; nothing was applied.\n' })
      await writeFile(join(folder, 'bad.yaml'), TEST.replace('allow', 'alow'))
      const bad = await told(['apply', '-f', 'fine.yaml', '--test', 'bad.yaml'])
      assert.equal(bad.code, 1)
      assert.match(bad.stderr, /unknown field "alow"[^]*1 error in 1 file; nothing was applied\.\n$/)
      assert.match((await told(['apply', '-f', 'fine.yaml', '--test', 'gone'])).stderr, /cannot read gone: no such file or directory/)
      assert.deepEqual(await inStore(), [])
    })
  })

  it('what the change itself refuses, it refuses as ever', async () => {
    await gated(async (told) => {
      await told(['apply', '-f', 'net.yaml'])
      const { code, stderr } = await told(['create', '-f', 'open.yaml', '--test', 'tests'])
      assert.equal(code, 1)
      assert.match(stderr, /resource already exists: Profile\(net1\)/)
      assert.match((await told(['create', '--atomic', '-f', 'open.yaml', '-f', 'fine.yaml', '--test', 'tests'])).stderr, /resource already exists/)
    })
  })

  it('only what would be written counts: a resource that exists is not changed by create', async () => {
    await gated(async (told) => {
      await told(['apply', '-f', 'net.yaml'])
      const { code, stdout } = await told(['create', '-f', 'open.yaml', '-f', 'fine.yaml', '--skip-exists', '--test', 'tests'])
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "Successfully created 2 'Profile' resource(s)\n" })
    })
  })

  it('a test with resources of its own is run on these', async () => {
    await gated(async (told, folder) => {
      await told(['apply', '-f', 'net.yaml'])
      await writeFile(join(folder, 'own.yaml'), `${TEST}files: [net.yaml]\n`)
      assert.equal((await told(['apply', '-f', 'open.yaml', '--test', 'own.yaml'])).code, 0)
    })
  })
}

describe('the gate before changes: in memory', () => describeGate(async () => openMemory()))

describe('the gate before changes: on etcd', { skip: etcdHere() }, () => {
  let etcd: EtcdServer
  before(async () => {
    etcd = await startEtcd()
  })
  after(() => etcd?.stop())
  describeGate(() => openDatastore({ driver: 'etcd', endpoints: [etcd.endpoint] }))
})

describe('where the tests of the gate are named', () => {
  const config = (more: string) => `apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:${more}\nspec: {}\n`
  const ANNOTATION = '\n  annotations:\n    calicoctl.projectcalico.org/tests: tests'

  async function applied(files: Record<string, string>, args: readonly string[], env: Record<string, string> = {}): Promise<RunResult> {
    return inFolder(async (folder) => {
      await mkdir(join(folder, 'etc', 'tests'), { recursive: true })
      for (const [name, text] of Object.entries({ 'etc/tests/t.yaml': TEST, 'fine.yaml': net('net3'), ...files }))
        await writeFile(join(folder, name), text)
      return run(['apply', '-f', 'fine.yaml', ...args], { cwd: folder, env: { HOME: folder, ...env } })
    })
  }

  it('in the configuration file, relative to it', async () => {
    const { code, stderr } = await applied({ 'etc/calicoctl.cfg': config(ANNOTATION) }, ['-c', 'etc/calicoctl.cfg'])
    assert.equal(code, 1)
    assert.match(stderr, /etc\/tests\/t\.yaml:3:16[^]*nothing was applied/)
  })
  it('the environment goes before the file, and may say that there are none', async () => {
    const files = { 'etc/calicoctl.cfg': config(ANNOTATION) }
    assert.match((await applied(files, ['-c', 'etc/calicoctl.cfg'], { CALICOCTL_TESTS: 'gone' })).stderr, /cannot read gone/)
    assert.equal((await applied(files, ['-c', 'etc/calicoctl.cfg'], { CALICOCTL_TESTS: '' })).code, 0)
  })
  it('the command line goes before both', async () => {
    const { stderr } = await applied({ 'etc/calicoctl.cfg': config(ANNOTATION) }, ['-c', 'etc/calicoctl.cfg', '--test', 'here'], {
      CALICOCTL_TESTS: 'gone',
    })
    assert.match(stderr, /cannot read here/)
  })
  it('the file speaks of its own datastore: another one has no tests', async () => {
    assert.equal((await applied({ 'etc/calicoctl.cfg': config(ANNOTATION) }, ['-c', 'etc/calicoctl.cfg', '--datastore', 'x.db'])).code, 0)
  })
  it('a file without the annotation names none', async () => {
    for (const more of ['', ' {}', '\n  annotations:', '\n  annotations:\n    other: x'])
      assert.equal((await applied({ 'etc/calicoctl.cfg': config(more) }, ['-c', 'etc/calicoctl.cfg'])).code, 0, more)
  })
  it('an annotation that names nothing is a fault', async () => {
    const { code, stderr } = await applied({ 'etc/calicoctl.cfg': config(ANNOTATION.replace(/tests$/, '""')) }, ['-c', 'etc/calicoctl.cfg'])
    assert.deepEqual(
      { code, stderr },
      { code: 1, stderr: 'syntax error in etc/calicoctl.cfg: calicoctl.projectcalico.org/tests should name a file or directory\n' },
    )
  })
})
