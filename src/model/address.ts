import type { Check } from './schema.ts'

/** A network, or an address alone (with the full prefix). An IPv4 one in IPv6 clothes (`::ffff:10.0.0.0/104`) counts as IPv4. */
export interface Network {
  readonly version: 4 | 6
  /** The address as written, host bits included; 32 or 128 bits. */
  readonly address: bigint
  readonly prefixLength: number
}

/** Reads a network as Go does, with a prefix length; undefined when the text is none. Leading zeros are fine in the prefix length only. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length = ''] = /^([^/]*)\/(\d+)$/.exec(text) ?? []
  const parsed = parseAddressText(address)
  if (!parsed || length === '') return undefined
  const bits = parsed.dotted ? 32 : 128
  const prefixLength = Number(length)
  if (prefixLength > bits) return undefined
  const mapped = !parsed.dotted && parsed.version === 4
  if (mapped && prefixLength < 96) return { version: 6, address: MAPPED | parsed.value, prefixLength }
  return { version: parsed.version, address: parsed.value, prefixLength: mapped ? prefixLength - 96 : prefixLength }
}

/** The text of a network as Go prints it, without host bits; undefined when the text is none. */
export function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text)
  return network && `${formatAddress(network.version, firstAddress(network))}/${network.prefixLength}`
}

/** Whether two networks have an address in common; false when one of the texts is no network. */
export function networksOverlap(a: string, b: string): boolean {
  const [one, other] = [parseNetwork(a), parseNetwork(b)]
  return one !== undefined && other !== undefined && (contains(one, other) || contains(other, one))
}

/** Whether an address lies in a network, given as such or as an address alone. */
export function holdsAddress(network: string, address: string): boolean {
  const [outer, inner] = [parseEither(network), parseAlone(address)]
  return outer !== undefined && inner !== undefined && contains(outer, inner)
}

/** Whether two addresses are of the same IP version; false when one is none. */
export function sameVersion(a: string, b: string): boolean {
  const version = parseAlone(a)?.version
  return version !== undefined && version === parseAlone(b)?.version
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
export const network: Check<string> = (value) => (parseNetwork(value) ? undefined : networkFault(value))

/** A network with its prefix length and no host bits. */
export const strictlyMasked: Check<string> = (value) => {
  const parsed = parseNetwork(value)
  if (!parsed) return networkFault(value)
  return firstAddress(parsed) === parsed.address ? undefined : `is not strictly masked\nwrite ${canonicalNetwork(value)}`
}

/** An address alone, or as a network of one address. */
export const singleAddress: Check<string> = (value) => {
  const parsed = parseEither(value)
  if (!parsed) return notAddress(value, undefined)
  return parsed.prefixLength === width(parsed.version)
    ? undefined
    : `contains multiple addresses\nwrite one address, alone or as /${width(parsed.version)}`
}

// --- internal ---

const MAPPED = 0xffffn << 32n

function width(version: 4 | 6): number {
  return version === 4 ? 32 : 128
}

function firstAddress({ version, address, prefixLength }: Network): bigint {
  const host = BigInt(width(version) - prefixLength)
  return (address >> host) << host
}

function contains(outer: Network, inner: Network): boolean {
  return (
    outer.version === inner.version &&
    outer.prefixLength <= inner.prefixLength &&
    firstAddress({ ...outer, address: inner.address }) === firstAddress(outer)
  )
}

function parseAlone(text: string): Network | undefined {
  const parsed = parseAddressText(text)
  return parsed && { version: parsed.version, address: parsed.value, prefixLength: width(parsed.version) }
}

function parseEither(text: string): Network | undefined {
  return text.includes('/') ? parseNetwork(text) : parseAlone(text)
}

function addressFault(value: string, version: 4 | 6 | undefined): string | undefined {
  const parsed = parseAlone(value)
  return parsed && (version === undefined || parsed.version === version) ? undefined : notAddress(value, version)
}

function eitherFault(value: string, version: 4 | 6 | undefined): string | undefined {
  const parsed = parseEither(value)
  return parsed && (version === undefined || parsed.version === version) ? undefined : notAddress(value, version)
}

function notAddress(value: string, version: 4 | 6 | undefined): string {
  const message = `is not an ${version === undefined ? 'IP' : `IPv${version}`} address`
  const other = parseEither(value)
  if (other && version !== undefined && other.version !== version) return `${message}\nit is one of IPv${other.version}`
  return value.includes('/') && parseNetwork(value) ? `${message}\nleave out the prefix length` : message
}

function networkFault(value: string): string {
  const alone = parseAlone(value)
  return `is not a network in CIDR notation\n${alone ? `write ${value}/${width(alone.version)} for this address alone` : 'write it as in 192.168.0.0/16'}`
}

function parseAddressText(text: string): { readonly version: 4 | 6; readonly value: bigint; readonly dotted: boolean } | undefined {
  if (!text.includes(':')) {
    const value = parseDotted(text)
    return value === undefined ? undefined : { version: 4, value, dotted: true }
  }
  const value = parseColons(text)
  if (value === undefined) return undefined
  return value >> 32n === 0xffffn ? { version: 4, value: value & 0xffff_ffffn, dotted: false } : { version: 6, value, dotted: false }
}

function parseDotted(text: string): bigint | undefined {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) return undefined
  return octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
}

function parseColons(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1))
  if (!head) return undefined
  if (halves.length === 1) return head.length === 8 ? joinGroups(head) : undefined
  if (!tail || head.length + tail.length > 7) return undefined
  return joinGroups([...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0n), ...tail])
}

/** Groups of 16 bits with colons between; the last two may be an IPv4 address when they end the text. */
function parseGroups(text: string, last: boolean): bigint[] | undefined {
  if (text === '') return []
  const groups: bigint[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`))
    else {
      const dotted = last && index === parts.length - 1 ? parseDotted(part) : undefined
      if (dotted === undefined) return undefined
      groups.push(dotted >> 16n, dotted & 0xffffn)
    }
  }
  return groups
}

function joinGroups(groups: readonly bigint[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | group, 0n)
}

function formatAddress(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)]
  const longest = runs.reduce<RegExpMatchArray | undefined>(
    (best, run) => (run[0].split('0').length > (best?.[0].split('0').length ?? 0) ? run : best),
    undefined,
  )
  if (!longest) return groups.join(':')
  const text = groups.join(':')
  return `${text.slice(0, longest.index)}::${text.slice((longest.index ?? 0) + longest[0].length).replace(/^:/, '')}`
}
