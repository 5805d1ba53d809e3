import { runProgram } from '../host/program.ts'
import { ROUTE_PROTOCOLS } from './numbers.ts'

/** A route of the host that is the agent's: to nowhere, or through a device, straight or by a gateway. */
export interface HostRoute {
  /** A network, or an address alone without `/32`, as `ip` writes it. */
  readonly to: string
  readonly through: 'blackhole' | { readonly device: string; readonly gateway?: string; readonly source?: string }
}

/** Makes the host's routes with the agent's protocol number what they should be; only what differs is touched. Gives how many were. @throws ProgramError */
export async function updateHostRoutes(wanted: readonly HostRoute[]): Promise<number> {
  const present = new Map([...(await readRoutes('-4')), ...(await readRoutes('-6'))])
  const target = new Map(wanted.map((route) => [route.to, describe(route)]))
  const lines: string[] = []
  for (const [to, route] of present) if (!target.has(to)) lines.push(`route del ${route} proto ${PROTOCOL}`)
  for (const [to, route] of target) if (present.get(to) !== route) lines.push(`route replace ${route} proto ${PROTOCOL}`)
  if (lines.length > 0) await runProgram(['ip', '-force', '-batch', '-'], { input: lines.join('\n') })
  return lines.length
}

// --- internal ---

const PROTOCOL = String(ROUTE_PROTOCOLS.blocks)

function describe({ to, through }: HostRoute): string {
  if (through === 'blackhole') return `blackhole ${to}`
  const { device, gateway, source } = through
  return `${to}${gateway === undefined ? '' : ` via ${gateway}`} dev ${device}${gateway === undefined ? '' : ' onlink'}${source === undefined ? '' : ` src ${source}`}`
}

async function readRoutes(family: '-4' | '-6'): Promise<[string, string][]> {
  const text = await runProgram(['ip', '-j', family, 'route', 'show', 'proto', PROTOCOL])
  const routes = JSON.parse(text.trim() === '' ? '[]' : text) as readonly ListedRoute[]
  return routes.map(({ type, dst, gateway, dev = '', prefsrc }) => [
    dst,
    describe({
      to: dst,
      through:
        type === 'blackhole'
          ? 'blackhole'
          : { device: dev, ...(gateway === undefined ? {} : { gateway }), ...(prefsrc === undefined ? {} : { source: prefsrc }) },
    }),
  ])
}

interface ListedRoute {
  readonly type?: string
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
  readonly prefsrc?: string
}
