import { readFile, writeFile } from 'node:fs/promises'
import type { Ip } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import type { Log } from '../log.ts'

/** What the host has to do for its workloads: forward (`reference/felix.md 3.9`). */
export async function prepareHost(log: Log): Promise<void> {
  for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) {
    await set({ [name]: 1 }).catch((error: unknown) => log('error', 'the host does not forward', { why: String(error) }))
  }
}

/**
 * What the host's side of a workload's wire has to do: answer for the gateway at once, and for every other address.
 * @throws UserError when the kernel cannot be told what the workload's addresses need
 */
export async function prepareInterface(name: string, addresses: readonly Ip[]): Promise<void> {
  await set({
    [`net/ipv4/conf/${name}/proxy_arp`]: 1,
    [`net/ipv4/neigh/${name}/proxy_delay`]: 0,
    [`net/ipv4/conf/${name}/forwarding`]: 1,
  })
  const six = set({
    [`net/ipv6/conf/${name}/accept_ra`]: 0,
    [`net/ipv6/conf/${name}/proxy_ndp`]: 1,
    [`net/ipv6/conf/${name}/forwarding`]: 1,
  })
  await (addresses.some(({ family }) => family === 6) ? six : six.catch(() => {}))
}

// --- internal ---

async function set(settings: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const path = `/proc/sys/${name}`
    try {
      await writeFile(path, String(value))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // A kernel without IPv6, or an interface that has gone since.
      if (code === 'ENOENT') continue
      // Where it cannot be written it may be right all the same.
      if ((await readFile(path, 'utf8').catch(() => '')).trim() === String(value)) continue
      throw new UserError(`a setting of the kernel cannot be made ${value}: ${message}`, 'is /proc/sys mounted read-only?')
    }
  }
}
