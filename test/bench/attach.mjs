// What a container waits for when it is attached: `docker run` on a network of ours, on Docker's own bridge, and on none, in turn.
//   npm run build && sudo node test/bench/attach.mjs
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../.build/', import.meta.url))
const { DockerHost } = await import(`${built}test/lab/docker-host.js`)

const ROUNDS = 15
const NETWORKS = ['none', 'bridge', 'net1']

const host = await DockerHost.open('bench')
try {
  await host.startAgent()
  await host.startDocker()
  await host.docker('network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', 'net1')
  const times = new Map(NETWORKS.map((network) => [network, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const network of NETWORKS) {
      const begun = performance.now()
      await host.docker('run', '--net', network, '-d', 'busybox', 'sleep', '3600')
      // The first one loads what the others find loaded.
      if (round > 0) times.get(network).push(performance.now() - begun)
    }
  }
  const median = (network) => times.get(network).sort((a, b) => a - b)[ROUNDS >> 1]
  for (const network of NETWORKS) console.log(`docker run --net ${network.padEnd(8)} ${median(network).toFixed(0)} ms`)
  console.log(`over Docker's own bridge    ${(median('net1') - median('bridge')).toFixed(0)} ms (at most 50)`)
} finally {
  await host.close()
}
