// `npm run bench`: what commands cost, as multiples of starting Node (`node -e 0`) in the same run. Prints a table; exits 1 when a bound is broken.
// After it come benches that are programs of their own, each with its section; those of the agent need root.
//   npm run bench -- get          only rows and sections whose name has the word
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { policies, profiles } from './generate.mjs'
import { writeManifests } from './manifests.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, 'bin', 'calicoctl')
const words = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'calicoctl-bench-'))
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env
const base = { ...environment, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' }
const COUNT = 10_000
/** Files beside this one. */
const SECTIONS = [
  { name: 'lint' },
  { name: 'addresses' },
  { name: 'policy-diff' },
  { name: 'dataplane', needsRoot: true },
  { name: 'agent', needsRoot: true },
  { name: 'attach', needsRoot: true },
  { name: 'hosts', needsRoot: true },
]

if (!existsSync(join(root, 'dist', 'start.cjs'))) {
  console.error('not built: run `npm run build` first')
  process.exit(1)
}
writeFileSync(join(folder, 'one.yaml'), profiles(1))
writeFileSync(join(folder, 'profiles.yaml'), profiles(COUNT))
writeFileSync(join(folder, 'changed.yaml'), profiles(COUNT, 'changed'))
writeFileSync(join(folder, 'policies.yaml'), policies(COUNT))
writeManifests(join(folder, 'manifests'), 100, 10)

const etcd = await startEtcd()
const stores = {
  etcd: { ...base, ETCD_ENDPOINTS: etcd.endpoint, DATASTORE_TYPE: 'etcdv3' },
  local: { ...base, CALICOCTL_DATASTORE: join(folder, 'bench.db') },
}
const rows = []
try {
  short()
  for (const store of ['etcd', 'local']) bulk(store)
  engine()
} finally {
  etcd.stop()
  rmSync(folder, { recursive: true, force: true })
}
if (rows.length > 0) print()
process.exitCode = rows.some(isOver) ? 1 : 0
for (const section of SECTIONS) if (wanted(section.name)) run(section)

// --- internal ---

/** A bench that prints its own figures and says by its status whether a bound is broken. */
function run({ name, needsRoot }) {
  const cannot = needsRoot && process.getuid?.() !== 0
  console.log(`\n${name}${cannot ? ': skipped, needs root' : ''}`)
  if (cannot) return
  const { status } = spawnSync(process.execPath, [join(root, 'test', 'bench', `${name}.mjs`)], { stdio: 'inherit', env: environment })
  if (status !== 0) process.exitCode = 1
}

/** Commands that are mostly start-up: many interleaved runs, the fastest and the middle one of each. */
function short() {
  const question = ['why', 'web-25', 'web-18', 'tcp/80', '-f', join(folder, 'manifests')]
  const measures = [
    { name: 'version --client', args: ['version', '--client'], env: base, bound: 1.5 },
    { name: '--help', args: ['--help'], env: base, bound: 1.5 },
    { name: 'get profile net1 -o yaml, local', args: ['get', 'profile', 'net1', '-o', 'yaml'], env: stores.local, bound: 1.8 },
    { name: 'get profile net1 -o yaml, etcd', args: ['get', 'profile', 'net1', '-o', 'yaml'], env: stores.etcd, bound: 3.5 },
    { name: 'why, 100 files with 1,000 endpoints', args: question, env: base, bound: 4 },
    { name: 'the same, no file read before', args: question, env: base, bound: 12, before: forgetManifests },
  ].filter((row) => wanted(row.name))
  if (measures.length === 0) return
  for (const store of [stores.local, stores.etcd]) calicoctl(['apply', '-f', join(folder, 'one.yaml')], store)
  for (const row of measures) for (let i = 0; i < 3; i++) calicoctl(row.args, row.env)
  const floor = []
  const times = measures.map(() => [])
  for (let round = 0; round < 25; round++) {
    floor.push(timed(process.execPath, ['-e', '0'], base).milliseconds)
    for (const [index, row] of measures.entries()) {
      row.before?.()
      times[index].push(calicoctl(row.args, row.env).milliseconds)
    }
  }
  for (const [index, row] of measures.entries()) {
    rows.push({
      name: row.name,
      milliseconds: median(times[index]),
      ratio: median(times[index]) / median(floor),
      best: Math.min(...times[index]) / Math.min(...floor),
      bound: row.bound,
    })
  }
}

/** What `why` keeps of manifests between runs. */
function forgetManifests() {
  const kept = join(folder, 'cache', 'calicoctl')
  for (const name of readdirSync(kept)) if (name.startsWith('manifests-')) unlinkSync(join(kept, name))
}

/** Commands over 10,000 resources: three runs each, the middle one counts. */
function bulk(store) {
  const env = stores[store]
  const file = (name) => join(folder, name)
  const get = (format) => ['get', 'profiles', ...format]
  const measure = (what, args, bound, options = {}) => {
    const name = options.offline ? what : `${what}, ${store}`
    if (!wanted(name)) return
    const floors = []
    const runs = []
    options.once?.()
    for (let i = 0; i < (options.runs ?? 3); i++) {
      options.before?.()
      floors.push(timed(process.execPath, ['-e', '0'], base).milliseconds)
      runs.push(calicoctl(args, env))
    }
    const times = runs.map((run) => run.milliseconds)
    rows.push({
      name,
      milliseconds: median(times),
      ratio: median(times) / median(floors),
      best: Math.min(...times) / Math.min(...floors),
      // The local datastore is to be no slower than etcd was.
      bound: rows.find((row) => row.name === `${what}, etcd` && row.ratio < bound)?.ratio ?? bound,
      megabytes: Math.max(...runs.map((run) => run.megabytes)),
      mostMegabytes: options.mostMegabytes,
    })
  }
  const empty = () => calicoctl(['delete', '-f', file('profiles.yaml'), '--skip-not-exists'], env)
  const filled = () => calicoctl(['apply', '-f', file('profiles.yaml')], env)
  if (store === 'etcd')
    measure('validate -f, 10,000 policies in one file', ['validate', '-f', file('policies.yaml')], 45, { offline: true, mostMegabytes: 300 })
  measure('apply -f, 10,000 new profiles', ['apply', '-f', file('profiles.yaml')], 40, { before: empty })
  measure('apply -f, 10,000 unchanged', ['apply', '-f', file('profiles.yaml')], 40, { once: filled })
  measure('apply -f, 10,000 changed', ['apply', '-f', file('changed.yaml')], 40, { before: filled })
  measure('get profiles of 10,000: table', get([]), 10, { once: filled })
  measure('get profiles of 10,000: wide', get(['-o', 'wide']), 12, { once: filled })
  measure('get profiles of 10,000: yaml', get(['-o', 'yaml']), 25, { once: filled })
  measure('get profiles of 10,000: json', get(['-o', 'json']), 10, { once: filled })
  measure('delete -f, 10,000', ['delete', '-f', file('profiles.yaml')], 40, { before: filled })
}

/** The engine in memory, each measure in a process of its own. Updates are bounded in milliseconds, the others as multiples. */
function engine() {
  const measure = (name, what, endpoints, policies, bounds) => {
    if (!wanted(name)) return
    const [floors, runs] = [[], []]
    for (let i = 0; i < 3; i++) {
      floors.push(timed(process.execPath, ['-e', '0'], base).milliseconds)
      const args = ['--expose-gc', join(root, 'test', 'bench', 'policy-one.mjs'), what, String(endpoints), String(policies)]
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { env: base, encoding: 'utf8' })
      if (status !== 0) throw new Error(`${name} failed with ${status}: ${stderr.slice(0, 500)}`)
      runs.push(JSON.parse(stdout))
    }
    const times = runs.map((run) => run.milliseconds)
    const megabytes = Math.max(...runs.map((run) => run.megabytes))
    const [milliseconds, floor] = [median(times), median(floors)]
    const best = Math.min(...times) / Math.min(...floors)
    const bound = bounds.milliseconds === undefined ? bounds.ratio : bounds.milliseconds / floor
    rows.push({ name, milliseconds, ratio: milliseconds / floor, best, bound, megabytes, mostMegabytes: bounds.megabytes })
    return milliseconds
  }
  measure('map of 10,000 endpoints x 1,000 policies', 'typical', 10_000, 1000, { ratio: 12, megabytes: 150 })
  measure('map of 10,000 x 5,000', 'typical', 10_000, 5000, { ratio: 20 })
  measure('map of 100,000 x 1,000', 'typical', 100_000, 1000, { ratio: 20 })
  measure('map of 10,000 x 1,000, each selector one endpoint', 'hostile', 10_000, 1000, { ratio: 70 })
  // At most linear in endpoints: ten times as many cost ten times as much at most,.
  const small = measure('map of 1,000 x 1,000', 'typical', 1000, 1000, { ratio: 12 })
  if (small !== undefined) measure('map of 10,000 x 1,000, growth from 1,000', 'typical', 10_000, 1000, { milliseconds: 10 * small })
  if (small !== undefined) measure('map of 100,000 x 1,000, growth from 1,000', 'typical', 100_000, 1000, { milliseconds: 100 * small })
  measure('one endpoint changed in 10,000 x 1,000', 'update-endpoint', 10_000, 1000, { milliseconds: 1 })
  measure('one policy changed in 10,000 x 1,000', 'update-policy', 10_000, 1000, { milliseconds: 20 })
}

function wanted(name) {
  return words.length === 0 || words.some((word) => name.includes(word))
}

function calicoctl(args, env) {
  return timed(process.execPath, [program, ...args], env)
}

/** Runs a program to its end; milliseconds from fork to exit, peak memory in MB where GNU time is there. */
function timed(command, args, env) {
  const started = performance.now()
  const gnu = existsSync('/usr/bin/time') && args[0] === program
  const full = gnu ? ['-f', 'MAXRSS %M', command, ...args] : args
  const { status, stderr } = spawnSync(gnu ? '/usr/bin/time' : command, full, {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const milliseconds = performance.now() - started
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${status}: ${stderr.slice(0, 500)}`)
  return { milliseconds, megabytes: Number(/MAXRSS (\d+)/.exec(stderr)?.[1] ?? 0) / 1024 }
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

function isOver({ ratio, bound, megabytes, mostMegabytes }) {
  return ratio > bound || (mostMegabytes !== undefined && megabytes > mostMegabytes)
}

function print() {
  const lines = rows.map((row) => [
    row.name,
    `${row.milliseconds.toFixed(row.milliseconds < 10 ? 1 : 0)} ms`,
    `${row.ratio.toFixed(2)} x (best ${row.best.toFixed(2)} x)`,
    `${Number(row.bound.toFixed(2))} x`,
    row.megabytes ? `${row.megabytes.toFixed(0)} MB${row.mostMegabytes === undefined ? '' : ` of ${row.mostMegabytes}`}` : '',
    isOver(row) ? 'OVER' : 'ok',
  ])
  const table = [['measure', 'median', 'times `node -e 0`', 'at most', 'memory', ''], ...lines]
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)))
  for (const line of table)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
}

async function startEtcd() {
  const [client, peer] = [await freePort(), await freePort()]
  const url = (port) => `http://127.0.0.1:${port}`
  const child = spawn(
    'etcd',
    [
      '--data-dir',
      join(folder, 'etcd'),
      '--listen-client-urls',
      url(client),
      '--advertise-client-urls',
      url(client),
      '--listen-peer-urls',
      url(peer),
      '--initial-advertise-peer-urls',
      url(peer),
      '--initial-cluster',
      `default=${url(peer)}`,
    ],
    { stdio: 'ignore' },
  )
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    const attempt = () => {
      const socket = connect(client, '127.0.0.1')
      socket.once('connect', () => resolve(socket.destroy()))
      socket.once('error', () => setTimeout(attempt, 20))
    }
    attempt()
  })
  return { endpoint: url(client), stop: () => child.kill('SIGKILL') }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
