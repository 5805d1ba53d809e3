// `node test/bench/agent.mjs`, as root, after a build: the agent of the built program on a real etcd, with 1,000 workloads on its host. From a write to the datastore until the
// kernel has the rule, as the kernel tells it; what the agent takes when nothing happens; its memory at most. Prints a table; exits 1 when a bound is broken.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SIZE = 1000
const ROUNDS = 20
const IDLE_SECONDS = 10

// All of it runs in a network of its own.
if (process.argv[2] !== 'inside') {
  const script = 'ip link set lo up && exec "$0" "$1" inside'
  const child = spawn('unshare', ['--net', '--kill-child', 'sh', '-c', script, process.execPath, fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  process.exit(code ?? 1)
}

const { startEtcd } = await import('../../.build/test/lab/etcd.js')
const { openEtcd } = await import('../../.build/src/store/drivers/etcd.js')
const folder = mkdtempSync(join(tmpdir(), 'calicoctl-bench-'))
const etcd = await startEtcd()
const store = openEtcd({ endpoints: [etcd.endpoint] })
let agent
let monitor
try {
  const profile = (port) => put('profiles/net1', { kind: 'Profile', metadata: { name: 'net1' }, spec: profileSpec(port) })
  const workload = (index) => put(`workloadendpoints/libnetwork/host1-libnetwork-libnetwork-e${index}`, endpoint(index))
  await store.txn({ compare: [], then: [profile(1)] })
  for (let from = 1; from <= SIZE; from += 100)
    await store.txn({ compare: [], then: Array.from({ length: 100 }, (_, index) => workload(from + index)) })

  const args = [
    'node',
    'run',
    '--name=host1',
    '--disable-docker-networking',
    '--backend=none',
    '--ip=127.0.0.1',
    '--agent-log=debug',
    '--run-dir',
    folder,
  ]
  const begun = performance.now()
  agent = spawn(process.execPath, [join(root, 'bin', 'calicoctl'), ...args], {
    env: { PATH: process.env.PATH, HOME: folder, ETCD_ENDPOINTS: etcd.endpoint },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log = createInterface(agent.stderr)
  for await (const line of log) if (line.includes('the kernel has what the datastore says')) break
  agent.stderr.resume()
  const started = performance.now() - begun
  // The state is noted once, a second later.
  await pause(3000)

  monitor = spawn('nft', ['monitor'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const heard = []
  const listeners = new Set()
  createInterface(monitor.stdout).on('line', (line) => {
    heard.push({ line, at: performance.now() })
    if (line.startsWith('# new generation')) for (const look of listeners) look()
  })
  /** Milliseconds from what is done until the transaction is over in which the kernel tells that something was added. */
  const until = async (act, marker) => {
    heard.length = 0
    const from = performance.now()
    await act()
    for (;;) {
      const found = heard.findIndex(({ line }) => line.startsWith('add ') && line.includes(marker))
      const end = found === -1 ? undefined : heard.slice(found).find(({ line }) => line.startsWith('# new generation'))
      if (end) return end.at - from
      await new Promise((resolve) => {
        const look = () => {
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
      })
    }
  }
  const write = (operation) => () => store.txn({ compare: [], then: [operation] })
  const [rules, endpoints, repairs] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    rules.push(await until(write(profile(2000 + round)), ` ${2000 + round} `))
    await pause(50)
    endpoints.push(await until(write(workload(SIZE + 1 + round)), `"${nameOf(SIZE + 1 + round)}"`))
    await pause(50)
  }
  for (let round = 0; round < 3; round++) {
    await pause(1500)
    repairs.push(await until(() => spawnSync('nft', ['delete', 'table', 'inet', 'calico']), `"${nameOf(1)}"`))
  }
  await pause(3000)
  const before = processorSeconds()
  await pause(IDLE_SECONDS * 1000)
  const idle = ((processorSeconds() - before) / IDLE_SECONDS) * 100
  const memory = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) / 1000

  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1]
  const rows = [
    ['start of the program until the kernel has all', started, 'ms', 8600, 2500],
    ['profile rule: written until in the kernel', median(rules), 'ms', 19, 30],
    ['new endpoint: written until in the kernel', median(endpoints), 'ms', 70, 50],
    ['table deleted by someone else: until all is back', median(repairs), 'ms', 177_000, 1000],
    [`idle, of one processor over ${IDLE_SECONDS} s`, idle, '%', 1.2, 2],
    ['memory at most', memory, 'MB', 191, 200],
  ]
  for (const [name, value, unit, felix, bound] of rows) {
    const cells = [
      name.padEnd(50),
      `${value.toFixed(1)} ${unit}`.padStart(11),
      `Felix ${felix} ${unit}`.padStart(14),
      `at most ${bound} ${unit}`.padStart(16),
    ]
    console.log(`${cells.join('  ')}  ${value > bound ? 'OVER' : 'ok'}`)
  }
  process.exitCode = rows.some(([, value, , , bound]) => value > bound) ? 1 : 0
} finally {
  monitor?.kill()
  if (agent && agent.exitCode === null) {
    agent.kill()
    await once(agent, 'exit')
  }
  await store.close()
  await etcd.stop()
  rmSync(folder, { recursive: true, force: true })
}

// --- internal ---

function put(path, resource) {
  const metadata = { uid: '0b1c8e8e-5f3a-4b64-9d0e-0123456789ab', creationTimestamp: '2026-01-02T03:04:05Z', ...resource.metadata }
  return {
    type: 'put',
    key: `/calico/resources/v3/projectcalico.org/${path}`,
    value: JSON.stringify({ apiVersion: 'projectcalico.org/v3', ...resource, metadata }),
  }
}

function profileSpec(port) {
  return {
    egress: [{ action: 'Allow' }],
    ingress: [
      { action: 'Allow', protocol: 'TCP', source: {}, destination: { ports: [port] } },
      { action: 'Allow', source: { selector: "net1 == ''" }, destination: {} },
    ],
    labelsToApply: { net1: '' },
  }
}

function nameOf(index) {
  return `cali${index.toString(16).padStart(8, '0')}`
}

function endpoint(index) {
  const name = `host1-libnetwork-libnetwork-e${index}`
  const spec = { orchestrator: 'libnetwork', workload: 'libnetwork', node: 'host1', endpoint: `e${index}`, interfaceName: nameOf(index) }
  return {
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace: 'libnetwork' },
    spec: { ...spec, ipNetworks: [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}/32`], profiles: ['net1'] },
  }
}

/** What the agent and the programs that it has started have used. */
function processorSeconds() {
  let ticks = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      // State, parent, ..., user and system time, and those of children that have ended.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      if (pid === String(agent.pid))
        ticks += fields
          .slice(11, 15)
          .map(Number)
          .reduce((sum, value) => sum + value, 0)
      else if (fields[1] === String(agent.pid)) ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // It has ended in this moment.
    }
  }
  return ticks / 100
}
