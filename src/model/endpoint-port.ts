import { describe } from './decode.ts'
import type { Report } from './kind.ts'
import { portNameFault } from './port.ts'
import { type Check, custom, integer, list, struct, text } from './schema.ts'

/** A port of a host endpoint that policies can name (`reference/model.md 2.6`). */
export const hostPorts = () => list('Ports with names, for policies to use.', struct('A named port.', { ...portFields() }))

/** A port of a workload endpoint, which may be reached through a port of its host too (`reference/model.md 2.7`). */
export const workloadPorts = (hostAddress: Check<string>) =>
  list(
    'Ports with names, for policies to use, and ports that the host forwards.',
    struct('A named or forwarded port.', {
      ...portFields(),
      hostPort: integer('Port of the host that leads here; 0: none.', { range: PORT_RANGE, omit: 'never' }),
      hostIP: text("Address of the host that leads here; absent: all of the host's.", { omit: 'never', check: optional(hostAddress) }),
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
  name: text('How policies call the port.', { omit: 'never', check: optional(portNameFault) }),
  protocol: custom<string | number>('TCP, UDP or SCTP, by name or number.', 'protocol', decodeProtocol, { omit: 'never', zero: 0, check: hasPorts }),
  port: integer('Number of the port.', { range: PORT_RANGE, omit: 'never' }),
})

function optional(check: Check<string>): Check<string> {
  return (value) => (value === '' ? undefined : check(value))
}

function hasPorts(protocol: string | number): string | undefined {
  if (protocol === 0 || PORT_PROTOCOLS.includes(protocol)) return undefined
  const upper = typeof protocol === 'string' ? protocol.trim().toUpperCase() : ''
  return `is not a protocol with ports\n${upper !== protocol && PORT_PROTOCOLS.includes(upper) ? `write it as "${upper}"` : PROTOCOL_HELP}`
}

/** Text that is a number of a protocol becomes one; other text is kept as it is (`reference/model.md 0.1`). */
function decodeProtocol(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  const number = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 255) return number
  if (typeof raw === 'string') return raw
  fail(
    typeof raw === 'number' || typeof raw === 'bigint' ? `${raw} is not the number of a protocol` : `expected a protocol, found ${describe(raw)}`,
    PROTOCOL_HELP,
  )
  return undefined
}
