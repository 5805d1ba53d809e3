import { integer, list, struct, text, type ValueOf } from '../schema.ts'
import { protocolToV1, protocolToV3 } from './field.ts'
import { present } from './kind.ts'

/** Ports of an endpoint that rules can name. Calico 2.6 itself has none; the tools that convert its data read them (`reference/model.md 6.0`). */
export const endpointPorts = () => list('Ports with names, for rules to use.', port())

export type V1Port = ValueOf<ReturnType<typeof port>>

export interface V3Port {
  readonly name?: string
  readonly protocol?: string | number
  readonly port?: number
}

export function portsToV3(ports: readonly V1Port[] | undefined): V3Port[] | undefined {
  return ports?.map(({ name, protocol, port }) => present({ name, protocol: protocolToV3(protocol), port }))
}

export function portsToV1(ports: readonly V3Port[] | undefined): V1Port[] | undefined {
  return ports?.map(({ name, protocol, port }) => {
    const converted = protocolToV1(protocol)
    return present({ name, port, protocol: converted === undefined ? undefined : String(converted) })
  })
}

// --- internal ---

function port() {
  return struct('A named port.', {
    name: text('How rules call the port.', { omit: 'never' }),
    protocol: text('One of tcp, udp and sctp.', { omit: 'never', oneOf: ['tcp', 'udp', 'sctp'] }),
    port: integer('Number of the port.', { omit: 'never', min: 1, max: 65_535 }),
  })
}
