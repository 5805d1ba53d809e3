import { formatIp, type Ip } from '../../model/net.ts'
import type { Endpoint } from '../../policy/world/world.ts'
import { ROUTE_PROTOCOLS } from '../routing/numbers.ts'
import { runIpBatch } from './ip-batch.ts'
import { runProgram } from './program.ts'

/** Routes with this number are the agent's: others of the same kind it lets be. */
const PROTOCOL = String(ROUTE_PROTOCOLS.workloads)

/** The host's routes to its workloads: one for each address whose interface is there (`reference/felix.md 3.9`). */
export class Routes {
  /** Interfaces that were made for workloads of which the datastore does not tell yet. */
  readonly #expected = new Map<string, readonly Ip[]>()
  #before: { readonly wanted: string; readonly interfaces: ReadonlyMap<string, unknown> } | undefined

  /** Lines for `ip` that make the routes over an interface that is about to be a workload's. They are let be until the datastore tells of it. */
  expect(device: string, addresses: readonly Ip[]): string[] {
    this.#expected.set(device, addresses)
    return addresses.map((ip) => routeTo(formatIp(ip), device))
  }

  /** The interface is gone, and its routes with it. */
  forget(device: string): void {
    this.#expected.delete(device)
  }

  /**
   * Makes the routes what they should be. Of several endpoints with an address the first has it. The kernel is asked when something is to change, or when the
   * interfaces are others than the last time. Gives how many routes were changed.
   */
  async update(workloads: ReadonlyMap<string, Pick<Endpoint, 'addresses'>>, interfaces: ReadonlyMap<string, unknown>): Promise<number> {
    for (const device of workloads.keys()) this.#expected.delete(device)
    const wanted = new Map<string, string>()
    const add = (device: string, addresses: readonly Ip[]) => {
      for (const ip of addresses) if (!wanted.has(formatIp(ip))) wanted.set(formatIp(ip), device)
    }
    for (const there of [true, false]) for (const [device, { addresses }] of workloads) if (interfaces.has(device) === there) add(device, addresses)
    for (const [device, addresses] of this.#expected) add(device, addresses)
    const now = { wanted: JSON.stringify([...wanted]), interfaces }
    if (this.#before?.wanted === now.wanted && this.#before.interfaces === interfaces) return 0
    const [four, six] = await Promise.all([readRoutes('-4'), readRoutes('-6')])
    const present = new Map([...four, ...six])
    const lines: string[] = []
    for (const [address, device] of present) if (!wanted.has(address)) lines.push(`route del ${address} dev ${device} proto ${PROTOCOL}`)
    for (const [address, device] of wanted) if (interfaces.has(device) && present.get(address) !== device) lines.push(routeTo(address, device))
    // A route whose interface goes in the meantime holds up none of the others.
    await runIpBatch(lines, { goOn: true }).catch(() => {})
    this.#before = now
    return lines.length
  }
}

// --- internal ---

function routeTo(address: string, device: string): string {
  return `route replace ${address} dev ${device} proto ${PROTOCOL}`
}

async function readRoutes(family: '-4' | '-6'): Promise<[string, string][]> {
  const text = await runProgram(['ip', '-j', family, 'route', 'show', 'proto', PROTOCOL])
  const routes = JSON.parse(text.trim() === '' ? '[]' : text) as readonly { readonly dst: string; readonly dev?: string }[]
  return routes.map(({ dst, dev = '' }) => [dst, dev])
}
