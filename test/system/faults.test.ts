import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { RunResult } from '../context.ts'
import { type EtcdServer, etcdHere, freePort, LOOPBACK, startEtcd } from '../lab/etcd.ts'
import { runBuilt, startBuilt } from './built.ts'
import { newcomer } from './folder.ts'
import { shell } from './shell.ts'

/** What breaks around the program: each time one sentence that says what and where, and what to look at; the exit code 1; nothing hangs, nothing half. */

const profile = (name: string) => `apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata:\n  name: ${name}\nspec: {}\n`
const MANY = 2000
/** What fits into one transaction. */
const SOME = 120

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calicoctl-faults-'))
  await writeFile(join(folder, 'net1.yaml'), profile('net1'))
  for (const [name, length] of Object.entries({ many: MANY, some: SOME })) {
    await writeFile(join(folder, `${name}.yaml`), Array.from({ length }, (_, i) => profile(`net-${i}`)).join('---\n'))
  }
})
after(() => rm(folder, { recursive: true, force: true }))

const calicoctl = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runBuilt(args, { cwd: folder, env: { ...newcomer(folder), ...env } })
const bash = (script: string, env: Readonly<Record<string, string>> = {}) => shell(script, { cwd: folder, env: { ...newcomer(folder), ...env } })

/** A command that failed with a sentence and a hint, and nothing else. */
function assertTold({ code, stdout, stderr }: RunResult, sentence: RegExp, hint: RegExp): void {
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, stderr)
  const [first = '', second = '', ...rest] = stderr.split('\n')
  assert.match(first, sentence)
  assert.match(second, hint)
  assert.deepEqual(rest, [''])
}

describe('an etcd that is not there', () => {
  for (const args of [
    ['get', 'profiles'],
    ['apply', '-f', 'net1.yaml'],
    ['delete', 'profile', 'net1'],
    ['label', 'profile', 'net1', 'a=b'],
  ]) {
    it(`${args[0]} says so`, async () => {
      const endpoint = `http://${LOOPBACK}:${await freePort()}`
      assertTold(
        await calicoctl(args, { ETCD_ENDPOINTS: endpoint }),
        new RegExp(`cannot reach etcd at ${endpoint}: .*ECONNREFUSED`),
        /ETCD_ENDPOINTS/,
      )
    })
  }

  it('matters to nobody who only validates', async () => {
    assert.equal((await calicoctl(['validate', '-f', 'net1.yaml'], { ETCD_ENDPOINTS: 'http://127.0.0.1:1' })).code, 0)
  })
})

describe('a host that takes connections and says nothing', { concurrency: true }, () => {
  for (const scheme of ['http', 'https']) {
    it(`ends a command that reads, with ${scheme}`, () =>
      withSilentHost(async ({ address }) => {
        assertTold(await calicoctl(['get', 'profiles'], { ETCD_ENDPOINTS: `${scheme}://${address}` }), /did not answer in time/, /firewall/)
      }))
  }

  it('ends a command that writes', () =>
    withSilentHost(async ({ address }) => {
      assertTold(await calicoctl(['apply', '-f', 'net1.yaml'], { ETCD_ENDPOINTS: `http://${address}` }), /did not answer in time/, /firewall/)
    }))

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`can be waited for until ${signal}`, () =>
      withSilentHost(async ({ address, connected }) => {
        const { child, ended } = startBuilt(['get', 'nodes'], { env: { ...newcomer(folder), ETCD_ENDPOINTS: `http://${address}` } })
        await Promise.race([connected, ended])
        child.kill(signal)
        assert.deepEqual(await ended, { code, stdout: '', stderr: '\ncalicoctl: interrupted; what was written before stays written\n' })
      }))
  }
})

describe('an etcd that wants certificates', { skip: etcdHere() }, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd({ tls: true })))
  after(() => etcd.stop())
  const get = (env: Readonly<Record<string, string>>) => calicoctl(['get', 'profiles'], { ETCD_ENDPOINTS: etcd.endpoint, ...env })
  const names = () => {
    const { ca, cert, key } = etcd.certificates ?? assert.fail('no certificates')
    return { ETCD_CA_CERT_FILE: ca, ETCD_CERT_FILE: cert, ETCD_KEY_FILE: key }
  }

  it('answers those who have them', async () => assert.equal((await get(names())).code, 0))

  it('is not trusted with another authority', async () => {
    assertTold(await get({ ...names(), ETCD_CA_CERT_FILE: names().ETCD_CERT_FILE }), /cannot make a secure connection/, /ETCD_CA_CERT_FILE/)
  })

  it('is not trusted without an authority', async () => {
    assertTold(await get({}), /cannot make a secure connection/, /ETCD_CA_CERT_FILE/)
  })

  it('turns away those without a certificate', async () => {
    const { code, stdout, stderr } = await get({ ETCD_CA_CERT_FILE: names().ETCD_CA_CERT_FILE })
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /^cannot (?:reach|make a secure connection to) etcd at /)
  })

  it('is not spoken to without https', async () => {
    const { code, stderr } = await get({ ETCD_ENDPOINTS: etcd.endpoint.replace('https', 'http') })
    assert.equal(code, 1)
    assert.match(stderr, /is the address right \(http or https\)\?/)
  })

  it('is not asked at all when a file is missing or holds something else', async () => {
    assertTold(await get({ ...names(), ETCD_CA_CERT_FILE: 'nosuch.crt' }), /cannot read .*nosuch\.crt: ENOENT/, /PEM/)
    assertTold(await get({ ...names(), ETCD_CA_CERT_FILE: 'net1.yaml' }), /no certificate in .*net1\.yaml/, /PEM/)
    const { ETCD_KEY_FILE: _, ...without } = names()
    assertTold(await get(without), /belong together/, /ETCD_KEY_FILE/)
  })
})

describe('a full disk', () => {
  for (const line of [
    'calicoctl --help',
    'calicoctl get --help',
    'calicoctl version --client',
    'calicoctl get profiles',
    'calicoctl get profiles -o yaml',
    'calicoctl apply -f net1.yaml',
    'calicoctl validate -f net1.yaml',
  ]) {
    it(`behind stdout: ${line}`, async () => {
      const { code, stderr } = await bash(`${line} > /dev/full`)
      assert.deepEqual({ code, stderr }, { code: 1, stderr: 'calicoctl: cannot write the output: ENOSPC: no space left on device\n' })
    })
  }

  it('behind stderr leaves the exit code to tell', async () => {
    assert.deepEqual(await bash('calicoctl get profile nosuch 2> /dev/full'), { code: 1, stdout: '', stderr: '' })
    assert.deepEqual(await bash('calicoctl get profile nosuch > /dev/full 2> /dev/full'), { code: 1, stdout: '', stderr: '' })
  })

  it('below the datastore leaves it whole', async (t) => {
    const small = join(folder, 'small')
    const { code, stdout, stderr } = await mounted(small, 'size=400k', [
      'calicoctl apply -f net1.yaml',
      'calicoctl apply -f many.yaml; echo $?',
      'calicoctl get profiles -o name | wc -l',
    ])
    if (code === NO_MOUNT) return t.skip('needs to be root, and to mount')
    // What went in before the disk was full stands, and is told.
    const [, told = ''] = /^at least (\d+) of 2000 resources were applied before this:\n/.exec(stderr) ?? assert.fail(stderr)
    assert.equal(stdout, `Successfully applied 1 'Profile' resource(s)\n1\n${Number(told) + 2}\n`)
    assert.match(stderr, new RegExp(`^the disk is full: .*${small}/calico\\.db\nfree some space`, 'm'))
  })
})

describe('a place where nothing can be written', () => {
  it('is told when the datastore should be there', async (t) => {
    const { code, stdout, stderr } = await mounted(join(folder, 'fixed'), 'ro', ['calicoctl apply -f net1.yaml'])
    if (code === NO_MOUNT) return t.skip('needs to be root, and to mount')
    assertTold({ code, stdout, stderr }, /cannot write the local datastore at .*fixed\/calico\.db: .*read-only/, /CALICOCTL_DATASTORE/)
  })

  it('does not matter as a home, once the datastore is elsewhere', async () => {
    const env = { HOME: '/proc/nowhere', CALICOCTL_DATASTORE: join(folder, 'elsewhere.db') }
    assert.deepEqual(await calicoctl(['apply', '-f', 'net1.yaml'], env), {
      code: 0,
      stdout: "Successfully applied 1 'Profile' resource(s)\n",
      stderr: '',
    })
  })

  it('is told when the home is one', async () => {
    assertTold(await calicoctl(['get', 'profiles'], { HOME: '/proc/nowhere' }), /cannot open the local datastore at \/proc\/nowhere/, /--datastore/)
  })

  it('an empty name of a home is none', async () => {
    assertTold(await calicoctl(['get', 'profiles'], { HOME: '', XDG_CACHE_HOME: '' }), /no datastore is configured/, /ETCD_ENDPOINTS/)
  })

  it('no home at all is told too', async () => {
    const { HOME: _, ...env } = newcomer(folder)
    assertTold(await runBuilt(['get', 'profiles'], { env }), /no datastore is configured/, /ETCD_ENDPOINTS/)
  })
})

describe('a reader that goes away', () => {
  it('ends the output without a word', async () => {
    const env = { CALICOCTL_DATASTORE: join(folder, 'many.db') }
    assert.equal((await calicoctl(['apply', '-f', 'many.yaml'], env)).code, 0)
    for (const format of ['ps', 'yaml', 'json', 'name']) {
      const { stdout, stderr } = await bash(`calicoctl get profiles -o ${format} | head -1`, env)
      assert.equal(stdout.split('\n').length, 2)
      assert.equal(stderr, '')
    }
  })

  it('of messages does not change the exit code', async () => {
    const { stdout } = await bash(`calicoctl get profile a b c 2>&1 >/dev/null | head -1; echo "\${PIPESTATUS[0]}"`)
    assert.equal(stdout, 'error[missing]: resource does not exist: Profile(a)\n1\n')
  })
})

describe('an interruption', () => {
  it('while it waits for its input', async () => {
    const { child, ended } = startBuilt(['apply', '-f', '-'], { env: newcomer(folder) })
    // More than fits into the pipe: once it is gone, the program is reading.
    await new Promise((resolve) => child.stdin?.write(profile('half') + `# ${'.'.repeat(1_000_000)}\n`, resolve))
    child.kill('SIGINT')
    assert.deepEqual(await ended, { code: 130, stdout: '', stderr: '\ncalicoctl: interrupted; what was written before stays written\n' })
    assert.equal((await calicoctl(['get', 'profile', 'half'])).code, 1)
  })

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const interrupted = async (args: readonly string[], round: number) => {
      const CALICOCTL_DATASTORE = join(folder, `${signal}-${args.length}-${round}.db`)
      const { child, ended } = startBuilt(args, { cwd: folder, env: { ...newcomer(folder), CALICOCTL_DATASTORE } })
      while (!existsSync(CALICOCTL_DATASTORE) && child.exitCode === null) await pause(1)
      await pause(round * 7)
      child.kill(signal)
      const { stdout } = await ended
      const { code, stdout: names } = await calicoctl(['get', 'profiles', '-o', 'name'], { CALICOCTL_DATASTORE })
      assert.equal(code, 0)
      return { stdout, stored: names.match(/^profile\/net-/gm)?.length ?? 0, CALICOCTL_DATASTORE }
    }

    it(`by ${signal}, at any moment of apply --atomic, leaves all or nothing`, async () => {
      for (let round = 0; round < 6; round++) {
        const { stdout, stored } = await interrupted(['apply', '--atomic', '-f', 'some.yaml'], round)
        assert.ok(stored === 0 || stored === SOME, `${stored} of ${SOME}`)
        if (stdout !== '') assert.equal(stored, SOME)
      }
    })

    it(`by ${signal}, at any moment of apply, leaves a datastore on which it can be done again`, async () => {
      for (let round = 0; round < 3; round++) {
        const { CALICOCTL_DATASTORE } = await interrupted(['apply', '-f', 'many.yaml'], round * 5)
        assert.equal(
          (await calicoctl(['apply', '-f', 'many.yaml'], { CALICOCTL_DATASTORE })).stdout,
          `Successfully applied ${MANY} 'Profile' resource(s)\n`,
        )
      }
    })
  }
})

// --- internal ---

interface SilentHost {
  readonly address: string
  /** Settles with the first connection. */
  readonly connected: Promise<unknown>
}

/** A server of its own for `work`: a connection to it is of the program that `work` started, and of no other. */
async function withSilentHost(work: (host: SilentHost) => Promise<void>): Promise<void> {
  const open = new Set<Socket>()
  const server = createServer((socket) => open.add(socket.on('error', () => {})))
  const connected = once(server, 'connection')
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  try {
    await work({ address: `${LOOPBACK}:${(server.address() as AddressInfo).port}`, connected })
  } finally {
    for (const socket of open) socket.destroy()
    server.close()
  }
}

/** An exit code that no command has: this user cannot mount. */
const NO_MOUNT = 99

/** Runs commands with the local datastore on a file system of its own, which nobody else sees and which goes with the commands. */
function mounted(place: string, options: string, commands: readonly string[]): Promise<RunResult> {
  const script = [`mkdir -p ${place}`, `mount -t tmpfs -o ${options} none ${place} || exit ${NO_MOUNT}`, ...commands].join('\n')
  const env = { SCRIPT: script, CALICOCTL_DATASTORE: `${place}/calico.db` }
  return bash(`unshare --mount true 2>/dev/null || exit ${NO_MOUNT}; exec unshare --mount bash -c "$SCRIPT"`, env)
}
