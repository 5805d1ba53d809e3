import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Datastore } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { RESOURCES } from '../../src/store/resources/keys.ts'
import { run } from '../context.ts'

/** What the recorded sessions of `test/conformance` do not ask. */

const POOL = 'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: pool1\nspec:\n  cidr: 10.0.0.0/16\n  disabled: true\n'

describe('datastore and ipam split', () => {
  let store: Datastore
  const call = (line: string, stdin?: string) => run(line.split(' '), { store, ...(stdin === undefined ? {} : { stdin }) })
  const put = (key: string, value: string) => store.txn({ compare: [], then: [{ type: 'put', key, value }] })
  const pools = async () => (await call('get ippools -o custom-columns=NAME,CIDR')).stdout

  beforeEach(() => {
    store = openMemory()
  })

  for (const [number, phrase] of [
    ['0', 'power of 2'],
    ['1', 'power of 2'],
    ['3', 'power of 2'],
    ['2048', 'not large enough'],
    ['256', 'one transaction'],
  ] as const) {
    it(`a split into ${number} is refused and leaves the pool as it was`, async () => {
      assert.equal((await call('create -f -', POOL)).code, 0)
      await call('datastore migrate lock')
      const before = await call('get ippool pool1 -o yaml')
      const { code, stdout, stderr } = await call(`ipam split ${number} --name=pool1`)
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, new RegExp(phrase))
      assert.equal((await call('get ippool pool1 -o yaml')).stdout, before.stdout)
    })
  }

  it('the parts of a pool of version 6, and of a pool that is disabled, are whole and enabled', async () => {
    assert.equal((await call('create -f -', POOL.replace('10.0.0.0/16', 'fd00:1::/32'))).code, 0)
    await call('datastore migrate lock')
    assert.equal((await call('ipam split 4 --cidr=fd00:1::/32')).code, 0)
    const cidrs = ['fd00:1::/34', 'fd00:1:4000::/34', 'fd00:1:8000::/34', 'fd00:1:c000::/34']
    assert.deepEqual((await call('get ippools -o jsonpath={.items[*].spec.cidr}')).stdout.split(' '), cidrs)
    assert.equal((await call('get ippools -o jsonpath={.items[*].spec.disabled}')).stdout, '')
  })

  it('parts of a pool with a long name get different names', async () => {
    assert.equal((await call('create -f -', POOL.replace('pool1', 'a'.repeat(253)))).code, 0)
    await call('datastore migrate lock')
    assert.equal((await call('ipam split 16 --cidr=10.0.0.0/16')).code, 0)
    assert.equal((await pools()).trim().split('\n').length, 17)
  })

  it('ipam show takes no number', async () => {
    const { code, stderr } = await call('ipam show 4')
    assert.equal(code, 1)
    assert.match(stderr, /takes no further argument/)
  })

  it('a policy stays under its old key when the new name is taken', async () => {
    const policy = (name: string, selector: string) =>
      `{"kind":"GlobalNetworkPolicy","apiVersion":"projectcalico.org/v3","metadata":{"name":"${name}"},"spec":{"selector":"${selector}"}}`
    const key = `${RESOURCES}globalnetworkpolicies/`
    await put(`${key}web`, policy('web', 'all()'))
    await put(`${key}default.web`, policy('default.web', 'has(old)'))
    const { code, stdout, stderr } = await call('datastore migrate-policy-names')
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /left where it is: .*default\.web/)
    assert.match((await store.get(`${key}web`))?.value ?? '', /all\(\)/)
    assert.match((await store.get(`${key}default.web`))?.value ?? '', /has\(old\)/)
  })

  it('an export that would lose something is refused', async () => {
    await call('datastore migrate lock')
    await put('/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26', 'damaged')
    const { code, stdout, stderr } = await call('datastore migrate export')
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(stderr, /cannot be read: .*10\.0\.0\.0-26/)
  })

  it('names of nodes change everywhere in an export', async () => {
    const node =
      'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata:\n  name: host1\nspec:\n  orchRefs:\n  - nodeName: k-host1\n    orchestrator: k8s\n'
    const felix = '---\napiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata:\n  name: node.host1\nspec: {}\n'
    const endpoint =
      '---\napiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata:\n  name: eth0\nspec:\n  node: host1\n  interfaceName: eth0\n'
    const peer =
      '---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata:\n  name: p\nspec:\n  node: host1\n  peerIP: 10.0.0.9\n  asNumber: 64512\n'
    assert.equal((await call('create -f -', node + felix + endpoint + peer)).code, 0)
    await call('datastore migrate lock')
    const { code, stdout } = await call('datastore migrate export')
    assert.equal(code, 0)
    assert.doesNotMatch(stdout, /(?<!k-)\bhost1\b/)
    assert.equal(stdout.match(/k-host1/g)?.length, 5)
  })

  it('an unknown step is refused', async () => {
    for (const line of ['datastore migrate', 'datastore migrate foo', 'datastore foo', 'datastore migrate-policy-names lock']) {
      const { code, stderr } = await call(line)
      assert.equal(code, 1)
      assert.match(stderr, /unknown command "datastore/)
    }
  })
})
