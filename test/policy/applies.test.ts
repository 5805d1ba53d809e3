import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { actsOn, applying } from '../../src/policy/applies.ts'
import type { World } from '../../src/policy/world/world.ts'
import { hostEndpoint, manifestWorld, OPEN, policy, workload } from './manifest-world.ts'

const tier = (name: string, order: number) =>
  JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name }, spec: { order } })

/** What acts on the endpoint of a name, in order. */
function acting(world: World, name: string): string[] {
  const endpoint = world.endpoints.find(({ id, aliases }) => id === name || aliases.includes(name)) ?? assert.fail(name)
  return applying(world, endpoint).map((one) =>
    one.type === 'policy' ? `${one.policy.name} ${one.directions.join('+')}` : `${one.profile ? 'profile' : 'missing profile'} ${one.name}`,
  )
}

describe('what acts on an endpoint', () => {
  it('policies by tier and order, then profiles as it lists them, one that is missing too', () => {
    const world = manifestWorld(
      OPEN,
      tier('late', 5_000_000),
      tier('early', 10),
      policy('second', { order: 2, ingress: [], types: ['Ingress'] }),
      policy('first', { order: 1, types: ['Ingress', 'Egress'] }),
      policy('early.one', { tier: 'early', types: ['Egress'] }),
      policy('late.one', { tier: 'late', types: ['Egress'] }),
      workload('web', ['10.0.0.1'], { profiles: ['gone', 'open'] }),
    )
    assert.deepEqual(acting(world, 'web'), [
      'early.one egress',
      'first ingress+egress',
      'second ingress',
      'late.one egress',
      'missing profile gone',
      'profile open',
    ])
  })

  it('only what selects it, by its own labels and inherited ones', () => {
    const world = manifestWorld(
      JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: 'net1' }, spec: { labelsToApply: { net: 'one' } } }),
      policy('own', { selector: "app == 'web'" }),
      policy('inherited', { selector: "net == 'one'" }),
      policy('other', { selector: "app == 'db'" }),
      policy('elsewhere', {}, 'prod'),
      policy('here', {}, 'default'),
      workload('web', ['10.0.0.1'], { labels: { app: 'web' }, profiles: ['net1'] }),
    )
    assert.deepEqual(acting(world, 'web'), ['here ingress', 'inherited ingress', 'own ingress', 'profile net1'])
  })

  it('untracked policies first, then those before DNAT, and neither on workloads; untracked ones not on all interfaces', () => {
    const world = manifestWorld(
      policy('normal', { order: 1, types: ['Ingress'] }),
      policy('before', { preDNAT: true, applyOnForward: true, order: 2, types: ['Ingress'] }),
      policy('untracked', { doNotTrack: true, applyOnForward: true, order: 3, types: ['Ingress'] }),
      hostEndpoint('eth', { interfaceName: 'eth0' }),
      hostEndpoint('all', { interfaceName: '*' }),
      workload('web', ['10.0.0.1']),
    )
    assert.deepEqual(acting(world, 'host:eth'), ['untracked ingress', 'before ingress', 'normal ingress'])
    assert.deepEqual(acting(world, 'host:all'), ['before ingress', 'normal ingress'])
    assert.deepEqual(acting(world, 'web'), ['normal ingress'])
  })

  it('a policy without rules acts in the directions it names', () => {
    const world = manifestWorld(policy('quiet', { types: ['Egress'] }), workload('web', ['10.0.0.1']))
    const quiet = world.tiers.flatMap(({ policies }) => policies).find(({ name }) => name === 'quiet') ?? assert.fail()
    const [web] = world.endpoints
    assert.ok(web && actsOn(quiet, web))
    assert.deepEqual(acting(world, 'web'), ['quiet egress'])
  })
})
