/** IP version 4 or 6. A v4-mapped address (`::ffff:10.0.0.1`) counts as version 4, as everywhere in Calico. */
export type Family = 4 | 6

interface Ip4 {
  readonly family: 4
  /** 0 to 2^32 - 1 */
  readonly value: number
}

interface Ip6 {
  readonly family: 6
  /** 0 to 2^128 - 1 */
  readonly value: bigint
}

export type Ip = Ip4 | Ip6

/** An address and how many of its first bits name the network. Bits behind those stay as written; `maskNet` clears them. */
export type Net = (Ip4 | Ip6) & { readonly prefix: number }

/**
 * Reads an address as Go's `net.ParseIP` does. Version 4: four decimal numbers to 255 without leading zeros. Version 6: eight groups of one to
 * four hex digits in any letter case, `::` once for one group or more, the last two groups also as a version 4 address.
 * No zones, no brackets, no spaces. Undefined for anything else.
 */
export function parseIp(text: string): Ip | undefined {
  const found = text.includes(':') ? parse6(text) : parse4(text, 0)
  if (found === undefined) return undefined
  if (typeof found === 'number') return { family: 4, value: found }
  return found >> 32n === MAPPED ? { family: 4, value: Number(found & LOW32) } : { family: 6, value: found }
}

/**
 * Reads `address/prefix` as Go's `net.ParseCIDR` does: an address as in `parseIp`, and decimal digits from 0 to 32 or 128, leading zeros allowed.
 * A v4-mapped address with a prefix from 96 is the version 4 network it stands for; with a shorter one it is version 6.
 */
export function parseCidr(text: string): Net | undefined {
  const slash = text.indexOf('/')
  if (slash === -1) return undefined
  const digits = text.slice(slash + 1)
  if (!/^[0-9]+$/.test(digits)) return undefined
  const prefix = Number(digits)
  const address = text.slice(0, slash)
  if (!address.includes(':')) {
    const value = prefix > 32 ? undefined : parse4(address, 0)
    return value === undefined ? undefined : { family: 4, value, prefix }
  }
  const value = prefix > 128 ? undefined : parse6(address)
  if (value === undefined) return undefined
  if (prefix >= 96 && value >> 32n === MAPPED) return { family: 4, value: Number(value & LOW32), prefix: prefix - 96 }
  return { family: 6, value, prefix }
}

/** Reads `address/prefix`, or a bare address as the network of that address alone. */
export function parseNet(text: string): Net | undefined {
  if (text.includes('/')) return parseCidr(text)
  const ip = parseIp(text)
  return ip && netOf(ip)
}

/** The network that holds one address and no other: `/32` or `/128`. */
export function netOf(ip: Ip): Net {
  return ip.family === 4 ? { family: 4, value: ip.value, prefix: 32 } : { family: 6, value: ip.value, prefix: 128 }
}

/** The one spelling of an address: dotted version 4, or version 6 in lower case with the first of the longest runs of zero groups as `::` (RFC 5952). */
export function formatIp(ip: Ip): string {
  return ip.family === 4 ? format4(ip.value) : format6(ip.value)
}

/** `address/prefix`, with the address as it stands: mask it first for the spelling that names the network. */
export function formatNet(net: Net): string {
  return `${formatIp(net)}/${net.prefix}`
}

/** The network with the bits behind the prefix cleared. */
export function maskNet(net: Net): Net {
  if (net.family === 4) return { family: 4, value: first4(net.value, net.prefix), prefix: net.prefix }
  return { family: 6, value: first6(net.value, net.prefix), prefix: net.prefix }
}

/** Whether no bit is set behind the prefix. */
export function isMasked(net: Net): boolean {
  return net.family === 4 ? first4(net.value, net.prefix) === net.value : first6(net.value, net.prefix) === net.value
}

/** Whether an address or a whole network lies in a network. Never across families. */
export function containsNet(outer: Net, inner: Ip | Net): boolean {
  if ('prefix' in inner && inner.prefix < outer.prefix) return false
  if (outer.family === 4) return inner.family === 4 && first4(inner.value, outer.prefix) === first4(outer.value, outer.prefix)
  return inner.family === 6 && first6(inner.value, outer.prefix) === first6(outer.value, outer.prefix)
}

/** Whether two networks share an address. */
export function overlaps(a: Net, b: Net): boolean {
  return a.prefix <= b.prefix ? containsNet(a, b) : containsNet(b, a)
}

/** Orders addresses and networks: version 4 first, then by address, then the wider network first. */
export function compareNets(a: Ip | Net, b: Ip | Net): number {
  if (a.family !== b.family) return a.family - b.family
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return ('prefix' in a ? a.prefix : -1) - ('prefix' in b ? b.prefix : -1)
}

/** How many addresses a network has: a power of two, so exact even where it is large. */
export function sizeOf(net: Net): number {
  return 2 ** ((net.family === 4 ? 32 : 128) - net.prefix)
}

/** The address at an index of a network, counted from 0. The index is a whole number below `sizeOf(net)`. */
export function ipAt(net: Net, index: number): Ip {
  if (net.family === 4) return { family: 4, value: first4(net.value, net.prefix) + index }
  return { family: 6, value: first6(net.value, net.prefix) + BigInt(index) }
}

/** Where in a network an address lies, counted from 0; undefined if it is not in it. Exact to 2^53. */
export function indexIn(net: Net, ip: Ip): number | undefined {
  if (!containsNet(net, ip)) return undefined
  if (net.family === 4) return Number(ip.value) - first4(net.value, net.prefix)
  return Number(BigInt(ip.value) - first6(net.value, net.prefix))
}

/** The last address of a network. */
export function lastIp(net: Net): Ip {
  if (net.family === 4) return { family: 4, value: first4(net.value, net.prefix) + 2 ** (32 - net.prefix) - 1 }
  return { family: 6, value: net.value | ((1n << BigInt(128 - net.prefix)) - 1n) }
}

// --- internal ---

/** The first 96 bits of every v4-mapped address. */
const MAPPED = 0xffffn
const LOW32 = 0xffff_ffffn

/** A version 4 address from an index to the end of the text. */
function parse4(text: string, start: number): number | undefined {
  let value = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0) return undefined
      octet = octet * 10 + code - 48
      digits++
      if (octet > 255) return undefined
    } else if (code === 46 && digits > 0 && dots < 3) {
      value = value * 256 + octet
      octet = 0
      digits = 0
      dots++
    } else return undefined
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : undefined
}

function parse6(text: string): bigint | undefined {
  if (text.length > 45) return undefined
  const groups: number[] = []
  let gap = -1
  let at = 0
  if (text.startsWith('::')) {
    gap = 0
    at = 2
  }
  while (at < text.length) {
    if (groups.length === 8) return undefined
    const start = at
    let group = 0
    let digit = hexDigit(text.charCodeAt(at))
    while (digit !== -1) {
      group = group * 16 + digit
      digit = hexDigit(text.charCodeAt(++at))
    }
    if (text[at] === '.') {
      const tail = groups.length > 6 ? undefined : parse4(text, start)
      if (tail === undefined) return undefined
      groups.push(Math.floor(tail / 0x10000), tail % 0x10000)
      break
    }
    if (at === start || at - start > 4) return undefined
    groups.push(group)
    if (at === text.length) break
    if (text[at++] !== ':' || at === text.length) return undefined
    if (text[at] === ':') {
      if (gap !== -1) return undefined
      gap = groups.length
      at++
    }
  }
  if (gap === -1 ? groups.length !== 8 : groups.length > 7) return undefined
  if (gap !== -1) groups.splice(gap, 0, ...ZEROS.slice(groups.length))
  let value = 0n
  for (let i = 0; i < 8; i += 2) value = (value << 32n) | BigInt((groups[i] ?? 0) * 0x10000 + (groups[i + 1] ?? 0))
  return value
}

const ZEROS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0]

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function format4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}

function format6(value: bigint): string {
  const groups: number[] = []
  for (let shift = 96n; shift >= 0n; shift -= 32n) {
    const pair = Number((value >> shift) & LOW32)
    groups.push(pair >>> 16, pair & 0xffff)
  }
  let gap = -1
  let gapLength = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (groups[end] === 0) end++
    if (end - i > gapLength) {
      gap = i
      gapLength = end - i
    }
    if (end > i) i = end
  }
  const hex = groups.map((group) => group.toString(16))
  return gap === -1 ? hex.join(':') : `${hex.slice(0, gap).join(':')}::${hex.slice(gap + gapLength).join(':')}`
}

function first4(value: number, prefix: number): number {
  const size = 2 ** (32 - prefix)
  return value - (value % size)
}

function first6(value: bigint, prefix: number): bigint {
  const behind = BigInt(128 - prefix)
  return (value >> behind) << behind
}
