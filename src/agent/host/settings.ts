import { writeFile } from 'node:fs/promises'
import type { Log } from '../log.ts'

/** What the host has to do for its workloads: forward (`reference/felix.md 3.9`). */
export async function prepareHost(log: Log): Promise<void> {
  await set(log, { 'net/ipv4/ip_forward': 1, 'net/ipv6/conf/all/forwarding': 1 })
}

/** What the host's side of a workload's wire has to do: answer for the gateway at once, and for every other address. */
export async function prepareInterface(name: string, log: Log): Promise<void> {
  await set(log, {
    [`net/ipv4/conf/${name}/proxy_arp`]: 1,
    [`net/ipv4/neigh/${name}/proxy_delay`]: 0,
    [`net/ipv4/conf/${name}/forwarding`]: 1,
    [`net/ipv6/conf/${name}/accept_ra`]: 0,
    [`net/ipv6/conf/${name}/proxy_ndp`]: 1,
    [`net/ipv6/conf/${name}/forwarding`]: 1,
  })
}

// --- internal ---

async function set(log: Log, settings: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    try {
      await writeFile(`/proc/sys/${name}`, String(value))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // A kernel without IPv6, or an interface that has gone since.
      if (code !== 'ENOENT') log('error', 'a setting of the kernel cannot be changed', { setting: name, value, why: message })
    }
  }
}
