// One measure of the engine, alone in its process: prints milliseconds and megabytes of heap as JSON. Run by `run.mjs` with --expose-gc.
import { fileURLToPath } from 'node:url'
import { endpoint, hostileWorld, typicalPolicy, typicalWorld } from './worlds.mjs'

const built = fileURLToPath(new URL('../../.build/src/policy/', import.meta.url))
const { WorldBuilder } = await import(`${built}world/build.js`)
const { Engine } = await import(`${built}core/engine.js`)
const { wholeMap } = await import(`${built}core/map.js`)

const [what, endpoints, policies] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const builder = new WorldBuilder()
for (const resource of (what === 'hostile' ? hostileWorld : typicalWorld)(endpoints, policies)) builder.put({ resource, origin: {} })
const world = builder.world()
globalThis.gc()
console.log(JSON.stringify(what.startsWith('update') ? update() : map()))

// --- internal ---

function map() {
  const before = process.memoryUsage()
  const started = performance.now()
  const engine = new Engine(world)
  const { groups } = wholeMap(engine)
  const milliseconds = performance.now() - started
  const after = process.memoryUsage()
  return { milliseconds, megabytes: (after.heapUsed + after.external - before.heapUsed - before.external) / 1e6, groups: groups.length }
}

/** From the changed resource to the answer for what it changed; the middle one of many changes, after the engine has answered everything once. */
function update() {
  let engine = new Engine(world)
  wholeMap(engine)
  const row = new Int32Array(engine.places.list.length)
  const times = []
  for (let i = 0; i < 101; i++) {
    const index = (i * 37) % endpoints
    const resource = what === 'update-endpoint' ? endpoint(index, `changed-${i}`) : typicalPolicy((i * 7) % policies)
    const started = performance.now()
    builder.put({ resource, origin: {} })
    const now = builder.world()
    engine = engine.updated(now)
    for (const place of engine.places.ofEndpoint(index)) engine.row(place, row)
    times.push(performance.now() - started)
  }
  return { milliseconds: times.sort((a, b) => a - b)[50], megabytes: process.memoryUsage().heapUsed / 1e6 }
}
