import { createInterface } from 'node:readline'
import { type Ip, parseIp } from '../../model/net.ts'
import { runProgram, startProgram } from './program.ts'

/** The interfaces of the host, each with its addresses. */
export async function readInterfaces(): Promise<Map<string, readonly Ip[]>> {
  const links = JSON.parse(await runProgram(['ip', '-j', 'address', 'show'])) as readonly Link[]
  return new Map(
    links.map(({ ifname, addr_info: addresses = [] }) => [
      ifname,
      addresses.flatMap(({ local }) => {
        const ip = local === undefined ? undefined : parseIp(local)
        return ip ? [ip] : []
      }),
    ]),
  )
}

/** Calls back when interfaces, addresses or routes of the host change, until the signal aborts. */
export async function watchInterfaces(signal: AbortSignal, changed: () => void): Promise<void> {
  while (!signal.aborted) {
    const child = startProgram(['ip', 'monitor', 'link', 'address', 'route'], signal)
    child.stdin?.end()
    // What happened before it began to listen is looked at too.
    child.once('spawn', changed)
    if (child.stdout) for await (const _ of createInterface(child.stdout)) changed()
  }
}

// --- internal ---

interface Link {
  readonly ifname: string
  readonly addr_info?: readonly { readonly local?: string }[]
}
