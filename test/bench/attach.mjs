// What a container waits for when it is attached, and leaves: `docker run` and `docker rm -f` on a network of ours with the whole agent on an etcd, on a bridge network that
// was made with Docker's own driver (it has names, as ours has), on Docker's default bridge and on none, in turn. The bound is against Docker's own network.
//   npm run build && sudo node test/bench/attach.mjs
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../.build/', import.meta.url))
const { DockerHost } = await import(`${built}test/lab/docker-host.js`)
const { Fabric } = await import(`${built}test/lab/fabric.js`)

const ROUNDS = 25
const NETWORKS = ['none', 'bridge', 'docker1', 'net1']
/** Milliseconds over a network of Docker's own driver. */
const BOUND = 50

const fabric = await Fabric.open()
const host = await DockerHost.open('bench', fabric)
try {
  await host.startAgent()
  await host.startDocker()
  await host.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', 'net1')
  await host.docker('network', 'create', 'docker1')
  const [runs, removals] = [new Map(), new Map()]
  for (const network of NETWORKS) for (const times of [runs, removals]) times.set(network, [])
  for (let round = 0; round <= ROUNDS; round++) {
    for (const network of NETWORKS) {
      const begun = performance.now()
      const id = await host.docker('run', '--net', network, '-d', 'busybox', 'sleep', '3600')
      const ran = performance.now()
      await host.docker('rm', '-f', id)
      // The first one loads what the others find loaded.
      if (round === 0) continue
      runs.get(network).push(ran - begun)
      removals.get(network).push(performance.now() - ran)
    }
  }
  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1]
  for (const network of NETWORKS) {
    const [run, removal] = [runs, removals].map((times) => `${median(times.get(network)).toFixed(0)} ms`.padStart(7))
    console.log(`${network.padEnd(8)} docker run ${run}   docker rm -f ${removal}`)
  }
  console.log('what Docker waits for the agent:')
  const waits = new Map()
  for (const [, method, time] of host.log.matchAll(/"Docker was answered","method":"\w+\.(\w+)","milliseconds":([\d.]+)/g)) {
    if (!waits.has(method)) waits.set(method, [])
    waits.get(method).push(Number(time))
  }
  for (const [method, times] of waits) if (times.length >= ROUNDS) console.log(`  ${method.padEnd(28)} ${median(times).toFixed(1).padStart(6)} ms`)
  const over = (network) => median(runs.get('net1')) - median(runs.get(network))
  console.log(
    `docker run, over the default bridge: ${over('bridge').toFixed(0)} ms, over a network of Docker's own: ${over('docker1').toFixed(0)} ms (at most ${BOUND})`,
  )
  process.exitCode = over('docker1') > BOUND ? 1 : 0
} finally {
  await host.close()
  await fabric.close()
}
