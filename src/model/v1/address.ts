import { canonicalNetwork } from '../address.ts'
import { describe } from '../decode.ts'
import { type Family, formatIp, formatNet, parseIp, parseNet } from '../net.ts'
import { custom, type Field } from '../schema.ts'

/** An address field: text in any spelling, kept in that of Go (`FD00:0::1` becomes `fd00::1`). */
export function address(description: string, version?: Family): Field<string> {
  const wanted = `${version === undefined ? 'IP' : `IPv${version}`} address`
  return custom<string>(
    description,
    wanted,
    (raw, fail) => {
      const text = textOf(raw, `an ${wanted}`, fail)
      if (text === undefined) return undefined
      const found = text.includes('/') ? undefined : canonicalAddress(text)
      if (found === undefined) return fail(`"${text}" is not an ${wanted}`, text.includes('/') ? 'leave out the prefix length' : undefined)
      return ofVersion(found, version) ? found : fail(`"${text}" is not an ${wanted}`, `it is one of IPv${found.includes(':') ? 6 : 4}`)
    },
    { json: { type: 'string' } },
  )
}

/** A network field. An address alone stands for itself (`/32`, `/128`); host bits are kept (`reference/model.md 0.1`). */
export function network(description: string, version?: Family): Field<string> {
  const wanted = version === undefined ? 'a network' : `an IPv${version} network`
  return custom<string>(
    description,
    'network',
    (raw, fail) => {
      const text = textOf(raw, wanted, fail)
      if (text === undefined) return undefined
      const found = canonicalWithHost(text)
      if (found === undefined) return fail(`"${text}" is not ${wanted}`, 'write a network as in 192.168.0.0/16, or one address')
      return ofVersion(found, version) ? found : fail(`"${text}" is not ${wanted}`, `it is one of IPv${found.includes(':') ? 6 : 4}`)
    },
    { json: { type: 'string' } },
  )
}

/** The usual text of an address, or undefined when it is none. */
function canonicalAddress(text: string): string | undefined {
  const ip = parseIp(text)
  return ip && formatIp(ip)
}

/** The usual text of a network with its host bits, an address alone as the network of itself; or undefined when it is neither. */
export function canonicalWithHost(text: string): string | undefined {
  const net = parseNet(text)
  return net && formatNet(net)
}

/** A network with its host bits cut off. */
export function masked(cidr: string): string {
  return canonicalNetwork(cidr) ?? cidr
}

/** The IP version of an address or network that the fields above made. */
export function versionOf(text: string): Family {
  return text.includes(':') ? 6 : 4
}

/** The prefix length of a network that the field above made. */
export function prefixOf(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1))
}

/** IPv4 before IPv6, else as they stand: so v1 lists addresses when it reads them back. */
export function ipv4First<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  return [...items].sort((a, b) => versionOf(textOf(a)) - versionOf(textOf(b)))
}

// --- internal ---

type Fail = (message: string, help?: string) => void

function textOf(raw: unknown, wanted: string, fail: Fail): string | undefined {
  if (typeof raw === 'string') return raw
  fail(`expected ${wanted}, found ${describe(raw)}`)
  return undefined
}

function ofVersion(text: string, version: Family | undefined): boolean {
  return version === undefined || versionOf(text) === version
}
