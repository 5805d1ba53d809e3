// Addresses on etcd: 1,000 one by one for ten hosts, against an etcd that answers as many transactions of the same size and does nothing else.
// Both in turn, a hundred at a time, so that a machine with other work to do slows both.
//   npx tsc -p . && node test/bench/addresses.mjs
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../.build/', import.meta.url))
const { startEtcd } = await import(`${built}test/lab/etcd.js`)
const { run } = await import(`${built}test/context.js`)
const { openDatastore } = await import(`${built}src/store/open.js`)
const { createIpam } = await import(`${built}src/ipam/store.js`)
const { autoAssign } = await import(`${built}src/ipam/assign.js`)
const { releaseByHandle } = await import(`${built}src/ipam/release.js`)

const COUNT = 1000
const HOSTS = Array.from({ length: 10 }, (_, number) => `host${number}`)
const clock = {
  now: () => new Date(),
  timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
  uuid: () => globalThis.crypto.randomUUID(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

const etcd = await startEtcd()
const store = await openDatastore({ driver: 'etcd', endpoints: [etcd.endpoint] })
try {
  const resource = (kind, name, spec) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
  const items = [...HOSTS.map((host) => resource('Node', host, {})), resource('IPPool', 'pool', { cidr: '10.0.0.0/16' })]
  await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })

  let transactions = 0
  const counted = new Proxy(store, {
    get(target, name) {
      const value = target[name]
      if (typeof value !== 'function') return value
      return (...args) => {
        transactions++
        return value.apply(target, args)
      }
    },
  })
  const ipam = createIpam(counted, clock)
  const assign = async (number) => {
    const host = HOSTS[number % HOSTS.length]
    const holder = { handle: `handle-${number}`, attributes: { node: host, namespace: 'default', pod: `pod-${number}` } }
    const { v4, error } = await autoAssign(ipam, { host, use: 'Workload', holder, num4: 1 })
    if (v4?.addresses.length !== 1) throw error ?? new Error('no address')
  }

  const times = { assign: 0, floor: 0, release: 0 }
  const timed = async (what, work) => {
    const begun = performance.now()
    await work()
    times[what] += performance.now() - begun
  }
  const value = 'x'.repeat(3000)
  for (let from = 0; from < COUNT; from += 100) {
    const before = transactions
    await timed('assign', async () => {
      for (let number = from; number < from + 100; number++) await assign(number)
    })
    const perAddress = (transactions - before) / 100
    await timed('floor', async () => {
      for (let number = from; number < from + 100; number++) {
        const [block, handle] = [`/bench/block/${number % HOSTS.length}`, `/bench/handle/${number}`]
        for (let read = 0; read < perAddress - 1; read++) {
          await store.txn({ compare: [], then: [{ type: 'get', range: { start: block } }] })
        }
        const then = [
          { type: 'put', key: block, value },
          { type: 'put', key: handle, value: '{}' },
        ]
        await store.txn({ compare: [{ key: handle, target: 'mod', equals: 0 }], then })
      }
    })
  }
  await timed('release', async () => {
    for (let number = 0; number < COUNT; number++) await releaseByHandle(ipam, `handle-${number}`)
  })
  const show = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`
  console.log(`${COUNT} addresses one by one, ${HOSTS.length} hosts    ${show(times.assign)}`)
  console.log(`as many transactions, nothing else      ${show(times.floor)}`)
  console.log(`ratio                                   ${(times.assign / times.floor).toFixed(2)} (at most 1.5)`)
  console.log(`${COUNT} handles released                   ${show(times.release)}`)
} finally {
  await store.close()
  await etcd.stop()
}
