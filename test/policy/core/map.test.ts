import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Engine } from '../../../src/policy/core/engine.ts'
import { wholeMap } from '../../../src/policy/core/map.ts'
import { recordedWorlds, worldOf } from '../recorded.ts'

test('places of a group reach the same and are reached by the same; places of different groups are not', () => {
  for (const recorded of recordedWorlds('named')) {
    const engine = new Engine(worldOf(recorded))
    const { groups, groupOf, verdict } = wholeMap(engine)
    const size = engine.places.list.length
    assert.deepEqual(
      groups.flat().sort((a, b) => a - b),
      Array.from({ length: size }, (_, place) => place),
    )
    const lines = new Set<string>()
    for (const [group, places] of groups.entries()) {
      const line = (place: number) =>
        JSON.stringify(Array.from({ length: size }, (_, peer) => [engine.verdict(place, peer), engine.verdict(peer, place)]))
      const expected = line(places[0] ?? -1)
      const families = new Set(places.map((place) => engine.places.list[place]?.family))
      assert.equal(families.size, 1)
      for (const place of places) {
        assert.equal(groupOf[place], group)
        assert.equal(line(place), expected, recorded.name)
      }
      const key = `${[...families].join()} ${expected}`
      assert.ok(!lines.has(key), recorded.name)
      lines.add(key)
    }
    for (const [from, sources] of groups.entries()) {
      for (const [to, destinations] of groups.entries()) {
        assert.deepEqual(verdict(from, to), engine.verdict(sources.at(-1) ?? -1, destinations.at(-1) ?? -1))
      }
    }
  }
})
