import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatIp } from '../../../src/model/net.ts'
import { buildWorld, WorldBuilder } from '../../../src/policy/world/build.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { hostEndpoint, manifestWorld, networkSet, OPEN, policy, profile, sourcesOf, workload } from '../manifest-world.ts'

const node = (name: string, ...addresses: string[]) =>
  JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name },
    spec: { bgp: { ipv4Address: addresses[0] }, addresses: addresses.slice(1).map((address) => ({ address, type: 'InternalIP' })) },
  })

function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1)
  return list[0] as T
}

describe('labels', () => {
  it('are inherited from the profiles of an endpoint; its own win, then the profile that is listed first', () => {
    const world = manifestWorld(
      profile('first', { labelsToApply: { a: 'first', b: 'first' } }),
      profile('second', { labelsToApply: { b: 'second', c: 'second' } }),
      workload('web', ['10.0.0.1'], { labels: { a: 'own' }, profiles: ['first', 'gone', 'second'] }),
    )
    assert.deepEqual(only(world.endpoints).labels, {
      a: 'own',
      b: 'first',
      c: 'second',
      'projectcalico.org/namespace': 'default',
      'projectcalico.org/orchestrator': 'plain',
    })
  })

  it('of namespaces and service accounts come from their profiles alone', () => {
    const world = manifestWorld(
      profile('kns.default', { labelsToApply: { 'pcns.team': 'real' } }),
      workload('web', ['10.0.0.1'], { labels: { 'pcns.team': 'claimed', 'pcsa.x': 'claimed' }, profiles: ['kns.default'] }),
    )
    const { labels } = only(world.endpoints)
    assert.deepEqual([labels['pcns.team'], labels['pcsa.x']], ['real', undefined])
  })

  it('of a network set in a namespace are those of the namespace too', () => {
    const world = manifestWorld(
      profile('kns.prod', { labelsToApply: { 'pcns.team': 'web' } }),
      networkSet('office', ['192.0.2.0/24'], { at: 'home' }, 'prod'),
      networkSet('world', ['0.0.0.0/0'], { at: 'home' }),
    )
    assert.deepEqual(
      world.networkSets.map(({ labels }) => labels),
      [{ at: 'home', 'projectcalico.org/namespace': 'prod', 'pcns.team': 'web' }, { at: 'home' }],
    )
  })
})

describe('endpoints', () => {
  it('have the names that people know them by', () => {
    const world = manifestWorld(
      JSON.stringify({
        apiVersion: 'projectcalico.org/v3',
        kind: 'WorkloadEndpoint',
        metadata: {
          name: 'h1-libnetwork-libnetwork-abc',
          namespace: 'libnetwork',
          annotations: { 'docker.projectcalico.org/container': 'workload-A' },
        },
        spec: {
          node: 'h1',
          orchestrator: 'libnetwork',
          workload: 'libnetwork',
          endpoint: 'abc',
          interfaceName: 'cali1',
          ipNetworks: ['10.0.0.1/32'],
        },
      }),
    )
    const { id, aliases } = only(world.endpoints)
    assert.deepEqual([id, aliases], ['libnetwork/h1-libnetwork-libnetwork-abc', ['workload-A', 'abc']])
  })

  it('of hosts act at the addresses of their node where they list none, or are for all interfaces', () => {
    const world = manifestWorld(
      node('h1', '192.0.2.1/24', '198.51.100.1'),
      hostEndpoint('listed', { interfaceName: 'eth0', expectedIPs: ['192.0.2.7'] }),
      hostEndpoint('unlisted', { interfaceName: 'eth1' }),
      hostEndpoint('all', { interfaceName: '*', expectedIPs: ['192.0.2.1'] }),
      hostEndpoint('elsewhere', { interfaceName: 'eth0', node: 'h9' }),
    )
    const addresses = world.endpoints.map(({ id, addresses, otherAddresses = [] }) => [id, addresses.map(formatIp), otherAddresses.map(formatIp)])
    assert.deepEqual(addresses, [
      ['host:listed', ['192.0.2.7'], []],
      ['host:unlisted', [], ['192.0.2.1', '198.51.100.1']],
      ['host:all', ['192.0.2.1'], ['198.51.100.1']],
      ['host:elsewhere', [], []],
    ])
  })
})

describe('what is missing', () => {
  function unknowns(world: World): string[] {
    return world.unknowns.map(({ code, subject }) => `${code} ${subject}`)
  }

  it('is named once, where it is asked for first', () => {
    const world = manifestWorld(
      workload('a', ['10.0.0.1'], { profiles: ['gone'] }),
      workload('b', [], { profiles: ['gone', 'net1'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }),
      profile('net1', {}),
      policy('web', { ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: ['http', 'https'] } }] }),
    )
    assert.deepEqual(unknowns(world), ['missing-profile gone', 'no-address default/h1-plain-b-eth0', 'missing-port https'])
    const missing = world.unknowns[0]?.problem
    assert.deepEqual([missing?.severity, missing?.file, missing?.range?.start.line], ['warning', 'world.yaml', 1])
    assert.match(world.unknowns[2]?.problem.message ?? '', /no endpoint declares a port "https", which GlobalNetworkPolicy\(web\) names/)
  })

  it('a tier that only a policy names acts after all others, and denies at its end', () => {
    const world = manifestWorld(policy('web', {}), OPEN)
    const [source] = sourcesOf(policy('later', {}))
    assert.ok(source)
    const spec = { ...(source.resource.spec as object), tier: 'nowhere' }
    const stored = buildWorld([{ resource: { ...source.resource, spec }, origin: { key: '/k', revision: '7' } }])
    assert.deepEqual(unknowns(stored), ['missing-tier nowhere'])
    const last = stored.tiers.at(-1)
    assert.deepEqual([last?.name, last?.missing, last?.defaultAction], ['nowhere', true, 'Deny'])
    assert.deepEqual(unknowns(world), [])
  })
})

describe('what cannot be understood', () => {
  it('is set aside with its place and key, and the others stay', () => {
    const [good] = sourcesOf(OPEN)
    const [bad] = sourcesOf(policy('bad', {}))
    assert.ok(good && bad)
    const spec = { selector: "app == 'web", types: ['Ingress'] }
    const world = buildWorld([good, { resource: { ...bad.resource, spec }, origin: { key: '/calico/bad', revision: '3' } }])
    assert.equal(world.profiles.has('open'), true)
    const { kind, name, problem } = only(world.setAside)
    assert.deepEqual([kind, name, problem.path, problem.severity], ['GlobalNetworkPolicy', 'bad', 'spec.selector', 'error'])
    assert.match(problem.message, /^GlobalNetworkPolicy\(bad\) cannot be understood: "app == 'web" is not a selector: /)
    assert.equal(problem.help, 'correct it in the datastore, where it is /calico/bad')
  })

  it('names the rule at fault', () => {
    const [bad] = sourcesOf(policy('bad', {}))
    assert.ok(bad)
    for (const [rule, path] of [
      [{ action: 'allow' }, 'spec.ingress[0].action'],
      [{ action: 'Allow', protocol: 'TPC' }, 'spec.ingress[0].protocol'],
      [{ action: 'Allow', source: { nets: ['10.0.0.0/8', 'office'] } }, 'spec.ingress[0].source.nets'],
      [{ action: 'Allow', destination: { selector: 'app' } }, 'spec.ingress[0].destination'],
    ] as const) {
      const world = buildWorld([{ resource: { ...bad.resource, spec: { types: ['Ingress'], ingress: [rule] } }, origin: {} }])
      assert.equal(only(world.setAside).problem.path, path)
    }
  })
})

describe('a world that changes', () => {
  const one = (text: string) => only(sourcesOf(text))

  it('keeps what did not change as the same objects', () => {
    const builder = new WorldBuilder()
    for (const text of [
      profile('net1', { labelsToApply: { net: 'one' } }),
      OPEN,
      policy('web', {}),
      workload('a', ['10.0.0.1'], { profiles: ['net1'] }),
      workload('b', ['10.0.0.2'], { profiles: ['open'] }),
      networkSet('office', ['192.0.2.0/24']),
    ])
      builder.put(one(text))
    const before = builder.world()
    builder.put(one(workload('b', ['10.0.0.3'], { profiles: ['open'] })))
    const after = builder.world()
    assert.equal(after.tiers, before.tiers)
    assert.equal(after.profiles, before.profiles)
    assert.equal(after.networkSets[0], before.networkSets[0])
    const byName = (world: World, name: string) => world.endpoints.find(({ aliases }) => aliases.includes(name))
    assert.equal(byName(after, 'a'), byName(before, 'a'))
    assert.notEqual(byName(after, 'b'), byName(before, 'b'))
    assert.deepEqual(byName(after, 'b')?.addresses.map(formatIp), ['10.0.0.3'])
  })

  it('gives labels anew when a profile changes, to those that carry it', () => {
    const builder = new WorldBuilder()
    for (const text of [
      profile('net1', { labelsToApply: { net: 'one' } }),
      workload('a', ['10.0.0.1'], { profiles: ['net1'] }),
      workload('b', ['10.0.0.2']),
    ])
      builder.put(one(text))
    const find = (name: string) => builder.world().endpoints.find(({ aliases }) => aliases.includes(name))
    const b = find('b')
    assert.equal(find('a')?.labels['net'], 'one')
    builder.put(one(profile('net1', { labelsToApply: { net: 'two' } })))
    assert.equal(find('a')?.labels['net'], 'two')
    assert.equal(find('b'), b)
    builder.remove({ kind: 'Profile', name: 'net1' })
    assert.equal(find('a')?.labels['net'], undefined)
  })

  it('gives host endpoints the addresses of a node that comes, and takes them when it goes', () => {
    const builder = new WorldBuilder()
    builder.put(one(hostEndpoint('eth', { interfaceName: 'eth0' })))
    const others = () => (builder.world().endpoints[0]?.otherAddresses ?? []).map(formatIp)
    assert.deepEqual(others(), [])
    builder.put(one(node('h1', '192.0.2.1/24')))
    assert.deepEqual(others(), ['192.0.2.1'])
    builder.remove({ kind: 'Node', name: 'h1' })
    assert.deepEqual(others(), [])
  })

  it('forgets what was set aside when it is replaced or removed', () => {
    const builder = new WorldBuilder()
    const { resource, origin } = one(policy('web', {}))
    const broken = { resource: { ...resource, spec: { selector: 'app ==' } }, origin }
    builder.put(broken)
    assert.equal(builder.world().setAside.length, 1)
    builder.put({ resource, origin })
    assert.deepEqual([builder.world().setAside.length, builder.world().tiers.flatMap(({ policies }) => policies).length], [0, 1])
    builder.put(broken)
    assert.equal(builder.world().tiers.flatMap(({ policies }) => policies).length, 0, 'the good one of that name does not act any more')
    builder.remove({ kind: 'GlobalNetworkPolicy', name: 'web' })
    assert.equal(builder.world().setAside.length, 0)
  })

  it('ends as one that was built at once, whatever the order', () => {
    const texts = [
      profile('net1', { labelsToApply: { net: 'one' } }),
      policy('b', { order: 2 }),
      policy('a', { order: 2 }),
      policy('first', { order: 1 }),
      workload('a', ['10.0.0.1'], { profiles: ['net1'] }),
      node('h1', '192.0.2.1/24'),
      hostEndpoint('eth', { interfaceName: 'eth0' }),
    ]
    const forth = buildWorld(texts.flatMap(sourcesOf))
    const back = buildWorld(texts.toReversed().flatMap(sourcesOf))
    const names = (world: World) => world.tiers.map(({ name, policies }) => [name, policies.map(({ name }) => name)])
    assert.deepEqual(names(back), names(forth))
    assert.deepEqual(names(forth).find(([name]) => name === 'default')?.[1], ['first', 'a', 'b'])
    const facts = (world: World) =>
      world.endpoints.map(({ id, labels, otherAddresses }) => ({ id, labels, otherAddresses })).sort((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(facts(back), facts(forth))
  })
})
