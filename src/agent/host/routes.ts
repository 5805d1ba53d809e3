import { formatIp } from '../../model/net.ts'
import type { Endpoint } from '../../policy/world/world.ts'
import { runProgram } from './program.ts'

/** Routes with this number are the agent's: others of the same kind it lets be. */
const PROTOCOL = '90'

/**
 * Makes the host's routes to its workloads what they should be: one for each address whose interface is there (`reference/felix.md 3.9`). Of several endpoints with an
 * address the first has the route. Gives how many were changed.
 */
export async function updateRoutes(workloads: ReadonlyMap<string, Endpoint>, interfaces: ReadonlySet<string>): Promise<number> {
  const wanted = new Map<string, string>()
  for (const [interfaceName, { addresses }] of workloads) {
    if (!interfaces.has(interfaceName)) continue
    for (const ip of addresses) if (!wanted.has(formatIp(ip))) wanted.set(formatIp(ip), interfaceName)
  }
  const [four, six] = await Promise.all([readRoutes('-4'), readRoutes('-6')])
  const present = new Map([...four, ...six])
  const lines: string[] = []
  for (const [address, device] of present) if (!wanted.has(address)) lines.push(`route del ${address} dev ${device} proto ${PROTOCOL}`)
  for (const [address, device] of wanted) {
    if (present.get(address) !== device) lines.push(`route replace ${address} dev ${device} proto ${PROTOCOL}`)
  }
  // A route whose interface goes in the meantime holds up none of the others.
  if (lines.length > 0) await runProgram(['ip', '-force', '-batch', '-'], { input: lines.join('\n') }).catch(() => {})
  return lines.length
}

// --- internal ---

async function readRoutes(family: '-4' | '-6'): Promise<[string, string][]> {
  const text = await runProgram(['ip', '-j', family, 'route', 'show', 'proto', PROTOCOL])
  const routes = JSON.parse(text.trim() === '' ? '[]' : text) as readonly { readonly dst: string; readonly dev?: string }[]
  return routes.map(({ dst, dev = '' }) => [dst, dev])
}
