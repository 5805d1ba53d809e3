import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { Etcd3, Range } from 'etcd3'
import { type Datastore, DatastoreError, type DatastoreErrorCode, MAX_OPERATIONS, prefixRange } from '../../../src/store/datastore.ts'
import { type EtcdSettings, openEtcd } from '../../../src/store/drivers/etcd.ts'
import { type EtcdCluster, type EtcdServer, etcdHere, freePort, LOOPBACK, startCluster, startEtcd } from '../../lab/etcd.ts'
import { startProxy } from '../../lab/proxy.ts'
import { collect, put, told } from '../contract.ts'
import { crash, ended, nextLine, startWorker, WRITTEN_TOGETHER } from '../worker.ts'

/** What only a real etcd can show: its members, users, certificates, limits, and the wire to it. What every driver does is in `contract.ts`. */

const SKIP = { skip: etcdHere() }

describe('an etcd of three members', SKIP, () => {
  let cluster: EtcdCluster
  before(async () => void (cluster = await startCluster(3)))
  after(() => cluster?.stop())
  const endpoints = () => cluster.members.map((member) => member.endpoint)

  it('is read and written while any one of them is gone, and nothing is written twice', () =>
    using({ endpoints: endpoints() }, async (store) => {
      for (const [round, member] of cluster.members.entries()) {
        await member.kill()
        for (let i = 0; i < 20; i++) await writeOnce(store, `/down/${round}/${i}`)
        await using({ endpoints: endpoints() }, async (newcomer) => {
          const { keyValues } = await newcomer.range(prefixRange(`/down/${round}/`))
          assert.deepEqual([keyValues.length, keyValues.every(({ version }) => version === 1)], [20, true])
        })
        await member.restart()
      }
    }))

  it('is watched without a loss while its members come and go', () =>
    using({ endpoints: endpoints() }, async (store) => {
      const from = (await store.range({ start: '/' })).revision + 1
      const watching = collect(store, prefixRange('/seen/'), from, 60)
      for (const [round, member] of cluster.members.entries()) {
        for (let i = 0; i < 10; i++) await writeOnce(store, `/seen/${round}/${i}`)
        await member.kill()
        for (let i = 10; i < 20; i++) await writeOnce(store, `/seen/${round}/${i}`)
        await member.restart()
      }
      assert.deepEqual(
        (await watching).map(({ key }) => key).sort(),
        (await store.range(prefixRange('/seen/'))).keyValues.map(({ key }) => key),
      )
    }))

  it('is read and written while one of them hangs, by who knew it before and by newcomers', () =>
    using({ endpoints: endpoints() }, async (store) => {
      for (const [round, member] of cluster.members.entries()) {
        await put(store, `/hung/${round}/before`, '1')
        member.suspend()
        try {
          assert.equal((await store.get(`/hung/${round}/before`))?.value, '1')
          // It may have been on its way to the one that hangs, as the leader or otherwise.
          await persist(() => put(store, `/hung/${round}/known`, '1'))
          for (let i = 0; i < 4; i++) await using({ endpoints: endpoints() }, (newcomer) => put(newcomer, `/hung/${round}/${i}`, '1'))
          for (let i = 0; i < 4; i++) {
            await using({ endpoints: endpoints() }, async (newcomer) => assert.equal((await newcomer.get(`/hung/${round}/${i}`))?.version, 1))
          }
        } finally {
          member.resume()
        }
      }
    }))

  it('does not answer without most of them: a sentence before the deadline, and all is well when they are back', async () => {
    const [first, second] = cluster.members
    await Promise.all([first?.kill(), second?.kill()])
    await using({ endpoints: endpoints(), timeout: 3000 }, async (store) => {
      await assert.rejects(store.get('/a'), saying(['timeout', 'unreachable'], /did not answer in time|has no leader at the moment/))
      await assert.rejects(put(store, '/a', '1'), saying(['timeout', 'unreachable'], /did not answer in time|has no leader at the moment/))
    })
    await Promise.all([first?.restart(), second?.restart()])
    await using({ endpoints: endpoints() }, (store) => writeOnce(store, '/back'))
  })
})

describe('several endpoints', SKIP, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd()))
  after(() => etcd?.stop())

  it('the one that is there is found behind those that are not', async () => {
    const nobody = async () => `http://${LOOPBACK}:${await freePort()}`
    await using({ endpoints: [await nobody(), await nobody(), etcd.endpoint] }, async (store) => {
      await put(store, '/a', '1')
      assert.equal((await store.get('/a'))?.value, '1')
    })
  })
})

describe('an etcd with users', SKIP, () => {
  let etcd: EtcdServer
  before(async () => {
    etcd = await startEtcd()
    const client = new Etcd3({ hosts: etcd.endpoint })
    const all = client.role('all')
    await all.create()
    await all.grant({ permission: 'Readwrite', range: Range.prefix('/calico/') })
    const reader = client.role('reader')
    await reader.create()
    await reader.grant({ permission: 'Read', range: Range.prefix('/calico/') })
    for (const [name, role] of [
      ['root', 'root'],
      ['calico', 'all'],
      ['guest', 'reader'],
    ] as const) {
      if (role === 'root') await client.role(role).create()
      await client.user(name).create(`${name}-S3cret`)
      await client.user(name).addRole(role)
    }
    await client.auth.authEnable()
    client.close()
  })
  after(() => etcd?.stop())
  const as = (username: string, password = `${username}-S3cret`): EtcdSettings => ({ endpoints: [etcd.endpoint], username, password })

  it('lets in those who may', () =>
    using(as('calico'), async (store) => {
      await put(store, '/calico/a', '1')
      assert.equal((await store.get('/calico/a'))?.value, '1')
    }))

  const refused = 'refused the user name or password'
  const forbidden = 'the user may not do this'
  for (const { who, settings, says } of [
    { who: 'a wrong password', settings: () => as('calico', 'wrong-S3cret'), says: refused },
    { who: 'an unknown user', settings: () => as('nobody'), says: refused },
    { who: 'no user', settings: () => ({ endpoints: [etcd.endpoint] }), says: refused },
    { who: 'somebody who may only read', settings: () => as('guest'), says: forbidden },
  ]) {
    it(`turns away ${who}, and nothing of the password is told`, () =>
      using(settings(), async (store) => {
        await assert.rejects(put(store, '/calico/a', '2'), (error) => {
          assert.ok(error instanceof DatastoreError)
          assert.deepEqual([error.code, error.message.includes(says)], ['unauthorized', true], error.message)
          assert.doesNotMatch(`${error.message} ${error.help}`, /S3cret/)
          return true
        })
      }))
  }

  it('turns away somebody who looks where he may not', () =>
    using(as('guest'), async (store) => {
      assert.equal((await store.get('/calico/a'))?.value, '1')
      await assert.rejects(store.get('/elsewhere'), told('unauthorized', /may not do this/))
    }))

  it('forgets who is in when it starts anew: reads and writes go on', () =>
    using(as('calico'), async (store) => {
      await put(store, '/calico/a', '2')
      await etcd.kill()
      await etcd.restart()
      assert.equal((await persist(() => store.get('/calico/a')))?.value, '2')
      await etcd.kill()
      await etcd.restart()
      await writeOnce(store, '/calico/anew')
    }))

  it('and every watch goes on, with nobody else to renew its token', () =>
    using(as('calico'), (store) =>
      using(as('calico'), async (other) => {
        const from = await put(store, '/calico/w/0', '0')
        const watching = Array.from({ length: 3 }, () => collect(store, prefixRange('/calico/w/'), from, 2))
        await collect(store, prefixRange('/calico/w/'), from, 1)
        await etcd.kill()
        await etcd.restart()
        await writeOnce(other, '/calico/w/1')
        for (const events of await Promise.all(watching)) {
          assert.deepEqual(
            events.map(({ key }) => key),
            ['/calico/w/0', '/calico/w/1'],
          )
        }
      }),
    ))
})

describe('an etcd with certificates', SKIP, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd({ tls: true })))
  after(() => etcd?.stop())

  for (const how of ['file', 'text'] as const) {
    it(`they may come as ${how}`, () => {
      const { ca, cert, key } = etcd.certificates ?? assert.fail('no certificates')
      const pem = (file: string) => (how === 'file' ? { file } : { text: readFileSync(file, 'utf8') })
      return using({ endpoints: [etcd.endpoint], ca: pem(ca), cert: pem(cert), key: pem(key) }, async (store) => {
        await put(store, '/a', how)
        assert.equal((await store.get('/a'))?.value, how)
      })
    })
  }
})

describe('the limits of etcd', SKIP, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd({ quota: 16 * 1024 * 1024 })))
  after(() => etcd?.stop())

  it('a value that is too large is told, whatever the size', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      for (const size of [2_000_000, 6_000_000]) await assert.rejects(put(store, '/a', 'x'.repeat(size)), told('too-large', /1\.5 MiB/))
      await put(store, '/a', 'small')
    }))

  it('more than 4 MB come in one answer', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      for (let i = 0; i < 5; i++) await put(store, `/large/${i}`, 'x'.repeat(1_000_000))
      assert.equal((await store.range(prefixRange('/large/'))).keyValues.length, 5)
    }))

  it('when it is full, that is told, and reading goes on', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      await assert.rejects(
        async () => {
          for (let i = 0; i < 40; i++) await put(store, '/full', String(i).repeat(500_000))
        },
        told('full', /is full and takes no more writes/),
      )
      assert.equal((await store.range(prefixRange('/large/'))).keyValues.length, 5)
    }))
})

describe('the wire to etcd', SKIP, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd()))
  after(() => etcd?.stop())

  it('a watch whose wire is cut again and again loses nothing and repeats nothing', () =>
    using({ endpoints: [etcd.endpoint] }, async (writer) => {
      const proxy = await startProxy(etcd.endpoint)
      await using({ endpoints: [proxy.endpoint] }, async (store) => {
        const from = await put(writer, '/cut/first', '')
        const total = 3000
        const end = new AbortController()
        const seen: string[] = []
        const watching = (async () => {
          let cuts = 0
          for await (const { events } of store.watch(prefixRange('/cut/'), from, end.signal)) {
            for (const { key } of events) seen.push(key)
            if (seen.length > total) end.abort()
            // In the middle of what is behind, and again at once.
            else if (cuts++ % 3 === 0 && cuts < 40) proxy.cut()
          }
        })()
        for (let i = 0; i < total; i += MAX_OPERATIONS) {
          const then = Array.from(
            { length: Math.min(MAX_OPERATIONS, total - i) },
            (_, n) => ({ type: 'put', key: `/cut/${i + n}`, value: '' }) as const,
          )
          await writer.txn({ compare: [], then })
        }
        await watching
        assert.deepEqual([seen.length, new Set(seen).size], [total + 1, total + 1])
      })
      await proxy.close()
    }))

  it('a transaction whose answer is lost is not repeated', () =>
    using({ endpoints: [etcd.endpoint] }, async (observer) => {
      const proxy = await startProxy(etcd.endpoint)
      await using({ endpoints: [proxy.endpoint] }, async (store) => {
        await store.get('/lost')
        proxy.mute()
        const written = collect(observer, { start: '/lost' }, (await observer.range({ start: '/' })).revision + 1, 1)
        const failing = assert.rejects(put(store, '/lost', '1'), told('unreachable', /cannot reach/))
        await written
        proxy.cut()
        await failing
        await put(store, '/after', '1')
        assert.equal((await observer.get('/lost'))?.version, 1)
      })
      await proxy.close()
    }))

  it('a server that falls silent is waited for until the deadline, and used again when it speaks', async () => {
    const proxy = await startProxy(etcd.endpoint)
    await using({ endpoints: [proxy.endpoint], timeout: 500 }, async (store) => {
      await writeOnce(store, '/silent')
      proxy.mute()
      await assert.rejects(store.get('/silent'), told('timeout', /did not answer in time/))
      await assert.rejects(put(store, '/silent', '2'), told('timeout', /did not answer in time/))
      proxy.cut()
      await persist(() => store.get('/silent'))
    })
    await proxy.close()
  })

  it('a silent server does not keep a store from being closed, whatever goes on', async () => {
    const proxy = await startProxy(etcd.endpoint)
    const store = openEtcd({ endpoints: [proxy.endpoint] })
    const revision = await put(store, '/closing', '1')
    const watching = collect(store, { start: '/closing' }, revision + 1, 1)
    await store.lease(60)
    proxy.mute()
    await store.close()
    assert.deepEqual(await watching, [])
    await proxy.close()
  })

  it('a watch from before the compaction is told so', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      const first = await put(store, '/old', '1')
      const last = await put(store, '/old', '2')
      const client = new Etcd3({ hosts: etcd.endpoint })
      await client.kv.compact({ revision: String(last) })
      client.close()
      await assert.rejects(collect(store, { start: '/old' }, first, 1), told('compacted', /./))
      await assert.rejects(store.get('/old', { revision: first }), told('compacted', /./))
    }))
})

describe('processes that share an etcd', SKIP, () => {
  let etcd: EtcdServer
  before(async () => void (etcd = await startEtcd()))
  after(() => etcd?.stop())

  it('eight that count to 500 each lose no step', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      const workers = Array.from({ length: 8 }, () => startWorker('increment', etcd.endpoint, '/n', 500))
      assert.deepEqual(await Promise.all(workers.map(ended)), [0, 0, 0, 0, 0, 0, 0, 0])
      const counter = await store.get('/n')
      assert.deepEqual([counter?.value, counter?.version], ['4000', 4000])
    }))

  it('after kill -9 of a writer every transaction is whole', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      for (let round = 0; round < 3; round++) {
        const writer = startWorker('write', etcd.endpoint, `/w/${round}/`)
        await nextLine(writer)
        await crash(writer)
        const { keyValues } = await store.range(prefixRange(`/w/${round}/`))
        assert.equal(keyValues.length, WRITTEN_TOGETHER)
        assert.equal(new Set(keyValues.map(({ value, modRevision }) => `${value} ${modRevision}`)).size, 1)
      }
    }))

  it('a key under a lease vanishes when its process dies, and watchers are told', () =>
    using({ endpoints: [etcd.endpoint] }, async (store) => {
      const owner = startWorker('lease', etcd.endpoint, '/held', 4)
      await nextLine(owner)
      const held = await store.get('/held')
      assert.equal(held?.value, 'held')
      const gone = collect(store, { start: '/held' }, (held?.modRevision ?? 0) + 1, 1)
      await crash(owner)
      assert.equal((await gone)[0]?.type, 'delete')
    }))
})

// --- internal ---

async function using<T>(settings: EtcdSettings, work: (store: Datastore) => Promise<T>): Promise<T> {
  const store = openEtcd(settings)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Makes a key, whatever happens to the connection meanwhile; what may have happened is not done again. */
async function writeOnce(store: Datastore, key: string): Promise<void> {
  await persist(() => store.txn({ compare: [{ key, target: 'create', equals: 0 }], then: [{ type: 'put', key, value: '' }] }))
}

/** Tries until the datastore is there again. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DatastoreError && (error.code === 'unreachable' || error.code === 'timeout'))) throw error
    }
  }
}

function saying(codes: readonly DatastoreErrorCode[], message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DatastoreError, String(error))
    assert.ok(codes.includes(error.code), error.code)
    assert.match(error.message, message)
    return true
  }
}
