// Runs inside of a host of the lab: the two drivers on a local datastore, with a node and pools. Ends with its input.
import { setTimeout as pause } from 'node:timers/promises'
import { startDockerDrivers } from '../../src/agent/docker/drivers.ts'
import { Routes } from '../../src/agent/host/routes.ts'
import { openDatastore } from '../../src/store/open.ts'

const [, , path = '', labels = 'false'] = process.argv
const datastore = await openDatastore({ driver: 'local', path })
const say = (line: string) => void process.stderr.write(`${line}\n`)
await startDockerDrivers({
  datastore,
  clock: {
    now: () => new Date(),
    timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: async (milliseconds) => await pause(milliseconds),
  },
  node: 'host1',
  scope: 'auto',
  containerLabels: labels === 'true',
  programmed: async () => {},
  routes: new Routes(),
  events: {
    failed: (method, error) => say(`driver: ${method}: ${String(error)}`),
    warning: (message) => say(`driver: ${message}`),
  },
})
process.stdout.write('ready\n')
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
process.once('SIGTERM', () => process.exit(0))
