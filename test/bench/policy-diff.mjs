// `node test/bench/policy-diff.mjs`, after a build: the comparison of two worlds of 10,000 endpoints and 1,000 policies, one of which changed, as a multiple of
// one whole map; both in memory. Prints JSON; exits 1 when the bound is broken.
import { fileURLToPath } from 'node:url'
import { typicalPolicy, typicalWorld } from './worlds.mjs'

const built = fileURLToPath(new URL('../../.build/src/policy/', import.meta.url))
const { buildWorld } = await import(`${built}world/build.js`)
const { Engine } = await import(`${built}core/engine.js`)
const { wholeMap } = await import(`${built}core/map.js`)
const { compareWorlds } = await import(`${built}diff/compare.js`)

const BOUND = 1.5
const ROUNDS = 9
const resources = typicalWorld(10_000, 1_000)
const worldOf = (list) => buildWorld(list.map((resource) => ({ resource, origin: {} })))
const before = worldOf(resources)
const [maps, diffs, rows] = [[], [], []]
for (let round = 0; round < ROUNDS; round++) {
  // Another policy each time; a world of its own, as from other files.
  const changed = `policy-${round * 77}`
  const after = worldOf(
    resources.map((one) => (one.metadata.name === changed ? { ...typicalPolicy(round * 77), kind: one.kind, metadata: one.metadata } : one)),
  )
  maps.push(timed(() => wholeMap(new Engine(before))))
  diffs.push(timed(() => rows.push(compareWorlds(before, after).rows.length)))
}
const [map, diff] = [median(maps), median(diffs)]
console.log(JSON.stringify({ mapMilliseconds: map, diffMilliseconds: diff, ratio: diff / map, atMost: BOUND, rows }))
process.exitCode = diff / map > BOUND ? 1 : 0

// --- internal ---

/** Milliseconds of processor time, which other programs do not lengthen. */
function timed(work) {
  const started = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}
