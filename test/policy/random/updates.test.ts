import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Resource } from '../../../src/model/kind.ts'
import { formatIp } from '../../../src/model/net.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import { wholeMap } from '../../../src/policy/core/map.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { WorldBuilder } from '../../../src/policy/world/build.ts'
import { placeOf, pointsOf } from './points.ts'
import { anyResources } from './worlds.ts'

test('an engine that followed changes says the same as one that is made of the world they came to', () => {
  let [kept, made] = [0, 0]
  const property = fc.property(
    anyResources(),
    anyResources(),
    fc.array(fc.record({ remove: fc.integer({ min: 0, max: 3 }).map((one) => one === 0), pick: fc.nat() }), { maxLength: 6 }),
    (before, others, steps) => {
      const builder = new WorldBuilder()
      for (const resource of before) builder.put({ resource, origin: {} })
      let engine = new Engine(builder.world())
      check(engine, builder.world())
      for (const { remove, pick } of steps) {
        change(builder, remove ? before : others, remove, pick)
        const world = builder.world()
        const next = engine.updated(world)
        if (next.atoms === engine.atoms) kept++
        else made++
        check(next, world)
        engine = next
      }
    },
  )
  fc.assert(property, { numRuns: 40 })
  // Both ways are taken.
  assert.ok(kept > 0 && made > 0)
})

test('what hangs on unchanged facts is taken over', () => {
  const builder = new WorldBuilder()
  const endpoint = (name: string, app: string, ip: string): Resource => ({
    kind: 'WorkloadEndpoint',
    apiVersion: 'projectcalico.org/v3',
    metadata: { namespace: 'n', name, labels: { app, 'projectcalico.org/namespace': 'n' } },
    spec: { ipNetworks: [ip], profiles: ['projectcalico-default-allow'] },
  })
  const policy = (port: number, app = 'web'): Resource => ({
    kind: 'NetworkPolicy',
    apiVersion: 'projectcalico.org/v3',
    metadata: { namespace: 'n', name: 'web' },
    spec: { selector: `app == '${app}'`, types: ['Ingress'], ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [port] } }] },
  })
  const put = (resource: Resource) => builder.put({ resource, origin: {} })
  for (const resource of [endpoint('a', 'web', '10.0.0.1'), endpoint('b', 'db', '10.0.0.2'), endpoint('c', 'db', '10.0.0.3'), policy(80)])
    put(resource)
  const first = new Engine(builder.world())
  put(endpoint('c', 'web', '10.0.0.3'))
  const second = first.updated(builder.world())
  assert.equal(second.places.list, first.places.list)
  assert.deepEqual(second.places.ofEndpoint(2), first.places.ofEndpoint(0))
  assert.deepEqual(first.places.ofEndpoint(2), first.places.ofEndpoint(1))
  put(policy(443))
  const third = second.updated(builder.world())
  assert.equal(third.places.list, first.places.list)
  const [web = -1, db = -1] = [...third.places.ofEndpoint(0), ...third.places.ofEndpoint(1)]
  assert.notEqual(third.verdict(db, web).allowed, second.verdict(db, web).allowed)
  assert.equal(third.answersAt('egress', db), second.answersAt('egress', db))
  // A value that no selector named tells apart what was alike.
  put(policy(443, 'db'))
  assert.notEqual(third.updated(builder.world()).places.list, first.places.list)
})

// --- internal ---

function change(builder: WorldBuilder, resources: readonly Resource[], remove: boolean, pick: number): void {
  const resource = resources[resources.length === 0 ? 0 : pick % resources.length]
  if (!resource) return
  const { kind, metadata } = resource
  if (remove) builder.remove({ kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' })
  else builder.put({ resource, origin: {} })
}

function check(engine: Engine, world: World): void {
  const fresh = new Engine(world, engine.space)
  const points = pointsOf(world)
  const [mine, theirs] = [engine, fresh].map((one) => points.map((point) => placeOf(one, world, point)))
  const map = wholeMap(engine)
  for (const [i, source] of points.entries()) {
    for (const [j, destination] of points.entries()) {
      const said = engine.verdict(mine?.[i] ?? -1, mine?.[j] ?? -1)
      const expected = fresh.verdict(theirs?.[i] ?? -1, theirs?.[j] ?? -1)
      if (said.allowed === expected.allowed && said.unknown === expected.unknown) continue
      assert.fail(`${source.endpoint?.id} ${formatIp(source.ip)} -> ${destination.endpoint?.id} ${formatIp(destination.ip)}`)
    }
    const place = mine?.[i] ?? -1
    assert.ok(map.groups[map.groupOf[place] ?? -1]?.includes(place))
    if (source.index !== undefined) assert.ok(engine.places.members(place).some(({ endpoint }) => endpoint === source.index))
  }
}
