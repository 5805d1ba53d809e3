import * as v from 'valibot'
import { describe } from './decode.ts'
import { custom, type Field } from './schema.ts'
import { didYouMean } from './suggest.ts'

/** An IP protocol as rules name it: one of `PROTOCOL_NAMES`, or its number from 1 to 255. */
export type Protocol = number | string

const PROTOCOL_NAMES = ['TCP', 'UDP', 'ICMP', 'ICMPv6', 'SCTP', 'UDPLite'] as const

/** The number of a protocol; undefined for a name that is none. */
export function protocolNumber(protocol: Protocol): number | undefined {
  return typeof protocol === 'number' ? protocol : NUMBERS[protocol]
}

/** A protocol field: text that is a number from 0 to 255 becomes one (`reference/model.md 0.1`). */
export function protocol(description: string): Field<Protocol> {
  return custom<Protocol>(description, 'protocol', decodeProtocol, {
    schema: v.union([v.number(), v.string()]),
    omit: 'absent',
    json: { anyOf: [{ enum: PROTOCOL_NAMES }, { type: 'integer', minimum: 1, maximum: 255 }] },
    check: (value) => {
      if (value === 0) return 'is not a protocol number: they go from 1 to 255'
      if (typeof value === 'number' || value in NUMBERS) return undefined
      const suggestion = didYouMean(value, PROTOCOL_NAMES)
      return `is not a protocol\n${suggestion === undefined ? `known: ${PROTOCOL_NAMES.join(', ')}, and numbers from 1 to 255` : `did you mean "${suggestion}"?`}`
    },
  })
}

/** Text that is a number from 0 to 255 becomes one, other text is kept: for fields that allow other protocols than rules do. */
export function decodeProtocol(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= 255) return raw
  if (typeof raw === 'string') return /^\d+$/.test(raw) && Number(raw) <= 255 ? Number(raw) : raw
  fail(`expected a protocol, found ${describe(raw)}`, `known: ${PROTOCOL_NAMES.join(', ')}, and numbers from 1 to 255`)
  return undefined
}

// --- internal ---

const NUMBERS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, ICMP: 1, ICMPv6: 58, SCTP: 132, UDPLite: 136 }
