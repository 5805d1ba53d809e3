// Several hosts, each in namespaces of its own with the built agent (without Docker) and BIRD, on one etcd; as root, after a build:
//   node test/bench/hosts.mjs            two hosts: a route of a new block, an edited profile
//   node test/bench/hosts.mjs 5 25 50    so many hosts of 200 workloads each: an edited policy that acts on all of them, and what that costs etcd
import { spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../.build/', import.meta.url))
const RUNS = 10
const WORKLOADS = 200
const PROFILE = '/calico/resources/v3/projectcalico.org/profiles/net1'

if (process.argv[2] === 'writer') await beWriter(process.argv[3])
else {
  const { Fabric } = await import(`${built}test/lab/fabric.js`)
  const { RoutedHost } = await import(`${built}test/lab/routed-host.js`)
  const sizes = process.argv.slice(2).map(Number)
  const rows = sizes.length === 0 ? await twoHosts() : []
  for (const size of sizes) rows.push(...(await manyHosts(size)))
  for (const { what, value, unit = 'ms', bound } of rows) {
    const isOver = bound !== undefined && value > bound
    if (isOver) process.exitCode = 1
    console.log(
      `${what.padEnd(64)}${value.toFixed(0).padStart(8)} ${unit}${bound === undefined ? '' : `   at most ${bound.toFixed(0)}${isOver ? '   OVER' : ''}`}`,
    )
  }

  async function twoHosts() {
    const fabric = await Fabric.open()
    const hosts = []
    try {
      for (const name of ['calico-01', 'calico-02']) hosts.push(await RoutedHost.open(name, fabric))
      const agents = await Promise.all(hosts.map((host) => watchAgent(host)))
      const writer = startWriter(hosts[0])
      await writer.write({ workloads: 100, host: 'calico-01' })
      await settled(agents, await writer.write({ workloads: 100, host: 'calico-02' }))
      const routes = []
      for (let run = 0; run < RUNS; run++) {
        const arrived = nextRoute(hosts[1], `192.168.${200 + (run >> 2)}.${64 * (run % 4)}/26`)
        const { done } = await writer.write({ block: run })
        routes.push((await arrived) - done)
      }
      const [one, both] = [[], []]
      for (let run = 0; run < RUNS; run++) {
        const { revision, begun } = await writer.write({ edit: run })
        const times = await Promise.all(agents.map((agent) => agent.reached(revision)))
        one.push(times[0] - begun)
        both.push(Math.max(...times) - begun)
      }
      await writer.end()
      return [
        { what: 'route of a new block, on the other host', value: median(routes), bound: 100 },
        { what: 'edited profile, on the host of who edits', value: median(one) },
        { what: 'edited profile, on both', value: median(both), bound: median(one) + 30 },
      ]
    } finally {
      await Promise.all(hosts.map((host) => host.close()))
      await fabric.close()
    }
  }

  async function manyHosts(size) {
    const fabric = await Fabric.open()
    const hosts = []
    try {
      for (let index = 0; index < size; index++) hosts.push(await RoutedHost.open(`host${index}`, fabric))
      const writer = startWriter(hosts[0])
      await writer.write({ bare: true })
      for (const host of hosts) await writer.write({ workloads: WORKLOADS, host: host.name })
      const agents = []
      // Four at a time, as hosts do not all start in one moment.
      for (let index = 0; index < size; index += 4) {
        agents.push(...(await Promise.all(hosts.slice(index, index + 4).map((host) => watchAgent(host, '--backend=none')))))
      }
      const edits = []
      const before = load(fabric)
      for (let run = 0; run < RUNS; run++) {
        const { revision, begun } = await writer.write({ policy: run })
        const times = await Promise.all(agents.map((agent) => agent.reached(revision)))
        edits.push(Math.max(...times) - begun)
      }
      const after = load(fabric)
      await writer.end()
      const name = `${size} hosts x ${WORKLOADS} workloads`
      return [
        { what: `${name}: edited policy enforced everywhere`, value: median(edits) },
        { what: `${name}: CPU of etcd for each edit`, value: (after.cpu - before.cpu) / RUNS },
        { what: `${name}: sent by etcd for each edit`, value: (after.sent - before.sent) / RUNS / 1024, unit: 'KiB' },
        { what: `${name}: watches at etcd`, value: after.watches, unit: '' },
        { what: `${name}: memory of etcd`, value: after.memory / 2 ** 20, unit: 'MiB' },
      ]
    } finally {
      await Promise.all(hosts.map((host) => host.close()))
      await fabric.close()
    }
  }
}

// --- internal ---

/** An agent whose log is read: when it had which revision in the kernel. */
async function watchAgent(host, ...options) {
  const seen = []
  const waiting = new Set()
  await host.startAgent(...options)
  host.heard((line) => {
    const { event, revision } = JSON.parse(line)
    if (event !== 'the kernel has what the datastore says') return
    seen.push({ revision, at: Date.now() })
    for (const wake of waiting) wake()
  })
  return {
    /** Milliseconds since 1970 when it had this revision or a later one. */
    async reached(revision) {
      for (;;) {
        const found = seen.find((one) => one.revision >= revision)
        if (found) return found.at
        await new Promise((resolve) => {
          const wake = () => {
            waiting.delete(wake)
            resolve()
          }
          waiting.add(wake)
        })
      }
    },
  }
}

async function settled(agents, { revision }) {
  await Promise.all(agents.map((agent) => agent.reached(revision)))
}

/** When a host's kernel told of a route. */
async function nextRoute(host, to) {
  const [program, ...args] = host.inside(['ip', 'monitor', 'route'])
  const monitor = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(monitor.stdout)) {
    if (!line.startsWith(`${to} via`)) continue
    const at = Date.now()
    monitor.kill()
    return at
  }
}

/** Somebody on a host who writes into the datastore when told to, and tells when it was done. */
function startWriter(host) {
  const [program, ...args] = host.inside([process.execPath, fileURLToPath(import.meta.url), 'writer', host.etcd])
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async write(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return JSON.parse((await lines.next()).value)
    },
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await ended
    },
  }
}

async function beWriter(endpoint) {
  const { openDatastore } = await import(`${built}src/store/open.js`)
  const { createIpam } = await import(`${built}src/ipam/store.js`)
  const { assignAddress } = await import(`${built}src/ipam/assign-given.js`)
  const { parseIp } = await import(`${built}src/model/net.js`)
  const { run } = await import(`${built}test/context.js`)
  const store = await openDatastore({ driver: 'etcd', endpoints: [endpoint] })
  const clock = {
    now: () => new Date(),
    timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: (time) => new Promise((resolve) => setTimeout(resolve, time)),
  }
  const ipam = createIpam(store, clock)
  const resource = (kind, metadata, spec) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata, spec })
  const apply = async (items) => {
    const { code, stderr } = await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
    if (code !== 0) throw new Error(stderr)
  }
  let hosts = 0
  for await (const line of createInterface(process.stdin)) {
    const { workloads, host, block, edit, policy, bare } = JSON.parse(line)
    let begun = Date.now()
    if (bare) await apply([resource('IPPool', { name: 'default' }, { cidr: '10.0.0.0/8', natOutgoing: true })])
    if (workloads !== undefined) {
      const number = hosts++
      const endpoints = Array.from({ length: workloads }, (_, index) =>
        resource(
          'WorkloadEndpoint',
          { namespace: 'libnetwork', labels: { role: index % 2 === 0 ? 'even' : 'odd' } },
          {
            orchestrator: 'libnetwork',
            workload: 'libnetwork',
            node: host,
            endpoint: `e${index}`,
            interfaceName: `cali${index}`,
            ipNetworks: [`10.${number}.${index >> 8}.${index & 255}/32`],
            profiles: ['net1'],
          },
        ),
      )
      await apply([...endpoints, ...profile(0)])
    }
    if (block !== undefined) {
      // A block of a pool that nobody has: the whole of what an assignment on a new block does.
      const ip = parseIp(`192.168.${200 + (block >> 2)}.${64 * (block % 4)}`)
      await assignAddress(ipam, { ip, host: 'calico-01', holder: { attributes: {} } })
    }
    if (edit !== undefined) {
      // What `calicoctl` takes to read and check is not what is asked here.
      const { value } = await store.get(PROFILE)
      const edited = value.replace(/"ports":\[\d+\]/, `"ports":[${2 + edit}]`)
      begun = Date.now()
      await store.txn({ compare: [], then: [{ type: 'put', key: PROFILE, value: edited }] })
    }
    if (policy !== undefined) {
      await apply([
        resource(
          'GlobalNetworkPolicy',
          { name: 'all' },
          {
            selector: 'all()',
            ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [1 + policy] }, source: { selector: "role == 'even'" } }],
          },
        ),
      ])
    }
    const done = Date.now()
    const { revision } = await store.range({ start: PROFILE })
    process.stdout.write(`${JSON.stringify({ begun, done, revision })}\n`)
  }
  await store.close()

  function profile(port) {
    const ingress = [
      { action: 'Allow', protocol: 'TCP', destination: { ports: [1 + port] } },
      { action: 'Allow', source: { selector: "net1 == ''" } },
    ]
    return [resource('Profile', { name: 'net1' }, { egress: [{ action: 'Allow' }], ingress, labelsToApply: { net1: '' } })]
  }
}

/** What etcd has used so far, by its own account and the kernel's. */
function load(fabric) {
  const metrics = fabric.metrics()
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0)
  return {
    cpu: value('process_cpu_seconds_total') * 1000,
    sent: value('etcd_network_client_grpc_sent_bytes_total'),
    watches: value('etcd_debugging_mvcc_watcher_total'),
    memory: value('process_resident_memory_bytes'),
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
