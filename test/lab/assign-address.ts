import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { assignAddress } from '../../src/ipam/assign-given.ts'
import { autoAssign } from '../../src/ipam/assign.ts'
import { createIpam } from '../../src/ipam/store.ts'
import { formatIp, parseIp } from '../../src/model/net.ts'
import { openEtcd } from '../../src/store/drivers/etcd.ts'

/** A program for hosts of a test: takes an address for a workload, a given one or any, as Docker's IPAM driver would, and prints it. */
const [host = '', family = '4', given] = process.argv.slice(2)
const store = openEtcd({ endpoints: [process.env['ETCD_ENDPOINTS'] ?? ''], timeout: 5000 })
const ipam = createIpam(store, {
  now: () => new Date(),
  timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
  uuid: () => globalThis.crypto.randomUUID(),
  pause: async (milliseconds) => await pause(milliseconds),
})
const holder = { attributes: { node: host, type: 'test' } }
const wanted = given === undefined ? undefined : parseIp(given)
if (wanted) {
  await assignAddress(ipam, { ip: wanted, host, holder, use: 'Workload' })
  process.stdout.write(formatIp(wanted))
} else {
  const { v4, v6, error } = await autoAssign(ipam, { host, use: 'Workload', holder, ...(family === '6' ? { num6: 1 } : { num4: 1 }) })
  const [address] = (v4 ?? v6)?.addresses ?? []
  if (!address) throw error ?? new Error('no address')
  process.stdout.write(formatIp(address))
}
await store.close()
