import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { parseNet } from '../../../src/model/net.ts'
import { Namer } from '../../../src/policy/reach/names.ts'
import { outsideName, outsideOf } from '../../../src/policy/reach/outside.ts'
import { cutAddresses } from '../../../src/policy/core/atoms.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import { resourceOf } from '../recorded.ts'

const net = (text: string) => parseNet(text) ?? assert.fail(text)

/** Endpoints `e0`, `e1`, ... with these networks, labels and addresses. */
function world(endpoints: readonly { readonly network?: string; readonly labels?: Record<string, string>; readonly ip?: string }[]) {
  const all = endpoints.map(({ network, labels = {}, ip }, at) => ({
    kind: 'WorkloadEndpoint',
    apiVersion: 'projectcalico.org/v3',
    metadata: { name: `host-cni-e${at}-eth0`, namespace: 'default', labels },
    spec: {
      node: 'host',
      orchestrator: 'k8s',
      pod: `e${at}`,
      endpoint: 'eth0',
      interfaceName: `cali${at}`,
      profiles: network === undefined ? [] : [network],
      ipNetworks: [`${ip ?? `10.0.0.${at + 1}`}/32`],
    },
  }))
  return buildWorld(all.map((raw) => ({ resource: resourceOf(raw), origin: {} })))
}

function namer(endpoints: Parameters<typeof world>[0], nets: readonly string[] = []): Namer {
  const atoms = cutAddresses(nets.map(net))
  return new Namer(world(endpoints), (ip) => atoms.netOf(atoms.atomOf(ip)))
}

const app = (app: string, network: string) => ({ network, labels: { app } })

describe('what endpoints are called together', () => {
  const apps = [
    app('web', 'net1'),
    app('web', 'net1'),
    app('web', 'net2'),
    app('db', 'net1'),
    app('db', 'net2'),
    app('api', 'net2'),
    app('api', 'net3'),
  ]
  const cases: readonly (readonly [members: readonly number[], name: string, why: string])[] = [
    [[3], 'e3', 'one, by what people call it'],
    [[0, 1, 2, 3, 4, 5, 6], 'every endpoint', 'all there are'],
    [[0, 1, 3], 'net1', 'the members of a network'],
    [[0, 1, 2], 'app=web', 'those with a label'],
    [[0, 1], 'net1, app=web', 'both'],
    [[0, 1, 3, 6], 'net1 or net3', 'those of two networks'],
    [[0, 1, 2, 5, 6], 'app=api or web', 'those with one of two values'],
    [[2, 5], 'net2, app=api or web', 'of a network, those with one of two values'],
    [[0, 6], 'e0, e6', 'nothing in common: by their own names'],
  ]
  for (const [members, name, why] of cases) it(`${why}: ${name}`, () => assert.equal(namer(apps).name(members), name))

  it('all but a few', () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => app(value, 'net1'))
    assert.equal(namer([...many, app('a', 'net2')]).name([1, 2, 3, 4, 5]), 'net1 but app=a')
    assert.equal(namer(many).name([0, 1, 2, 3, 4]), 'every endpoint but app=f')
  })

  it('the networks of their addresses, where rules ask for some', () => {
    const endpoints = [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.9.0.1' }, { ip: '10.9.0.2' }]
    assert.equal(namer(endpoints, ['10.9.0.0/16']).name([2, 3]), 'in 10.9.0.0/16')
    assert.equal(namer(endpoints, ['10.9.0.0/16']).name([0, 1]), 'elsewhere')
  })

  it('the first of many that have nothing to themselves', () => {
    const alike = Array.from({ length: 9 }, () => app('web', 'net1'))
    assert.equal(namer([...alike, app('db', 'net1')]).name([0, 1, 2, 3, 4]), 'some of app=web: e0, e1, e2 and 2 others')
  })

  it('several groups as the same endpoints would be', () => {
    const one = namer(apps)
    assert.equal(one.togetherName([[0, 1], [3]]), 'net1')
    assert.equal(one.togetherName([[0, 1], [2], [3, 4]]), one.exactName([0, 1, 2, 3, 4]))
    assert.equal(one.togetherName([[0], [6]]), undefined)
  })
})

test('a name is of those endpoints only, whichever they are', () => {
  const endpoints = Array.from({ length: 8 }, (_, at) => ({
    network: `net${at % 3}`,
    labels: { app: `a${at % 2}`, ...(at > 4 ? { role: 'x' } : {}) },
  }))
  const one = namer(endpoints)
  const seen = new Map<string, string>()
  for (let bits = 1; bits < 256; bits++) {
    const members = endpoints.flatMap((_, at) => (bits & (1 << at) ? [at] : []))
    const name = one.exactName(members)
    if (name === undefined) continue
    assert.equal(seen.get(name), undefined, `${name} is ${seen.get(name)} and ${members.join()}`)
    seen.set(name, members.join())
  }
  assert.ok(seen.size > 30)
})

describe('what addresses outside are called', () => {
  const cases: readonly (readonly [nets: readonly string[], groups: readonly (readonly string[])[], names: readonly string[]])[] = [
    [[], [['0.0.0.0/0', '::/0']], ['outside']],
    [['10.0.0.0/8'], [['0.0.0.0/0', '::/0'], ['10.0.0.0/8']], ['everything else outside', 'addresses in 10.0.0.0/8']],
    [['10.0.0.0/8'], [['0.0.0.0/0', '::/0', '10.0.0.0/8']], ['outside']],
    [
      ['10.0.0.0/8', '10.1.0.0/16'],
      [['0.0.0.0/0', '10.1.0.0/16'], ['10.0.0.0/8']],
      ['addresses in 10.1.0.0/16 and everything else outside', 'addresses in 10.0.0.0/8 but 10.1.0.0/16'],
    ],
    [['192.0.2.9/32'], [['0.0.0.0/0'], ['192.0.2.9/32']], ['everything else outside', 'addresses in 192.0.2.9']],
    [
      ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8', '5.0.0.0/8'],
      [['0.0.0.0/0'], ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8', '5.0.0.0/8']],
      ['everything else outside', 'addresses in 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8 and 2 more networks'],
    ],
  ]
  for (const [nets, groups, names] of cases) {
    it(names.join('; '), () => {
      const atoms = cutAddresses(nets.map(net))
      const atomOf = (text: string) => atoms.within(net(text))[0]
      const told = outsideOf(
        atoms,
        groups.map((group) => group.map(atomOf)),
      )
      assert.deepEqual(
        told.map((outside) => outsideName(outside, [])),
        names,
      )
    })
  }

  it('a network set, by its name', () => {
    const nets = ['10.0.0.0/8', '172.16.0.0/12'].map(net)
    const set = { kind: 'GlobalNetworkSet', name: 'private', labels: {}, nets, origin: {} }
    assert.equal(outsideName({ nets, but: [] }, [set]), 'network set private')
    assert.equal(outsideName({ nets: nets.slice(1), but: [] }, [set]), 'addresses in 172.16.0.0/12')
  })
})
