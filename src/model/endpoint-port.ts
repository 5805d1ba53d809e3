import type { Report } from './kind.ts'
import { portNameFault } from './port.ts'
import { decodeProtocol } from './protocol.ts'
import { type Check, custom, integer, list, orEmpty, struct, text } from './schema.ts'

/** A port of a host endpoint that policies can name (`reference/model.md 2.6`). */
export const hostPorts = () => list('Ports with names, for policies to use.', struct('A named port.', { ...portFields() }))

/** A port of a workload endpoint, which may be reached through a port of its host too (`reference/model.md 2.7`). */
export const workloadPorts = (hostAddress: Check<string>) =>
  list(
    'Ports with names, for policies to use, and ports that the host forwards.',
    struct('A named or forwarded port.', {
      ...portFields(),
      hostPort: integer('Port of the host that leads here; 0: none.', { range: PORT_RANGE, omit: 'never' }),
      hostIP: text("Address of the host that leads here; absent: all of the host's.", { omit: 'never', check: orEmpty(hostAddress) }),
    }),
  )

export interface EndpointPort {
  readonly name?: string
  readonly protocol?: string | number
  readonly port?: number
  readonly hostPort?: number
  readonly hostIP?: string
}

/** What ports lack. One that is there only to be forwarded needs no name. */
export function checkPorts(ports: readonly EndpointPort[] | undefined, report: Report): void {
  ports?.forEach((port, index) => {
    const lacks = (field: keyof EndpointPort, message: string, help: string) =>
      report({ code: 'missing-field', path: ['spec', 'ports', index, field], message, help })
    if (!port.name && !port.hostPort) lacks('name', 'a port needs a name', 'policies call the port by it')
    if (!port.protocol) lacks('protocol', 'a port needs a protocol', PROTOCOL_HELP)
    if (!port.port) lacks('port', 'a port needs a port number', 'from 1 to 65535')
  })
}

// --- internal ---

const PORT_RANGE = [0, 65_535] as const
const PORT_PROTOCOLS: readonly (string | number)[] = ['TCP', 'UDP', 'SCTP', 6, 17, 132]
const PROTOCOL_HELP = 'protocols with ports are TCP, UDP and SCTP'

const portFields = () => ({
  name: text('How policies call the port.', { omit: 'never', check: orEmpty(portNameFault) }),
  protocol: custom<string | number>('TCP, UDP or SCTP, by name or number.', 'protocol', decodeProtocol, {
    omit: 'never',
    zero: 0,
    check: hasPorts,
    json: { enum: [...PORT_PROTOCOLS, 0] },
  }),
  port: integer('Number of the port.', { range: PORT_RANGE, omit: 'never' }),
})

function hasPorts(protocol: string | number): string | undefined {
  if (protocol === 0 || PORT_PROTOCOLS.includes(protocol)) return undefined
  const upper = typeof protocol === 'string' ? protocol.trim().toUpperCase() : ''
  return `is not a protocol with ports\n${upper !== protocol && PORT_PROTOCOLS.includes(upper) ? `write it as "${upper}"` : PROTOCOL_HELP}`
}
