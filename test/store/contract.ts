import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Datastore,
  type DatastoreErrorCode,
  type KeyRange,
  MAX_OPERATIONS,
  type Operation,
  prefixRange,
  type WatchEvent,
} from '../../src/store/datastore.ts'

/** What every driver must do. `open` gives a new connection to one and the same store each time. */
export function describeContract(driver: string, open: () => Promise<Datastore>): void {
  const scenario = (words: string, check: (store: Datastore, prefix: string) => Promise<void>): void => {
    it(words, async () => {
      const store = await open()
      try {
        await check(store, `/test/${driver}/${++scenarios}/`)
      } finally {
        await store.close()
      }
    })
  }
  let scenarios = 0

  describe(`${driver}: keys and values`, () => {
    scenario('an absent key has no value', async (store, prefix) => {
      assert.equal(await store.get(`${prefix}a`), undefined)
      assert.deepEqual((await store.range(prefixRange(prefix))).keyValues, [])
    })

    scenario('a key remembers when it was created and changed, and how often', async (store, prefix) => {
      const key = `${prefix}a`
      const first = await put(store, key, '1')
      const second = await put(store, key, '2')
      assert.equal(second, first + 1)
      assert.deepEqual(await store.get(key), { key, value: '2', createRevision: first, modRevision: second, version: 2 })
      await remove(store, key)
      const third = await put(store, key, '3')
      assert.deepEqual(await store.get(key), { key, value: '3', createRevision: third, modRevision: third, version: 1 }, 'a new life')
    })

    scenario('values come back as they were put', async (store, prefix) => {
      const values = [
        '',
        'a b',
        '{"a":"\\u0000"}',
        'äöü 漢字 😀 \u{10ffff}',
        'line\nline\r\n\t"quoted"\\',
        'x'.repeat(1_000_000),
        'ü'.repeat(500_000),
      ]
      for (const value of values) {
        await put(store, `${prefix}a`, value)
        assert.equal((await store.get(`${prefix}a`))?.value === value, true, `${value.slice(0, 20)} (${value.length})`)
      }
    })

    scenario('keys are in the order of their bytes, not of UTF-16 units or of letters', async (store, prefix) => {
      const names = ['B', 'a', 'a-b', 'a/b', 'a0', 'aé', 'z', 'é', 'ﬀ', '\uE000', '😀', '\u{10ffff}']
      const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      await store.txn({ compare: [], then: names.map((name) => ({ type: 'put', key: prefix + name, value: name })) })
      assert.deepEqual(await valuesOf(store, prefixRange(prefix)), byBytes)
      for (const [index, name] of byBytes.entries()) {
        assert.deepEqual(await valuesOf(store, { start: prefix + name, end: `${prefix}\u{10ffff}\u{10ffff}` }), byBytes.slice(index), `from ${name}`)
        assert.deepEqual(await valuesOf(store, { start: prefix, end: prefix + name }), byBytes.slice(0, index), `up to ${name}`)
        assert.deepEqual(await valuesOf(store, { start: prefix + name }), [name], 'a range without end is one key')
      }
      const past = (await store.range({ start: prefix })).revision
      await put(store, `${prefix}z`, 'changed')
      assert.deepEqual(
        (await store.range(prefixRange(prefix), { revision: past })).keyValues.map((keyValue) => keyValue.value),
        byBytes,
        'in the past as well',
      )
    })

    scenario('a range without anything between start and end is empty', async (store, prefix) => {
      await put(store, `${prefix}b`, 'b')
      assert.deepEqual(await valuesOf(store, { start: `${prefix}c`, end: `${prefix}d` }), [])
    })

    scenario('limit, more and keysOnly', async (store, prefix) => {
      await fill(store, prefix, 10)
      const range = prefixRange(prefix)
      for (const { limit, count, more } of [
        { limit: 1, count: 1, more: true },
        { limit: 9, count: 9, more: true },
        { limit: 10, count: 10, more: false },
        { limit: 11, count: 10, more: false },
      ]) {
        const result = await store.range(range, { limit })
        assert.deepEqual([result.keyValues.length, result.more], [count, more], `limit ${limit}`)
      }
      const [whole, keys] = [await store.range(range), await store.range(range, { keysOnly: true })]
      assert.deepEqual(
        keys.keyValues,
        whole.keyValues.map((keyValue) => ({ ...keyValue, value: '' })),
      )
    })

    scenario('more than 500 keys come whole, and cut at any limit', async (store, prefix) => {
      await fill(store, prefix, 1203)
      const all = await valuesOf(store, prefixRange(prefix))
      assert.deepEqual(all, numbers(1203))
      for (const limit of [499, 500, 501, 1000, 1001, 1203]) {
        const { keyValues, more } = await store.range(prefixRange(prefix), { limit })
        assert.deepEqual([keyValues.length, more], [limit, limit < 1203])
      }
    })

    scenario('a range is one snapshot, whatever another writer does meanwhile', async (store, prefix) => {
      const other = await open()
      try {
        await fill(store, prefix, 1100)
        const reading = new AbortController()
        const writing = (async () => {
          // Each transaction takes one key away and adds one at the other end: every snapshot has 1100.
          for (let i = 0; !reading.signal.aborted; i++) {
            await other.txn({
              compare: [],
              then: [
                { type: 'delete', range: { start: prefix + padded(i) } },
                { type: 'put', key: prefix + padded(i + 1100), value: padded(i + 1100) },
              ],
            })
          }
        })()
        const seen = new Set<number>()
        for (let attempt = 0; attempt < 200 && (attempt < 10 || seen.size < 2); attempt++) {
          const { keyValues, revision } = await store.range(prefixRange(prefix))
          seen.add(revision)
          assert.equal(keyValues.length, 1100)
          assert.equal(Number(keyValues.at(-1)?.value) - Number(keyValues[0]?.value), 1099)
          assert.ok(keyValues.every((keyValue) => keyValue.modRevision <= revision))
        }
        reading.abort()
        await writing
        assert.ok(seen.size > 1, 'the writer was at work')
      } finally {
        await other.close()
      }
    })

    scenario('the past can be read', async (store, prefix) => {
      const first = await put(store, `${prefix}a`, '1')
      const second = await put(store, `${prefix}a`, '2')
      const third = await put(store, `${prefix}b`, '3')
      const fourth = await remove(store, `${prefix}a`)
      const fifth = await put(store, `${prefix}a`, '5')
      const at = async (revision: number) =>
        (await store.range(prefixRange(prefix), { revision })).keyValues.map(
          ({ key, value, version }) => `${key.slice(prefix.length)}=${value} #${version}`,
        )
      assert.deepEqual(await at(first), ['a=1 #1'])
      assert.deepEqual(await at(second), ['a=2 #2'])
      assert.deepEqual(await at(third), ['a=2 #2', 'b=3 #1'])
      assert.deepEqual(await at(fourth), ['b=3 #1'])
      assert.deepEqual(await at(fifth), ['a=5 #1', 'b=3 #1'])
      assert.deepEqual(await store.get(`${prefix}a`, { revision: second }), {
        key: `${prefix}a`,
        value: '2',
        createRevision: first,
        modRevision: second,
        version: 2,
      })
      assert.equal(await store.get(`${prefix}a`, { revision: fourth }), undefined)
      assert.equal((await store.range(prefixRange(prefix), { revision: second })).revision, second)
      await assert.rejects(store.get(`${prefix}a`, { revision: fifth + 1_000_000 }), told('other', /that revision is still to come in /))
    })
  })

  describe(`${driver}: transactions`, () => {
    scenario('comparisons', async (store, prefix) => {
      const key = `${prefix}there`
      const created = await put(store, key, '1')
      const changed = await put(store, key, '2')
      const cases = [
        { key, target: 'create', equals: created, holds: true },
        { key, target: 'create', equals: changed, holds: false },
        { key, target: 'create', equals: 0, holds: false },
        { key, target: 'mod', equals: changed, holds: true },
        { key, target: 'mod', equals: created, holds: false },
        { key, target: 'mod', equals: 0, holds: false },
        { key, target: 'version', equals: 2, holds: true },
        { key, target: 'version', equals: 1, holds: false },
        { key, target: 'version', equals: 0, holds: false },
        { key: `${prefix}absent`, target: 'create', equals: 0, holds: true },
        { key: `${prefix}absent`, target: 'mod', equals: 0, holds: true },
        { key: `${prefix}absent`, target: 'version', equals: 0, holds: true },
        { key: `${prefix}absent`, target: 'mod', equals: created, holds: false },
      ] as const
      for (const { holds, ...compare } of cases) {
        const { succeeded } = await store.txn({ compare: [compare], then: [] })
        assert.equal(succeeded, holds, JSON.stringify(compare))
      }
      const both = (second: boolean) => ({ compare: cases.filter((one) => one.holds || (second && one.target === 'version')), then: [] })
      assert.equal((await store.txn(both(false))).succeeded, true)
      assert.equal((await store.txn(both(true))).succeeded, false, 'one that fails is enough')
    })

    scenario('a failed comparison runs the other branch, and only that', async (store, prefix) => {
      const revision = await put(store, `${prefix}a`, '1')
      const result = await store.txn({
        compare: [{ key: `${prefix}a`, target: 'mod', equals: 0 }],
        then: [{ type: 'put', key: `${prefix}b`, value: 'then' }],
        otherwise: [{ type: 'get', range: { start: `${prefix}a` } }],
      })
      assert.deepEqual(
        [result.succeeded, result.responses.map((found) => found.map((keyValue) => keyValue.value)), result.revision],
        [false, [['1']], revision],
      )
      assert.equal(await store.get(`${prefix}b`), undefined)
      const nothing = await store.txn({
        compare: [{ key: `${prefix}a`, target: 'mod', equals: 0 }],
        then: [{ type: 'put', key: `${prefix}b`, value: '' }],
      })
      assert.deepEqual([nothing.succeeded, nothing.responses], [false, []])
    })

    scenario('answers stand in the order of the operations', async (store, prefix) => {
      await fill(store, prefix, 4)
      const result = await store.txn({
        compare: [],
        then: [
          { type: 'get', range: { start: `${prefix}0002` } },
          { type: 'put', key: `${prefix}new`, value: 'new' },
          { type: 'get', range: { start: `${prefix}absent` } },
          { type: 'delete', range: { start: `${prefix}0000`, end: `${prefix}0002` } },
          { type: 'get', range: prefixRange(prefix) },
        ],
      })
      assert.deepEqual(
        result.responses.map((found) => found.map((keyValue) => keyValue.value)),
        [['0002'], [], [], [], ['0002', '0003', 'new']],
      )
    })

    scenario('a transaction has one revision, and none of its own when it changes nothing', async (store, prefix) => {
      const before = await put(store, `${prefix}a`, '1')
      const { revision } = await store.txn({
        compare: [],
        then: [
          { type: 'put', key: `${prefix}b`, value: '' },
          { type: 'put', key: `${prefix}c`, value: '' },
          { type: 'delete', range: { start: `${prefix}a` } },
        ],
      })
      assert.equal(revision, before + 1)
      const { keyValues } = await store.range(prefixRange(prefix))
      assert.deepEqual(
        keyValues.map((keyValue) => keyValue.modRevision),
        [revision, revision],
      )
      const idle = await store.txn({ compare: [], then: [{ type: 'delete', range: { start: `${prefix}absent` } }] })
      assert.equal(idle.revision, revision, 'nothing was there to delete')
    })

    scenario('deleting a range removes what is in it, and nothing beside it', async (store, prefix) => {
      await put(store, `${prefix}z`, 'z')
      await put(store, `${prefix}y`, 'y')
      await put(store, `${prefix}é`, 'é')
      const { responses } = await store.txn({ compare: [], then: [{ type: 'delete', range: { start: `${prefix}y`, end: `${prefix}é` } }] })
      assert.deepEqual(responses, [[]])
      assert.deepEqual(await valuesOf(store, prefixRange(prefix)), ['é'])
    })

    scenario('what etcd refuses is refused, and nothing of it happens', async (store, prefix) => {
      const putOf = (name: string): Operation => ({ type: 'put', key: prefix + name, value: '' })
      const many = numbers(MAX_OPERATIONS + 1)
      const twice = told('other', /a key is written twice in one transaction/)
      const tooMany = told('other', /more than 128 operations in one transaction/)
      await assert.rejects(store.txn({ compare: [], then: [putOf('a'), putOf('b'), putOf('a')] }), twice)
      await assert.rejects(store.txn({ compare: [], then: [], otherwise: [putOf('a'), putOf('a')] }), twice, 'also in the branch that does not run')
      await assert.rejects(store.txn({ compare: [], then: [putOf('a'), { type: 'delete', range: prefixRange(prefix) }] }), twice)
      await assert.rejects(store.txn({ compare: [], then: [{ type: 'delete', range: { start: `${prefix}a` } }, putOf('a')] }), twice)
      await assert.rejects(store.txn({ compare: [], then: many.map(putOf) }), tooMany)
      await assert.rejects(store.txn({ compare: [], then: [], otherwise: many.map(putOf) }), tooMany)
      await assert.rejects(store.txn({ compare: many.map((name) => ({ key: prefix + name, target: 'mod', equals: 0 })), then: [] }), tooMany)
      assert.deepEqual(await valuesOf(store, prefixRange(prefix)), [])
      const most = numbers(MAX_OPERATIONS)
      const compare = most.map((name) => ({ key: prefix + name, target: 'mod', equals: 0 }) as const)
      assert.equal((await store.txn({ compare, then: most.map(putOf) })).succeeded, true, 'the most is not too much')
    })

    scenario('no increment of eight writers at once is lost', async (store, prefix) => {
      const key = `${prefix}counter`
      const writers = await Promise.all(Array.from({ length: 8 }, open))
      try {
        await Promise.all(writers.map((writer) => increment(writer, key, 20)))
        const counter = await store.get(key)
        assert.deepEqual([counter?.value, counter?.version], ['160', 160])
      } finally {
        await Promise.all(writers.map((writer) => writer.close()))
      }
    })
  })

  describe(`${driver}: watches`, () => {
    scenario('a watch tells everything from a past revision on, with what was there before', async (store, prefix) => {
      const first = await put(store, `${prefix}a`, '1')
      const second = await put(store, `${prefix}a`, '2')
      await put(store, '/test/elsewhere', 'x')
      const third = await remove(store, `${prefix}a`)
      const told = collect(store, prefixRange(prefix), first, 4)
      const fourth = await put(store, `${prefix}b`, '4')
      assert.deepEqual((await told).map(brief(prefix)), [
        `put a=1 @${first}`,
        `put a=2 was 1 @${second}`,
        `delete a was 2 @${third}`,
        `put b=4 @${fourth}`,
      ])
      const late = (await collect(store, prefixRange(prefix), second, 2)).slice(0, 2)
      assert.deepEqual(late.map(brief(prefix)), [`put a=2 was 1 @${second}`, `delete a was 2 @${third}`])
      assert.deepEqual(late[0]?.keyValue, { key: `${prefix}a`, value: '2', createRevision: first, modRevision: second, version: 2 })
      assert.deepEqual(late[1]?.previous, late[0]?.keyValue)
    })

    scenario('what one transaction did comes in one batch', async (store, prefix) => {
      await fill(store, prefix, 100)
      const { revision } = await store.txn({ compare: [], then: [{ type: 'delete', range: prefixRange(prefix) }] })
      const end = new AbortController()
      for await (const batch of store.watch(prefixRange(prefix), revision, end.signal)) {
        assert.equal(batch.revision, revision)
        assert.deepEqual(batch.events.map((event) => event.previous?.value ?? '').sort(), numbers(100))
        end.abort()
      }
    })

    scenario('a watch may look at one key', async (store, prefix) => {
      const revision = await put(store, `${prefix}a`, '1')
      await put(store, `${prefix}ab`, 'not this')
      await put(store, `${prefix}a`, '2')
      const events = await collect(store, { start: `${prefix}a` }, revision, 2)
      assert.deepEqual(
        events.map((event) => event.keyValue?.value),
        ['1', '2'],
      )
    })

    scenario('several watchers see all of what several writers do, each in order', async (store, prefix) => {
      const others = await Promise.all([open(), open()])
      try {
        const from = (await store.range(prefixRange(prefix))).revision + 1
        const watchers = [store, store, ...others].map((one) => collect(one, prefixRange(prefix), from, 300))
        await Promise.all(
          [store, ...others].map(async (writer, index) => {
            for (const name of numbers(100)) await put(writer, `${prefix}${index}/${name}`, name)
          }),
        )
        for (const events of await Promise.all(watchers)) {
          assert.equal(new Set(events.map((event) => event.key)).size, 300)
          const revisions = events.map((event) => event.revision)
          assert.deepEqual(
            revisions,
            revisions.toSorted((a, b) => a - b),
          )
        }
      } finally {
        await Promise.all(others.map((other) => other.close()))
      }
    })

    scenario('writes made while a batch is looked at are not missed', async (store, prefix) => {
      const from = await put(store, `${prefix}0`, '0')
      const end = new AbortController()
      const seen: string[] = []
      for await (const { events } of store.watch(prefixRange(prefix), from, end.signal)) {
        for (const event of events) seen.push(event.keyValue?.value ?? '')
        if (seen.length >= 10) end.abort()
        else await put(store, `${prefix}${seen.length}`, String(seen.length))
      }
      assert.deepEqual(seen, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    })

    scenario('an abort ends a watch: before it began, while it waits, and between batches', async (store, prefix) => {
      const from = await put(store, `${prefix}a`, '1')
      await put(store, `${prefix}a`, '2')
      assert.deepEqual(await allOf(store.watch(prefixRange(prefix), from, AbortSignal.abort())), [])
      const waiting = new AbortController()
      const idle = allOf(store.watch(prefixRange(`${prefix}nothing/`), from, waiting.signal))
      waiting.abort()
      assert.deepEqual(await idle, [])
      const between = new AbortController()
      let batches = 0
      for await (const _ of store.watch(prefixRange(prefix), from, between.signal)) {
        batches++
        between.abort()
      }
      assert.equal(batches, 1)
    })

    scenario('closing the store ends its watches', async (_, prefix) => {
      const closing = await open()
      const from = await put(closing, `${prefix}a`, '1')
      const watching = closing.watch(prefixRange(prefix), from, new AbortController().signal)[Symbol.asyncIterator]()
      assert.equal((await watching.next()).value.revision, from)
      const more = watching.next()
      await closing.close()
      assert.equal((await more).done, true)
    })
  })

  describe(`${driver}: leases`, () => {
    scenario('keys vanish with their lease, and watchers are told', async (store, prefix) => {
      const lease = await store.lease(60)
      const put = (name: string): Operation => ({ type: 'put', key: prefix + name, value: name, lease })
      const { revision } = await store.txn({ compare: [], then: [put('a'), put('b'), { type: 'put', key: `${prefix}c`, value: 'stays' }] })
      await lease.revoke()
      assert.deepEqual(await valuesOf(store, prefixRange(prefix)), ['stays'])
      const events = await collect(store, prefixRange(prefix), revision + 1, 2)
      assert.deepEqual(events.map((event) => `${event.type} ${event.previous?.value}`).sort(), ['delete a', 'delete b'])
    })

    scenario('a key put again without the lease, or deleted, is free of it', async (store, prefix) => {
      const lease = await store.lease(60)
      await store.txn({
        compare: [],
        then: [
          { type: 'put', key: `${prefix}a`, value: '1', lease },
          { type: 'put', key: `${prefix}b`, value: '1', lease },
        ],
      })
      await put(store, `${prefix}a`, '2')
      await remove(store, `${prefix}b`)
      await put(store, `${prefix}b`, '2')
      await lease.revoke()
      assert.deepEqual(await valuesOf(store, prefixRange(prefix)), ['2', '2'])
    })

    scenario('nothing is put under a lease that has ended', async (store, prefix) => {
      const ended = await store.lease(60)
      await ended.revoke()
      const next = await store.lease(60)
      assert.notEqual(next.id, ended.id)
      const then = (lease: typeof ended): Operation[] => [{ type: 'put', key: `${prefix}a`, value: '1', lease }]
      await assert.rejects(store.txn({ compare: [], then: then(ended) }), told('other', /the lease has ended in /))
      assert.equal(await store.get(`${prefix}a`), undefined)
      await store.txn({ compare: [], then: then(next) })
      await ended.revoke()
      assert.equal((await store.get(`${prefix}a`))?.value, '1', 'ending it again does no harm to others')
      await next.revoke()
    })
  })

  describe(`${driver}: the end`, () => {
    it('a store that was never used can be closed, and closed again', async () => {
      const store = await open()
      await store.close()
      await store.close()
    })
  })
}

/** Whether an error is one of the store's, with that code and message. */
export function told(code: DatastoreErrorCode, message: RegExp): (error: unknown) => true {
  return (error) => {
    // Not by class: the bundled driver has its own.
    assert.ok(error instanceof Error && 'code' in error && 'help' in error, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  }
}

export async function put(store: Datastore, key: string, value: string): Promise<number> {
  return (await store.txn({ compare: [], then: [{ type: 'put', key, value }] })).revision
}

/** Waits for so many events. */
export async function collect(store: Datastore, range: KeyRange, from: number, count: number): Promise<WatchEvent[]> {
  const end = new AbortController()
  const events: WatchEvent[] = []
  for await (const batch of store.watch(range, from, end.signal)) {
    events.push(...batch.events)
    if (events.length >= count) end.abort()
  }
  return events
}

/** Adds one to a number so many times, by compare-and-swap. */
export async function increment(store: Datastore, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const current = await store.get(key)
    const { succeeded } = await store.txn({
      compare: [{ key, target: 'mod', equals: current?.modRevision ?? 0 }],
      then: [{ type: 'put', key, value: String(Number(current?.value ?? '0') + 1) }],
    })
    if (succeeded) done++
  }
}

// --- internal ---

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function remove(store: Datastore, key: string): Promise<number> {
  return (await store.txn({ compare: [], then: [{ type: 'delete', range: { start: key } }] })).revision
}

async function valuesOf(store: Datastore, range: KeyRange): Promise<string[]> {
  return (await store.range(range)).keyValues.map((keyValue) => keyValue.value)
}

async function fill(store: Datastore, prefix: string, count: number): Promise<void> {
  const names = numbers(count)
  for (let i = 0; i < count; i += MAX_OPERATIONS) {
    await store.txn({ compare: [], then: names.slice(i, i + MAX_OPERATIONS).map((name) => ({ type: 'put', key: prefix + name, value: name })) })
  }
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => padded(i))
}

function padded(number: number): string {
  return String(number).padStart(4, '0')
}

function brief(prefix: string): (event: WatchEvent) => string {
  return ({ type, key, keyValue, previous, revision }) =>
    `${type} ${key.slice(prefix.length)}${keyValue ? `=${keyValue.value}` : ''}${previous ? ` was ${previous.value}` : ''} @${revision}`
}
