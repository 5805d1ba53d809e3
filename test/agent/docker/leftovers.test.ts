import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { endpoints, type Endpoints } from '../../../src/agent/docker/endpoints.ts'
import { hostInterface, type Interfaces } from '../../../src/agent/docker/interfaces.ts'
import { leftovers, type Removed } from '../../../src/agent/docker/leftovers.ts'
import { assignAddress } from '../../../src/ipam/assign-given.ts'
import { createIpam, type Ipam } from '../../../src/ipam/store.ts'
import { parseIp } from '../../../src/model/net.ts'
import { prefixRange } from '../../../src/store/datastore.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { run } from '../../context.ts'

const ONE = '44eb2567d7640000000000000000000000000000000000000000000000000001'
const TWO = '55fc3678e8750000000000000000000000000000000000000000000000000002'
const GRACE = 30_000

let ipam: Ipam
let now: number
let links: Set<string>
/** Those whose other end is in no container. */
let waiting: Set<string>
let own: Endpoints
let sweep: () => Promise<Removed>

beforeEach(async () => {
  now = Date.parse('2026-01-02T03:04:05Z')
  const clock = {
    now: () => new Date(now),
    timestamp: () => new Date(now).toISOString(),
    uuid: () => globalThis.crypto.randomUUID(),
    pause: async () => {},
  }
  const datastore = openMemory()
  ipam = createIpam(datastore, clock)
  links = new Set()
  waiting = new Set()
  const interfaces: Interfaces = {
    create: () => assert.fail(),
    remove: async (endpoint) => void links.delete(hostInterface(endpoint)),
    list: async () => [...links].map((name) => ({ name, isJoined: !waiting.has(name) })),
    removeNamed: async (name) => void links.delete(name),
    gateways: () => assert.fail(),
  }
  own = endpoints({ datastore, clock, node: 'host1', interfaces })
  sweep = () => rest.sweep()
  const rest = leftovers({ ipam, node: 'host1', endpoints: own, interfaces, grace: GRACE })
  const pool = { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name: 'any' }, spec: { cidr: '192.168.0.0/24' } }
  const host = { apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name: 'host1' }, spec: {} }
  await run(['apply', '-f', '-'], { store: datastore, stdin: `${JSON.stringify(pool)}\n---\n${JSON.stringify(host)}` })
})

async function address(text: string, node = 'host1', type = 'docker'): Promise<void> {
  await assignAddress(ipam, { ip: parseIp(text) ?? assert.fail(), host: node, holder: { attributes: { node, type } } })
}

/** A container as it is while it runs. */
async function container(id: string, ip: string): Promise<void> {
  await address(ip)
  await own.create({ id, network: 'net1', networks: [`${ip}/32`] })
  links.add(hostInterface(id))
}

const inUse = async (ip: string) => (await run(['ipam', 'show', `--ip=${ip}`], { store: ipam.datastore })).stdout.includes('is in use')

describe('a sweep', () => {
  it('leaves alone what is whole', async () => {
    await container(ONE, '192.168.0.1')
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(await sweep(), { endpoints: [], interfaces: [], addresses: [] })
      now += GRACE
    }
    assert.ok(await inUse('192.168.0.1'))
  })

  it('removes an endpoint whose interface is gone, and its address', async () => {
    await container(ONE, '192.168.0.1')
    await container(TWO, '192.168.0.2')
    links.delete(hostInterface(ONE))
    assert.deepEqual((await sweep()).endpoints, [])
    now += GRACE
    assert.deepEqual(await sweep(), { endpoints: [ONE], interfaces: [], addresses: ['192.168.0.1'] })
    assert.ok(!(await inUse('192.168.0.1')))
    assert.ok(await inUse('192.168.0.2'))
  })

  it('removes an endpoint whose interface never came into a container: Docker was killed in between', async () => {
    await container(ONE, '192.168.0.1')
    waiting.add(hostInterface(ONE))
    assert.deepEqual((await sweep()).endpoints, [])
    // A busy Docker takes its time.
    now += 6 * GRACE - 1
    assert.deepEqual((await sweep()).endpoints, [])
    now += 1
    assert.deepEqual(await sweep(), { endpoints: [ONE], interfaces: [], addresses: ['192.168.0.1'] })
    assert.equal(links.size, 0)
    assert.ok(!(await inUse('192.168.0.1')))
  })

  it('removes an interface that no endpoint knows', async () => {
    links.add('cali00000000000')
    await sweep()
    now += GRACE
    assert.deepEqual((await sweep()).interfaces, ['cali00000000000'])
    assert.equal(links.size, 0)
  })

  it('takes nothing for left over when the datastore was emptied: the containers are there', async () => {
    await container(ONE, '192.168.0.1')
    await ipam.datastore.txn({ compare: [], then: [{ type: 'delete', range: prefixRange('/') }] })
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(await sweep(), { endpoints: [], interfaces: [], addresses: [] })
      now += GRACE
    }
    assert.deepEqual([...links], [hostInterface(ONE)])
  })

  it('gives back an address that Docker took for an endpoint that never came', async () => {
    await address('192.168.0.9')
    await sweep()
    now += GRACE
    assert.deepEqual((await sweep()).addresses, ['192.168.0.9'])
    assert.ok(!(await inUse('192.168.0.9')))
  })

  it("leaves alone other hosts', and what is not Docker's", async () => {
    await address('192.168.0.9', 'host2')
    await address('192.168.0.10', 'host1', 'ipipTunnelAddress')
    await sweep()
    now += GRACE
    assert.deepEqual(await sweep(), { endpoints: [], interfaces: [], addresses: [] })
  })

  it("leaves alone the interface of another orchestrator's workload", async () => {
    const spec = { orchestrator: 'vm', workload: 'web', endpoint: 'eth0', node: 'host1', interfaceName: 'cali00000000000', profiles: ['net1'] }
    const workload = { apiVersion: 'projectcalico.org/v3', kind: 'WorkloadEndpoint', metadata: { namespace: 'default' }, spec }
    const { code, stderr } = await run(['apply', '-f', '-'], { store: ipam.datastore, stdin: JSON.stringify(workload) })
    assert.equal(code, 0, stderr)
    links.add('cali00000000000')
    await sweep()
    now += GRACE
    assert.deepEqual((await sweep()).interfaces, [])
  })

  it('gives back at its start what it has borrowed from the block of another host', async () => {
    await address('192.168.0.70', 'host2')
    await address('192.168.0.71')
    await sweep()
    now += GRACE
    assert.deepEqual((await sweep()).addresses, ['192.168.0.71'])
  })

  it('waits for what is about to come: an address, then its endpoint, then its interface', async () => {
    await address('192.168.0.1')
    await sweep()
    now += GRACE - 1
    await own.create({ id: ONE, network: 'net1', networks: ['192.168.0.1/32'] })
    await sweep()
    now += GRACE - 1
    await sweep()
    links.add(hostInterface(ONE))
    now += GRACE
    assert.deepEqual(await sweep(), { endpoints: [], interfaces: [], addresses: [] })
  })

  it('begins to count anew for what was whole in between', async () => {
    await container(ONE, '192.168.0.1')
    links.delete(hostInterface(ONE))
    await sweep()
    links.add(hostInterface(ONE))
    await sweep()
    links.delete(hostInterface(ONE))
    now += GRACE
    assert.deepEqual((await sweep()).endpoints, [])
  })
})
