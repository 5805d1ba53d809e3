import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ipamDriver } from '../../../src/agent/docker/ipam-driver.ts'
import type { Body } from '../../../src/agent/docker/plugin-server.ts'
import { createIpam } from '../../../src/ipam/store.ts'
import { formatIp } from '../../../src/model/net.ts'
import type { Datastore } from '../../../src/store/datastore.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { run } from '../../context.ts'

/** Bodies as Docker 20.10 sends them, and what it is to be answered. */

const clock = { now: () => new Date(), timestamp: () => '2026-01-02T03:04:05Z', uuid: () => globalThis.crypto.randomUUID(), pause: async () => {} }
const GLOBAL = 'CalicoGlobalAddressSpace'
const NO_OPTIONS = { AddressSpace: GLOBAL, Pool: '', SubPool: '', Options: {}, V6: false }

let store: Datastore
let removed: string[]
let ask: (method: string, body: Body) => Promise<object>

beforeEach(async () => {
  store = openMemory()
  removed = []
  const resource = (kind: string, name: string, spec: object) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
  const items = [
    resource('Node', 'host1', {}),
    resource('IPPool', 'any', { cidr: '192.168.0.0/24' }),
    resource('IPPool', 'small', { cidr: '10.9.0.0/30', blockSize: 30 }),
    resource('IPPool', 'six', { cidr: 'fd00:9::/112' }),
    resource('IPPool', 'off', { cidr: '10.10.0.0/24', disabled: true }),
  ]
  const { code, stderr } = await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
  assert.equal(code, 0, stderr)
  const endpoints = { removeByAddress: async (ip: Parameters<typeof formatIp>[0]) => void removed.push(formatIp(ip)) }
  const methods = ipamDriver({ ipam: createIpam(store, clock), node: 'host1', endpoints })
  ask = async (method, body) => await (methods[method] ?? assert.fail(method))(body)
})

describe('the handshake', () => {
  it('is as Docker wants it', async () => {
    assert.deepEqual(await ask('Plugin.Activate', {}), { Implements: ['IpamDriver'] })
    assert.deepEqual(await ask('IpamDriver.GetCapabilities', {}), { RequiresMACAddress: false, RequiresRequestReplay: false })
    assert.deepEqual(await ask('IpamDriver.GetDefaultAddressSpaces', {}), {
      LocalDefaultAddressSpace: 'CalicoLocalAddressSpace',
      GlobalDefaultAddressSpace: 'CalicoGlobalAddressSpace',
    })
  })
})

describe('a pool for a network', () => {
  const gateway = (nowhere: string) => ({ 'com.docker.network.gateway': nowhere })
  for (const [what, body, answer] of [
    ['any, without --subnet', {}, { PoolID: 'CalicoPoolIPv4', Pool: '0.0.0.0/0', Data: gateway('0.0.0.0/0') }],
    ['any of IPv6', { V6: true }, { PoolID: 'CalicoPoolIPv6', Pool: '::/0', Data: gateway('::/0') }],
    ['the one of --subnet', { Pool: '192.168.0.0/24' }, { PoolID: '192.168.0.0/24', Pool: '192.168.0.0/24', Data: gateway('0.0.0.0/0') }],
    ['with bits behind the prefix', { Pool: '192.168.0.9/24' }, { PoolID: '192.168.0.0/24', Pool: '192.168.0.0/24', Data: gateway('0.0.0.0/0') }],
    ['one of IPv6', { Pool: 'fd00:9::/112', V6: true }, { PoolID: 'fd00:9::/112', Pool: 'fd00:9::/112', Data: gateway('::/0') }],
  ] as const) {
    it(`is ${what}`, async () => assert.deepEqual(await ask('IpamDriver.RequestPool', { ...NO_OPTIONS, ...body }), answer))
  }

  for (const [what, body, message] of [
    ['a subnet that no pool has', { Pool: '192.168.0.0/25' }, /must match the CIDR of an IPPool/],
    ['a disabled pool', { Pool: '10.10.0.0/24' }, /must match the CIDR of an IPPool/],
    ['--ip-range', { Pool: '192.168.0.0/24', SubPool: '192.168.0.0/28' }, /--ip-range/],
    ['--ipam-opt', { Options: { k: 'v' } }, /--ipam-opt/],
    ['a foreign address space', { AddressSpace: 'GlobalDefault' }, /unknown address space/],
    ['what is no network', { Pool: 'net; reboot' }, /is not a network of IPv4/],
    ['the wrong family', { Pool: 'fd00:9::/112' }, /is not a network of IPv4/],
  ] as const) {
    it(`is refused for ${what}`, async () => {
      await assert.rejects(ask('IpamDriver.RequestPool', { ...NO_OPTIONS, ...body }), message)
    })
  }
})

describe('an address for a container', () => {
  const take = (body: Body) => ask('IpamDriver.RequestAddress', { PoolID: 'CalicoPoolIPv4', Address: '', Options: null, ...body })

  it('comes from a block of this host, as a network of its own', async () => {
    const { Address } = (await take({})) as { Address: string }
    assert.match(Address, /^(?:192\.168\.0|10\.9\.0)\.\d+\/32$/)
    const { stdout } = await run(['ipam', 'show', `--ip=${Address.replace('/32', '')}`], { store })
    assert.match(stdout, /is in use\nHandle ID: <none>\nActive Owner Attributes:\n {2}node: host1\n {2}type: docker\n/)
  })

  it("comes from the network's own pool", async () => {
    assert.deepEqual(await take({ PoolID: '10.9.0.0/30' }), { Address: '10.9.0.0/32', Data: {} })
    assert.match(((await take({ PoolID: 'fd00:9::/112' })) as { Address: string }).Address, /^fd00:9::[0-9a-f]+\/128$/)
  })

  it('is the one of --ip, once', async () => {
    assert.deepEqual(await take({ PoolID: '192.168.0.0/24', Address: '192.168.0.77' }), { Address: '192.168.0.77/32', Data: {} })
    await assert.rejects(take({ PoolID: '192.168.0.0/24', Address: '192.168.0.77' }), /192\.168\.0\.77 is in use/)
  })

  it('is not to be had from a pool that is used up', async () => {
    for (let count = 0; count < 4; count++) await take({ PoolID: '10.9.0.0/30' })
    await assert.rejects(take({ PoolID: '10.9.0.0/30' }), /no address is free in 10\.9\.0\.0\/30/)
  })

  it('is not to be had from a pool that was deleted under the network', async () => {
    await run(['delete', 'ippool', 'small'], { store })
    await assert.rejects(take({ PoolID: '10.9.0.0/30' }), /does not exist, or is not enabled/)
  })

  it('is none for the gateway, which cannot be chosen', async () => {
    const Options = { RequestAddressType: 'com.docker.network.gateway' }
    assert.deepEqual(await take({ Options }), { Address: '0.0.0.0/0', Data: {} })
    await assert.rejects(take({ Options, Address: '192.168.0.1' }), /--gateway 192\.168\.0\.1/)
  })

  it('is free again when it is given back, and its endpoint is gone', async () => {
    await take({ PoolID: '10.9.0.0/30', Address: '10.9.0.2' })
    assert.deepEqual(await ask('IpamDriver.ReleaseAddress', { PoolID: '10.9.0.0/30', Address: '10.9.0.2' }), {})
    assert.deepEqual(removed, ['10.9.0.2'])
    assert.deepEqual(await take({ PoolID: '10.9.0.0/30', Address: '10.9.0.2' }), { Address: '10.9.0.2/32', Data: {} })
  })

  it('can be given back twice; what never was one too', async () => {
    for (const Address of ['192.168.0.5', '0.0.0.0', '::', '', '203.0.113.9']) {
      assert.deepEqual(await ask('IpamDriver.ReleaseAddress', { PoolID: 'CalicoPoolIPv4', Address }), {})
    }
  })

  it('is not to be had from a pool that never was', async () => {
    await assert.rejects(take({ PoolID: '../../etc' }), /unknown pool/)
  })
})
