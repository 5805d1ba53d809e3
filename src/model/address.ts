import { containsNet, type Family, formatNet, isMasked, maskNet, overlaps, parseCidr, parseIp, parseNet } from './net.ts'
import type { Check } from './schema.ts'

/** The text of a network as Go prints it, without host bits; undefined when the text is none. */
export function canonicalNetwork(text: string): string | undefined {
  const network = parseCidr(text)
  return network && formatNet(maskNet(network))
}

/** Whether two networks have an address in common; false when one of the texts is no network. */
export function networksOverlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)]
  return one !== undefined && other !== undefined && overlaps(one, other)
}

/** Whether an address lies in a network, given as such or as an address alone. */
export function holdsAddress(network: string, address: string): boolean {
  const [outer, inner] = [parseNet(network), parseIp(address)]
  return outer !== undefined && inner !== undefined && containsNet(outer, inner)
}

/** Whether two addresses are of the same IP version; false when one is none. */
export function sameVersion(a: string, b: string): boolean {
  const family = parseIp(a)?.family
  return family !== undefined && family === parseIp(b)?.family
}

/** An address of either version, without prefix length. */
export const ipAddress: Check<string> = (value) => addressFault(value, undefined)
export const ipv4Address: Check<string> = (value) => addressFault(value, 4)
export const ipv6Address: Check<string> = (value) => addressFault(value, 6)

/** An address that may have a prefix length; host bits are fine. */
export const networkOrAddress: Check<string> = (value) => eitherFault(value, undefined)
export const ipv4AddressOrNetwork: Check<string> = (value) => eitherFault(value, 4)
export const ipv6AddressOrNetwork: Check<string> = (value) => eitherFault(value, 6)

/** A network with its prefix length; host bits are fine. */
export const network: Check<string> = (value) => (parseCidr(value) ? undefined : networkFault(value))

/** A network with its prefix length and no host bits. */
export const strictlyMasked: Check<string> = (value) => {
  const parsed = parseCidr(value)
  if (!parsed) return networkFault(value)
  return isMasked(parsed) ? undefined : `is not strictly masked\nwrite ${canonicalNetwork(value)}`
}

/** An address alone, or as a network of one address. */
export const singleAddress: Check<string> = (value) => {
  const parsed = parseNet(value)
  if (!parsed) return notAddress(value, undefined)
  return parsed.prefix === width(parsed.family) ? undefined : `contains multiple addresses\nwrite one address, alone or as /${width(parsed.family)}`
}

// --- internal ---

function width(family: Family): number {
  return family === 4 ? 32 : 128
}

function addressFault(value: string, family: Family | undefined): string | undefined {
  const parsed = parseIp(value)
  return parsed && (family === undefined || parsed.family === family) ? undefined : notAddress(value, family)
}

function eitherFault(value: string, family: Family | undefined): string | undefined {
  const parsed = parseNet(value)
  return parsed && (family === undefined || parsed.family === family) ? undefined : notAddress(value, family)
}

function notAddress(value: string, family: Family | undefined): string {
  const message = `is not an ${family === undefined ? 'IP' : `IPv${family}`} address`
  const other = parseNet(value)
  if (other && family !== undefined && other.family !== family) return `${message}\nit is one of IPv${other.family}`
  return other && value.includes('/') ? `${message}\nleave out the prefix length` : message
}

function networkFault(value: string): string {
  const alone = parseIp(value)
  return `is not a network in CIDR notation\n${alone ? `write ${value}/${width(alone.family)} for this address alone` : 'write it as in 192.168.0.0/16'}`
}
