// `node test/bench/dataplane.mjs`, as root, after a build: how long a change of the world takes until the kernel has it, for hosts with many workloads. Prints a table, beside the
// figures of the real Felix (nftables mode) and the bound; exits 1 when a bound is broken.
import { Dataplane } from '../../.build/src/agent/dataplane/dataplane.js'
import { Nft } from '../../.build/src/agent/dataplane/nft.js'
import { Renderer } from '../../.build/src/agent/dataplane/render.js'
import { DEFAULT_SETTINGS } from '../../.build/src/agent/dataplane/settings.js'
import { WorldBuilder } from '../../.build/src/policy/world/build.js'
import { NetworkNamespace } from '../../.build/test/lab/netns.js'

/** Milliseconds by the number of workloads on the host: what Felix needs, what is allowed here. */
const MEASURES = {
  'cold start': { felix: { 100: 420, 1000: 8600, 5000: 233_000 }, bound: { 100: 600, 1000: 2000, 5000: 8000 } },
  'profile rule changed': { felix: { 100: 7.5, 1000: 19, 5000: 101 }, bound: { 100: 26, 1000: 26, 5000: 46 } },
  'new endpoint': { felix: { 100: 25, 1000: 70, 5000: 248 }, bound: { 100: 20, 1000: 40, 5000: 80 } },
  '20 endpoints at once': { felix: { 100: 78, 1000: 343, 5000: 1075 }, bound: { 100: 60, 1000: 150, 5000: 300 } },
  'warm start': { felix: { 100: 520, 1000: 10_400, 5000: 220_000 }, bound: { 100: 500, 1000: 1500, 5000: 6000 } },
}
const FACTS = { node: 'host1', interfaces: new Map(), pools: [], settings: DEFAULT_SETTINGS, nameServers: [] }

const profile = (port) => ({
  kind: 'Profile',
  metadata: { name: 'net1' },
  spec: {
    egress: [{ action: 'Allow' }],
    ingress: [
      { action: 'Allow', protocol: 'TCP', destination: { ports: [port] } },
      { action: 'Allow', source: { selector: 'has(net1)' } },
    ],
    labelsToApply: { net1: '' },
  },
})
const workload = (index) => ({
  kind: 'WorkloadEndpoint',
  metadata: { name: `workload-${index}`, namespace: 'libnetwork', labels: {} },
  spec: {
    node: 'host1',
    interfaceName: `cali${index.toString(16)}`,
    ipNetworks: [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}/32`],
    profiles: ['net1'],
  },
})

const results = []
for (const size of [100, 1000, 5000]) {
  const host = await NetworkNamespace.open()
  let noted
  const footprints = { read: async () => noted, write: async (footprint) => void (noted = footprint) }
  const fail = (error) => {
    throw error
  }
  const open = () => ({
    renderer: new Renderer(),
    dataplane: new Dataplane(new Nft(host.inside(['nft'])), footprints, { refused: fail, repaired() {}, elsewhere() {}, failed: fail }),
  })
  const builder = new WorldBuilder()
  const put = (resource) => builder.put({ resource, origin: {} })
  let { renderer, dataplane } = open()
  const measure = async (name) => {
    const started = performance.now()
    await dataplane.apply(renderer.render(builder.world(), FACTS).ruleset)
    results.push({ name, size, milliseconds: performance.now() - started })
  }
  put(profile(1))
  for (let index = 1; index <= size; index++) put(workload(index))
  await measure('cold start')
  for (let run = 0; run < 5; run++) {
    put(profile(100 + run))
    await measure('profile rule changed')
    put(workload(size + 1 + run))
    await measure('new endpoint')
  }
  for (let index = 0; index < 20; index++) put(workload(size + 100 + index))
  await measure('20 endpoints at once')
  await dataplane.settle()
  ;({ renderer, dataplane } = open())
  await measure('warm start')
  await host.close()
}

let broken = false
for (const [name, { felix, bound }] of Object.entries(MEASURES)) {
  for (const size of [100, 1000, 5000]) {
    const times = results.filter((result) => result.name === name && result.size === size).map(({ milliseconds }) => milliseconds)
    const median = times.sort((a, b) => a - b)[times.length >> 1]
    broken ||= median > bound[size]
    const cells = [
      name.padEnd(22),
      `${size}`.padStart(5),
      `${median.toFixed(1)} ms`.padStart(10),
      `Felix ${felix[size]} ms`.padStart(18),
      `at most ${bound[size]} ms`.padStart(17),
    ]
    console.log(`${cells.join('  ')}  ${median > bound[size] ? 'OVER' : 'ok'}`)
  }
}
console.log(`memory: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)
process.exitCode = broken ? 1 : 0
