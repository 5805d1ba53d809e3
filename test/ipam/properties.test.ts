import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { assignAddress } from '../../src/ipam/assign-given.ts'
import { autoAssign } from '../../src/ipam/assign.ts'
import { releaseHost } from '../../src/ipam/affinity.ts'
import { setIpamConfig } from '../../src/ipam/config.ts'
import { addressesOfHandle, releaseAddresses, releaseByHandle } from '../../src/ipam/release.ts'
import { createIpam, type Ipam, IpamError } from '../../src/ipam/store.ts'
import { formatIp, ipAt, parseCidr } from '../../src/model/net.ts'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { judge } from '../conformance/ipam-replay.ts'
import { run } from '../context.ts'

/** Whatever is done to it, what is stored hangs together, and no address is given to two. */

describe('random sequences of operations', () => {
  it('keep blocks, claims and handles in step, with one allocator', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation(), { maxLength: 40 }), async (operations) => {
        const { store, ipams } = await world(1)
        const held = new Map<string, string>()
        for (const operation of operations) {
          await apply(mustHave(ipams[0]), operation, held)
          await checkStore(store, held)
        }
        await releaseEverything(mustHave(ipams[0]), store, held)
      }),
      { numRuns: 60 },
    )
  })

  it('keep them in step with several allocators at once on one store', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(operation(), { maxLength: 12 }), { minLength: 2, maxLength: 4 }), async (lanes) => {
        const { store, ipams } = await world(lanes.length)
        // Each has handles of its own, so that what it holds can be told.
        const holdings = lanes.map(() => new Map<string, string>())
        await Promise.all(
          lanes.map(async (operations, lane) => {
            for (const operation of operations) {
              await apply(mustHave(ipams[lane]), { ...operation, handle: `${lane}-${operation.handle}` }, mustHave(holdings[lane]))
            }
          }),
        )
        const all = holdings.flatMap((held) => [...held])
        assert.equal(new Set(all.map(([address]) => address)).size, all.length, 'an address was given to two')
        const held = new Map(all)
        await checkStore(store, held)
        await releaseEverything(mustHave(ipams[0]), store, held)
      }),
      { numRuns: 40 },
    )
  })
})

describe('many requests of one host at once', () => {
  it('take one block after the other, not one each', async () => {
    const { store, ipams } = await world(1)
    const requests = Array.from({ length: 11 }, (_, number) =>
      autoAssign(mustHave(ipams[0]), { host: 'alpha', use: 'Workload', holder: { handle: `h${number}` }, num4: 1 }),
    )
    const addresses = (await Promise.all(requests)).flatMap(({ v4 }) => v4?.addresses ?? []).map(formatIp)
    assert.equal(new Set(addresses).size, 11)
    const { keyValues } = await store.range(prefixRange('/calico/ipam/v2/assignment/'), { keysOnly: true })
    assert.equal(keyValues.length, 3)
  })
})

// --- internal ---

const HOSTS = ['alpha', 'bravo', 'charlie']
const POOL4 = '10.0.0.0/27'
const POOL6 = 'fd00::/123'

interface Operation {
  readonly type: 'auto' | 'given' | 'release' | 'handle' | 'host' | 'strict' | 'borrow'
  readonly host: string
  readonly handle: string
  readonly count: number
  readonly six: boolean
  readonly place: number
}

function operation(): fc.Arbitrary<Operation> {
  return fc.record({
    type: fc.constantFrom('auto', 'auto', 'auto', 'given', 'release', 'release', 'handle', 'host', 'strict', 'borrow'),
    host: fc.constantFrom(...HOSTS),
    handle: fc.constantFrom('a', 'b', 'c'),
    count: fc.integer({ min: 1, max: 7 }),
    six: fc.boolean(),
    place: fc.nat({ max: 31 }),
  })
}

/** Pools of eight blocks of four addresses for each family, three hosts, and so many allocators that know nothing of each other. */
async function world(allocators: number): Promise<{ store: Datastore; ipams: Ipam[] }> {
  const store = openMemory()
  let now = Date.parse('2026-01-02T03:04:05Z')
  const clock = {
    // Fast enough that empty blocks grow old and are taken over.
    now: () => new Date((now += 10_000)),
    timestamp: () => `${new Date(now).toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  }
  const resource = (kind: string, name: string, spec: object) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
  const items = [
    ...HOSTS.map((host) => resource('Node', host, {})),
    resource('IPPool', 'four', { cidr: POOL4, blockSize: 30 }),
    resource('IPPool', 'six', { cidr: POOL6, blockSize: 126 }),
    resource('IPReservation', 'kept', { reservedCIDRs: ['10.0.0.5/32', 'fd00::8/126'] }),
  ]
  const { code, stderr } = await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
  assert.equal(code, 0, stderr)
  return { store, ipams: Array.from({ length: allocators }, () => createIpam(store, clock)) }
}

/** Does it, and keeps in `held` which address is whose. */
async function apply(ipam: Ipam, operation: Operation, held: Map<string, string>): Promise<void> {
  const { host, handle, count, six } = operation
  const pool = parseCidr(six ? POOL6 : POOL4) ?? assert.fail()
  const address = formatIp(ipAt(pool, operation.place))
  try {
    switch (operation.type) {
      case 'auto': {
        const { v4, v6, error } = await autoAssign(ipam, { host, use: 'Workload', holder: { handle }, [six ? 'num6' : 'num4']: count })
        for (const net of [...(v4?.addresses ?? []), ...(v6?.addresses ?? [])]) {
          assert.ok(!held.has(formatIp(net)), `${formatIp(net)} was given out although it is in use`)
          held.set(formatIp(net), handle)
        }
        if (error && error.code !== 'block-limit') throw error
        break
      }
      case 'given':
        await assignAddress(ipam, { ip: ipAt(pool, operation.place), host, holder: { handle } })
        held.set(address, handle)
        break
      case 'release': {
        const own = held.get(address)
        if (own === undefined) return
        assert.deepEqual(await releaseAddresses(ipam, [{ address, handle: own }]), { unassigned: [] })
        held.delete(address)
        break
      }
      case 'handle':
        await releaseByHandle(ipam, handle)
        for (const [address, own] of held) if (own === handle) held.delete(address)
        break
      case 'host':
        await releaseHost(ipam, host)
        break
      default:
        await setIpamConfig(ipam, { strictAffinity: operation.type === 'strict' })
    }
  } catch (error) {
    const expected = error instanceof IpamError && ['assigned', 'missing', 'not-owner'].includes(error.code)
    if (!expected) throw error
  }
}

async function snapshot(store: Datastore): Promise<Map<string, string>> {
  const { keyValues } = await store.range(prefixRange('/calico/ipam/'))
  return new Map(keyValues.map(({ key, value }) => [key, value]))
}

async function checkStore(store: Datastore, held: ReadonlyMap<string, string>): Promise<void> {
  assert.deepEqual(judge(await snapshot(store)), { allocated: held.size, cooling: 0, bad: [], handlesTooLow: 0, handlesTooHigh: 0 })
}

/** Everything given back leaves nothing behind. */
async function releaseEverything(ipam: Ipam, store: Datastore, held: ReadonlyMap<string, string>): Promise<void> {
  for (const handle of new Set(held.values())) {
    const own = [...held].flatMap(([address, holder]) => (holder === handle ? [address] : []))
    assert.deepEqual((await addressesOfHandle(ipam, handle)).map(formatIp).sort(), own.sort())
    await releaseByHandle(ipam, handle)
  }
  for (const host of HOSTS) await releaseHost(ipam, host)
  assert.deepEqual(
    [...(await snapshot(store)).keys()].filter((key) => key !== '/calico/ipam/v2/config'),
    [],
  )
}

function mustHave<T>(value: T | undefined): T {
  return value ?? assert.fail('nothing there')
}
