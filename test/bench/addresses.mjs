// Addresses on etcd: 1,000 one by one for ten hosts, against the same transactions sent once more, on copies of the keys, by someone who knows them already.
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

  /** What is sent, to be sent again. */
  let sent = []
  const recorded = new Proxy(store, {
    get(target, name) {
      const value = target[name]
      if (typeof value !== 'function') return value
      return (...args) => {
        sent.push([name, args])
        return value.apply(target, args)
      }
    },
  })
  const ipam = createIpam(recorded, clock)
  const assign = async (number) => {
    const host = HOSTS[number % HOSTS.length]
    const holder = { handle: `handle-${number}`, attributes: { node: host, namespace: 'default', pod: `pod-${number}` } }
    const { v4, error } = await autoAssign(ipam, { host, use: 'Workload', holder, num4: 1 })
    if (v4?.addresses.length !== 1) throw error ?? new Error('no address')
  }

  let transactions = 0
  const times = { assign: 0, floor: 0, release: 0 }
  const timed = async (what, work) => {
    const begun = performance.now()
    await work()
    times[what] += performance.now() - begun
  }
  const copied = (value) => JSON.parse(JSON.stringify(value).replaceAll('"/calico/', '"/copied/'))
  const { keyValues } = await store.range({ start: '/calico/', end: '/calico0' })
  await store.txn({ compare: [], then: keyValues.map(({ key, value }) => ({ type: 'put', key: copied(key), value })) })
  for (let from = 0; from < COUNT; from += 100) {
    sent = []
    await timed('assign', async () => {
      for (let number = from; number < from + 100; number++) await assign(number)
    })
    // Nothing is compared: the copies have other revisions.
    const again = sent.map(([name, args]) => [name, copied(name === 'txn' ? [{ ...args[0], compare: [] }] : args)])
    transactions += again.length
    await timed('floor', async () => {
      for (const [name, args] of again) await store[name](...args)
    })
  }
  await timed('release', async () => {
    for (let number = 0; number < COUNT; number++) await releaseByHandle(ipam, `handle-${number}`)
  })
  const show = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`
  console.log(`${COUNT} addresses one by one, ${HOSTS.length} hosts    ${show(times.assign)}`)
  console.log(`their ${transactions} transactions sent again       ${show(times.floor)}`)
  console.log(`ratio                                   ${(times.assign / times.floor).toFixed(2)} (at most 1.5)`)
  console.log(`${COUNT} handles released                   ${show(times.release)}`)
} finally {
  await store.close()
  await etcd.stop()
}
