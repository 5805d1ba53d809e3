import * as v from 'valibot'
import { describe, type Fault } from '../decode.ts'
import { macAddress } from '../mac.ts'
import { parsePort, type Port } from '../port.ts'
import { type Check, custom, type Field, list, map, text } from '../schema.ts'

/** What v1 allows in names of nodes and in tags; names of other things may have `/` too (`reference/model.md 1`). */
export const plainName: Check<string> = (value) => nameFault(value, /^[a-zA-Z0-9_.-]{1,128}$/, 'letters, digits, "_", "." and "-"')
export const pathName: Check<string> = (value) => nameFault(value, /^[a-zA-Z0-9_./-]{1,128}$/, 'letters, digits, "_", ".", "/" and "-"')

export const profileNames = () => list('Profiles that hold after all policies, in order.', text('A profile.', { check: pathName }))

export const labels = (description: string) => map(description, text('A label value.'))

/** A protocol: one of v1's names, in lower case, or a number from 1 to 255. */
export function protocol(description: string): Field<string | number> {
  return custom<string | number>(description, 'protocol', decodeProtocol, {
    schema: v.union([v.string(), v.number()]),
    json: { anyOf: [{ enum: [...PROTOCOLS.keys()] }, { type: 'integer', minimum: 1, maximum: 255 }] },
  })
}

/** A port, a range of them, or the name of a port that endpoints declare. */
export function port(description: string): Field<Port> {
  return custom<Port>(description, 'port', decodePort, {
    schema: v.union([v.number(), v.string()]),
    json: { type: ['integer', 'string'], minimum: 1, maximum: 65_535 },
  })
}

/** A hardware address in any form that Go reads, kept as `ee:ee:ee:ee:ee:ee`. */
export function mac(description: string): Field<string> {
  return custom<string>(
    description,
    'MAC address',
    (raw, fail) => {
      if (typeof raw !== 'string') return fail(`expected a MAC address, found ${describe(raw)}`)
      const [message, help] = macAddress(raw)?.split('\n') ?? []
      if (message !== undefined) return fail(`"${raw}" ${message}`, help)
      return raw
        .toLowerCase()
        .replaceAll(/[^0-9a-f]/g, '')
        .replaceAll(/..(?!$)/g, '$&:')
    },
    { json: { type: 'string' } },
  )
}

/** Labels as v1 takes them: far more than v3 does, whose own check follows after the conversion. */
export function checkLabels(labels: Readonly<Record<string, string>> | undefined, path: Fault['path'], report: (fault: Fault) => void): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const place = [...path, key]
    if (!/^[a-zA-Z0-9_./-]{1,512}$/.test(key)) {
      report({ code: 'bad-label', path: place, message: `"${key}" is not a label`, help: LABEL_FORM, atKey: true })
    }
    if (!/^[a-zA-Z0-9]?([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?$/.test(value)) {
      report({ code: 'bad-label', path: place, message: `"${value}" is not a label value`, help: VALUE_FORM })
    }
  }
}

const PROTOCOLS = new Map([
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['icmp', 'ICMP'],
  ['icmpv6', 'ICMPv6'],
  ['sctp', 'SCTP'],
  ['udplite', 'UDPLite'],
])

/** A protocol as v3 writes it. */
export function protocolToV3(protocol: string | number | undefined): string | number | undefined {
  return typeof protocol === 'string' ? (PROTOCOLS.get(protocol) ?? protocol) : protocol
}

/** A protocol of v3 as v1 writes it; what is not among v3's is left as it is. */
export function protocolToV1(protocol: string | number | undefined): string | number | undefined {
  return [...PROTOCOLS].find(([, name]) => name === protocol)?.[0] ?? protocol
}

// --- internal ---

const LABEL_FORM = 'a label is made of 1 to 512 letters, digits, "_", ".", "/" and "-"'
const VALUE_FORM = 'a value is made of at most 63 letters, digits, "_", "." and "-", and starts and ends with a letter or digit'
const PROTOCOL_HELP = `a protocol is one of ${[...PROTOCOLS.keys()].join(', ')}, or a number from 1 to 255`
const PORT_HELP = 'a port is a number from 1 to 65535, a range such as 1000:2000, or a name'

function nameFault(value: string, form: RegExp, allowed: string): string | undefined {
  if (form.test(value)) return undefined
  return value.length > 128 ? `has ${value.length} characters, 128 at most are allowed` : `is not a name of v1\nit is made of 1 to 128 ${allowed}`
}

function decodeProtocol(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  const number = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 255) return number
  if (typeof raw === 'string' && PROTOCOLS.has(raw)) return raw
  const lower = typeof raw === 'string' ? raw.toLowerCase() : ''
  if (PROTOCOLS.has(lower)) return fail(`"${String(raw)}" is not a protocol of v1`, `v1 writes it "${lower}"`)
  return fail(isScalar(raw) ? `"${raw}" is not a protocol` : `expected a protocol, found ${describe(raw)}`, PROTOCOL_HELP)
}

function decodePort(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  const given = typeof raw === 'number' && Number.isInteger(raw) ? String(raw) : raw
  const parsed = typeof given === 'string' ? parsePort(given) : undefined
  if (parsed && 'port' in parsed) {
    if (Number(String(parsed.port).split(':')[0]) !== 0) return parsed.port
    return fail(`"${String(raw)}" is not a port`, 'ports go from 1 to 65535')
  }
  return fail(parsed?.fault ?? (isScalar(raw) ? `${raw} is not a port` : `expected a port, found ${describe(raw)}`), PORT_HELP)
}

function isScalar(raw: unknown): raw is string | number | bigint {
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'bigint'
}
