import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DatastoreError, type DatastoreErrorCode, prefixRange } from '../../../src/store/datastore.ts'
import { openLocal } from '../../../src/store/drivers/local.ts'
import { openDatabase } from '../../../src/store/drivers/sqlite.ts'
import { collect, put } from '../contract.ts'
import { crash, ended, nextLine, startWorker, WRITTEN_TOGETHER } from '../worker.ts'

const folder = mkdtempSync(join(tmpdir(), 'calicoctl-local-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const fresh = () => join(folder, `${++files}.db`)

/** Why no file system can be mounted here, or false. Asked once: it mounts one. */
const MOUNTABLE = mountable()

const ANOTHER = 'name another file with --datastore or CALICOCTL_DATASTORE'

describe('the file of a local datastore', () => {
  it('is made with its folders on first use, for its owner alone', async () => {
    const path = join(folder, 'a', 'b', 'calico.db')
    const store = openLocal(path)
    assert.equal(existsSync(path), false, 'not before it is used')
    await put(store, '/a', '1')
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o777, 0o600, file)
    for (const made of ['a', 'a/b']) assert.equal(statSync(join(folder, made)).mode & 0o777, 0o700, made)
    await store.close()
  })

  it('keeps what was written, with revisions and history', async () => {
    const path = fresh()
    const first = openLocal(path)
    const revision = await put(first, '/a', '1')
    await put(first, '/a', '2')
    await first.close()
    const second = openLocal(path)
    assert.equal((await second.get('/a'))?.value, '2')
    assert.equal((await second.get('/a', { revision }))?.value, '1')
    assert.equal((await collect(second, { start: '/a' }, revision, 2)).length, 2)
    await second.close()
  })

  it('may be made by many processes at once', async () => {
    for (let round = 0; round < 3; round++) {
      const path = join(folder, `made-${round}`, 'deep', 'calico.db')
      const workers = Array.from({ length: 8 }, () => startWorker('increment', path, '/n', 1))
      assert.deepEqual(await Promise.all(workers.map(ended)), [0, 0, 0, 0, 0, 0, 0, 0])
      const store = openLocal(path)
      assert.equal((await store.get('/n'))?.value, '8')
      await store.close()
    }
  })
})

describe('what can be wrong with the file of a local datastore', () => {
  const text = (content: string | Uint8Array) => {
    const path = fresh()
    writeFileSync(path, content)
    return path
  }
  const database = (sql: string) => {
    const path = fresh()
    const opened = openDatabase(path)
    opened.exec(sql)
    opened.close()
    return path
  }
  const truncated = async () => {
    const path = fresh()
    const store = openLocal(path)
    for (let i = 0; i < 50; i++) await put(store, `/${i}`, 'x'.repeat(1000))
    await store.close()
    // What is still in the log beside the file would mend it.
    const opened = openDatabase(path)
    opened.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    opened.close()
    const whole = readFileSync(path)
    assert.ok(whole.length > 20_000)
    writeFileSync(path, whole.subarray(0, 20_000))
    return path
  }
  const cases: readonly {
    readonly what: string
    readonly path: () => string | Promise<string>
    readonly code: DatastoreErrorCode
    readonly message: (path: string) => string
    readonly help?: string
    readonly skip?: string | false
  }[] = [
    {
      what: 'a path below a file',
      path: () => join(text('x'), 'calico.db'),
      code: 'unreachable',
      message: (path) => `cannot open the local datastore at ${path}: what should be a folder on the way there is a file`,
    },
    {
      what: 'a place where no folder can be made',
      path: () => '/proc/calicoctl/calico.db',
      code: 'unreachable',
      message: (path) => `cannot open the local datastore at ${path}: no folder can be made there`,
    },
    {
      what: 'a folder',
      path: () => folder,
      code: 'unreachable',
      message: (path) => `cannot open the local datastore at ${path}: it is a folder`,
    },
    {
      what: 'a name that is too long',
      path: () => join(folder, 'x'.repeat(300)),
      code: 'unreachable',
      message: (path) => `cannot open the local datastore at ${path}: the name is too long`,
    },
    {
      what: 'a text file',
      path: () => text('apiVersion: projectcalico.org/v3\n'.repeat(100)),
      code: 'corrupt',
      message: (path) => `${path} is not a datastore of calicoctl, or it is damaged`,
    },
    {
      what: "another program's database",
      path: () => database('CREATE TABLE bookmarks (url TEXT)'),
      code: 'corrupt',
      message: (path) => `${path} is not a datastore of calicoctl, or it is damaged`,
    },
    {
      what: "another program's database with the same version number",
      path: () => database('CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1'),
      code: 'corrupt',
      message: (path) => `${path} is not a datastore of calicoctl, or it is damaged`,
    },
    {
      what: 'a file that was cut off',
      path: truncated,
      code: 'corrupt',
      message: (path) => `${path} is not a datastore of calicoctl, or it is damaged`,
    },
    {
      what: 'a datastore of a later version',
      path: async () => {
        const path = fresh()
        const store = openLocal(path)
        await put(store, '/a', '1')
        await store.close()
        const later = openDatabase(path)
        later.exec('PRAGMA user_version = 99')
        later.close()
        return path
      },
      code: 'other',
      message: (path) => `the local datastore at ${path} was made by a newer calicoctl`,
      help: 'update calicoctl, or name another file with --datastore',
    },
    {
      what: 'a folder that may not be written',
      skip: process.getuid?.() === 0 && 'root may write everywhere',
      path: () => {
        const path = join(folder, 'locked')
        mkdirSync(path)
        chmodSync(path, 0o500)
        return join(path, 'calico.db')
      },
      code: 'read-only',
      message: (path) => `cannot write the local datastore at ${path}: no permission, or the file system is read-only`,
    },
  ]
  for (const { what, path, code, message, help = ANOTHER, skip = false } of cases) {
    it(what, { skip }, async () => {
      const place = await path()
      const before = existsSync(place) && statSync(place).isFile() ? readFileSync(place) : undefined
      const store = openLocal(place)
      const error = await faultOf(async () => {
        await store.range(prefixRange('/'))
        await put(store, '/new', '1')
      })
      assert.deepEqual([error.code, error.message, error.help], [code, message(place), help])
      await store.close()
      if (before && code === 'corrupt') assert.deepEqual(readFileSync(place), before, 'nothing was changed in it')
    })
  }

  it('a read-only file system', { skip: MOUNTABLE }, async () => {
    const place = join(folder, 'ro')
    mkdirSync(place)
    const path = join(place, 'calico.db')
    const store = openLocal(path)
    await put(store, '/a', '1')
    await store.close()
    execFileSync('mount', ['--bind', place, place])
    try {
      execFileSync('mount', ['-o', 'remount,ro,bind', place])
      for (const file of [path, join(place, 'new.db')]) {
        const reopened = openLocal(file)
        const error = await faultOf(() => put(reopened, '/a', '2'))
        await reopened.close()
        assert.deepEqual(
          [error.code, error.message],
          ['read-only', `cannot write the local datastore at ${file}: no permission, or the file system is read-only`],
        )
      }
    } finally {
      unmount(place)
    }
  })

  it('a full disk: the transaction did not happen, and what is there can be read', { skip: MOUNTABLE }, async () => {
    const place = join(folder, 'small')
    mkdirSync(place)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', place])
    const path = join(place, 'calico.db')
    const store = openLocal(path)
    try {
      let written = 0
      const error = await faultOf(async () => {
        for (; written < 1000; written++) {
          await store.txn({
            compare: [],
            then: [
              { type: 'put', key: `/a/${written}`, value: 'x'.repeat(5000) },
              { type: 'put', key: `/b/${written}`, value: 'x'.repeat(5000) },
            ],
          })
        }
      })
      assert.deepEqual(
        [error.code, error.message, error.help],
        ['full', `the disk is full: nothing was written to the local datastore at ${path}`, 'free some space and try again'],
      )
      assert.ok(written > 0)
      for (const half of ['/a/', '/b/']) assert.equal((await store.range(prefixRange(half))).keyValues.length, written)
    } finally {
      await store.close()
      unmount(place)
    }
  })

  it('of transactions that are asked for in the same moment only those fail that have to', async () => {
    const store = openLocal(fresh())
    const lease = await store.lease(10)
    await lease.revoke()
    const putting = (key: string, id?: typeof lease) =>
      store.txn({ compare: [], then: [{ type: 'put', key, value: '1', ...(id ? { lease: id } : {}) }] })
    const settled = await Promise.allSettled([putting('/a'), putting('/b', lease), putting('/c')])
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    const { keyValues } = await store.range({ start: '/', end: '0' })
    assert.deepEqual(
      keyValues.map(({ key }) => key),
      ['/a', '/c'],
    )
    await store.close()
  })

  it('another process that writes and writes', async () => {
    const path = fresh()
    const store = openLocal(path, { timeout: 50 })
    await put(store, '/a', '1')
    const other = startWorker('lock', path, '')
    try {
      await nextLine(other)
      const [error, ...others] = await Promise.all(Array.from({ length: 3 }, () => faultOf(() => put(store, '/a', '2'))))
      assert.ok(error && others.every(({ code }) => code === 'busy'))
      assert.deepEqual(
        [error.code, error.message, error.help],
        ['busy', `the local datastore at ${path} is busy: another process has been writing for too long`, 'try again'],
      )
      assert.equal((await store.get('/a'))?.value, '1', 'reading goes on')
    } finally {
      await crash(other)
    }
    await put(store, '/a', '3')
    assert.equal((await store.get('/a'))?.value, '3', 'a dead process holds nothing')
    await store.close()
  })
})

describe('processes that share a local datastore', () => {
  it('eight that count to 500 each lose no step', async () => {
    const path = fresh()
    const workers = Array.from({ length: 8 }, () => startWorker('increment', path, '/n', 500))
    assert.deepEqual(await Promise.all(workers.map(ended)), [0, 0, 0, 0, 0, 0, 0, 0])
    const store = openLocal(path)
    const counter = await store.get('/n')
    assert.deepEqual([counter?.value, counter?.version], ['4000', 4000])
    await store.close()
  })

  it('a watch sees what others write', async () => {
    const path = fresh()
    const watcher = startWorker('watch', path, '/w/', 300)
    await nextLine(watcher)
    const done = nextLine(watcher)
    const [one, two] = [openLocal(path), openLocal(path)]
    for (let i = 0; i < 150; i++) await Promise.all([put(one, `/w/${i}`, '1'), put(two, `/w/${i}`, '2')])
    assert.equal(await done, '300')
    await Promise.all([one.close(), two.close(), ended(watcher)])
  })

  it('a key under a lease vanishes when its process dies, and watchers are told', async () => {
    const path = fresh()
    // Long enough that it does not end while its owner waits for the processor.
    const owner = startWorker('lease', path, '/held', 4)
    await nextLine(owner)
    const store = openLocal(path)
    const held = await store.get('/held')
    assert.equal(held?.value, 'held')
    const gone = collect(store, { start: '/held' }, (held?.modRevision ?? 0) + 1, 1)
    await crash(owner)
    assert.equal((await gone)[0]?.type, 'delete')
    assert.equal(await store.get('/held'), undefined)
    await store.close()
  })

  it('after kill -9 every transaction is whole, and nothing that was confirmed is lost', async () => {
    const path = fresh()
    // An empty store is at revision 1.
    let last = 1
    for (let round = 0; round < 8; round++) {
      const writers = [startWorker('write', path, '/a/'), startWorker('write', path, '/b/')]
      const confirmed = writers.map(lastConfirmed)
      await Promise.all(writers.map((writer) => nextLine(writer)))
      // A random moment: some writes later.
      for (let wait = Math.floor(Math.random() * 30); wait > 0; wait--) await new Promise((resolve) => setImmediate(resolve))
      await Promise.all(writers.map(crash))
      const store = openLocal(path)
      const { revision } = await store.range(prefixRange('/'), { limit: 1 })
      assert.ok(revision > last, 'revisions grow')
      for (const [index, half] of ['/a/', '/b/'].entries()) {
        const { keyValues } = await store.range(prefixRange(half))
        assert.equal(keyValues.length, WRITTEN_TOGETHER)
        assert.equal(new Set(keyValues.map((keyValue) => `${keyValue.value} ${keyValue.modRevision}`)).size, 1, 'all of one transaction')
        assert.ok((keyValues[0]?.modRevision ?? 0) >= (confirmed[index]?.() ?? 0), 'what was confirmed is there')
      }
      const history = await collect(store, prefixRange('/'), last + 1, (revision - last) * WRITTEN_TOGETHER)
      assert.equal(history.length, (revision - last) * WRITTEN_TOGETHER, 'history has every transaction whole')
      last = revision
      await store.close()
    }
  })
})

// --- internal ---

/** The last revision that a `write` worker said it wrote. */
function lastConfirmed(writer: ReturnType<typeof startWorker>): () => number {
  let text = ''
  writer.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  // The last line may be cut off.
  return () => Number(text.split('\n').at(-2) ?? 0)
}

async function faultOf(work: () => Promise<unknown>): Promise<DatastoreError> {
  const outcome: unknown = await work().catch((error: unknown) => error)
  assert.ok(outcome instanceof DatastoreError, String(outcome))
  return outcome
}

function mountable(): string | false {
  if (process.env['CI'] === 'true') return false
  if (process.getuid?.() !== 0) return 'needs root to mount a file system'
  const place = join(folder, 'mount')
  try {
    mkdirSync(place)
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place], { stdio: 'ignore' })
    unmount(place)
    return false
  } catch {
    return 'needs the right to mount a file system'
  }
}

/** Lazily: the package that brings SQLite to Node 20 keeps the files of a closed database open until its statements are collected. */
function unmount(place: string): void {
  execFileSync('umount', ['--lazy', place])
}
