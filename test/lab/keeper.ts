// Keeps two Docker hosts, an agent on each, and their etcd until it is ended by a signal; `test/lab.mjs` starts it. Says what it is at, a line each; the last line
// is JSON: how to get into the hosts.
import { DockerHost } from './docker-host.ts'
import { Fabric } from './fabric.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)
const open: { close(): Promise<void> }[] = []
let ending = false

/** The hosts first, then what they are plugged into. */
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  const [fabric, ...hosts] = open
  await Promise.all(hosts.map((host) => host.close()))
  await fabric?.close()
  process.exit(code)
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void end(0))
// Whoever started it may have gone; it stays.
process.stdout.on('error', () => {})
try {
  const fabric = await Fabric.open()
  open.push(fabric)
  say(`etcd answers at ${fabric.etcd}`)
  const hosts: DockerHost[] = []
  for (const name of ['calico-01', 'calico-02']) {
    const host = await DockerHost.open(name, fabric)
    open.push(host)
    hosts.push(host)
  }
  await Promise.all(
    hosts.map(async (host) => {
      await host.startAgent()
      await host.startDocker(`--cluster-store=${fabric.clusterStore}`)
      say(`${host.name} (${host.address}) runs Docker and the agent`)
    }),
  )
  say(JSON.stringify({ pid: process.pid, etcd: fabric.etcd, hosts: Object.fromEntries(hosts.map((host) => [host.name, host.enter])) }))
  // What is open keeps the process from ending.
  setInterval(() => {}, 1 << 30)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  await end(1)
}
