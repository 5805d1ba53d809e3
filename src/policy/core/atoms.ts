import { compareNets, containsNet, type Family, formatNet, type Ip, lastIp, type Net } from '../../model/net.ts'

/**
 * The address space cut where networks begin and end. An atom is what lies in a network and in none within it: every address of an atom is in the
 * same networks. Atoms stand in the order of their networks, IPv4 before IPv6; what lies in no network is an atom of each version too.
 */
export interface Atoms {
  readonly size: number
  familyOf(atom: number): Family
  /** The network in which an atom is what lies in none within it. */
  netOf(atom: number): Net
  /** The atom of an address, also by its parts. */
  atomOf(ip: Ip): number
  atomAt(family: Family, value: number | bigint): number
  /** The atom that is what lies in a network and in none within it. The network is one of those that the atoms were made for. */
  numberOf(net: Net): number
  /** The atoms of which such a network consists. */
  within(net: Net): readonly [first: number, last: number]
  /** Whether the atoms were made for a network, among others. */
  knows(net: Net): boolean
  /** How many addresses an atom has; above 2^53 a close number. */
  sizeOf(atom: number): number
  /** An address of an atom that is not taken: one for documentation, or the first that no network is called by; undefined when all are taken. */
  sample(atom: number, isTaken: (ip: Ip) => boolean): Ip | undefined
}

/** Cuts the address space by networks (`reference/beyond.md 4.2`, step 5). Networks are masked. */
export function cutAddresses(nets: Iterable<Net>): Atoms {
  const distinct = new Map<number | string, Net>(WHOLE.map((net) => [keyOf(net), net]))
  for (const net of nets) distinct.set(keyOf(net), net)
  const sorted = [...distinct.values()].sort(compareNets)
  const index = new Map<number | string, number>(sorted.map((net, at) => [keyOf(net), at]))
  const lastWithin = sorted.map((_, at) => at)
  const starts: Record<Family, (number | bigint)[]> = { 4: [], 6: [] }
  const owners: Record<Family, number[]> = { 4: [], 6: [] }
  const children: number[][] = sorted.map(() => [])
  const open: number[] = []
  const begin = (family: Family, start: number | bigint, owner: number) => {
    const [list, of] = [starts[family], owners[family]]
    if (list.at(-1) === start) of[of.length - 1] = owner
    else {
      list.push(start)
      of.push(owner)
    }
  }
  const close = () => {
    const closed = open.pop() ?? 0
    const net = sorted[closed]
    const parent = open.at(-1)
    if (!net || parent === undefined) return
    lastWithin[parent] = Math.max(lastWithin[parent] ?? 0, lastWithin[closed] ?? 0)
    begin(net.family, following(lastIp(net)), parent)
  }
  for (const [at, net] of sorted.entries()) {
    while (open.length > 0 && !containsNet(sorted[open.at(-1) ?? 0] ?? net, net)) close()
    const parent = open.at(-1)
    if (parent !== undefined) children[parent]?.push(at)
    open.push(at)
    begin(net.family, net.value, at)
  }
  while (open.length > 0) close()
  const stretches: { [family in Family]?: readonly number[][] } = {}
  const starts4 = Float64Array.from(starts[4] as number[])
  const own = sorted.map((net, at) => sizeOfNet(net) - (children[at] ?? []).reduce((sum, child) => sum + sizeOfNet(sorted[child] ?? net), 0))
  const atomAt = (family: Family, value: number | bigint): number => {
    const list: ArrayLike<number | bigint> = family === 4 ? starts4 : starts[6]
    let low = 0
    let high = list.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((list[middle] as number | bigint) <= value) low = middle
      else high = middle - 1
    }
    return owners[family][low] ?? 0
  }
  const atomOf = ({ family, value }: Ip): number => atomAt(family, value)
  return {
    size: sorted.length,
    familyOf: (atom) => sorted[atom]?.family ?? 4,
    netOf: (atom) => sorted[atom] ?? WHOLE_4,
    atomOf,
    atomAt,
    numberOf: (net) => index.get(keyOf(net)) ?? 0,
    within: (net) => {
      const at = index.get(keyOf(net)) ?? 0
      return [at, lastWithin[at] ?? at]
    },
    knows: (net) => index.has(keyOf(net)),
    sizeOf: (atom) => own[atom] ?? 0,
    sample: (atom, isTaken) => {
      const net = sorted[atom]
      if (!net) return undefined
      const { family, value: first, prefix } = net
      const familiar = FAMILIAR[family]
      if (prefix === 0 && atomOf(familiar) === atom && !isTaken(familiar)) return familiar
      stretches[family] ??= stretchesOf(owners[family], sorted.length)
      let last: Ip | undefined
      for (const at of stretches[family][atom] ?? []) {
        const end = starts[family][at + 1] ?? LIMITS[family]
        // Each address that is tried in vain is a taken one: the tries are no more than those.
        for (let value = starts[family][at] ?? 0; value < end; value = following({ family, value } as Ip)) {
          const ip = { family, value } as Ip
          if (isTaken(ip)) continue
          if (value !== first) return ip
          last = ip
        }
      }
      return last
    },
  }
}

// --- internal ---

const WHOLE_4: Net = { family: 4, value: 0, prefix: 0 }
const WHOLE: readonly Net[] = [WHOLE_4, { family: 6, value: 0n, prefix: 0 }]
/** Of the networks for documentation (RFC 5737, RFC 3849). */
const FAMILIAR: Readonly<Record<Family, Ip>> = {
  4: { family: 4, value: 0xcb007101 },
  6: { family: 6, value: 0x20010db8_00000000_00000000_00000001n },
}
const LIMITS: Readonly<Record<Family, number | bigint>> = { 4: 2 ** 32, 6: 1n << 128n }

/** The same for the same network. */
function keyOf(net: Net): number | string {
  return net.family === 4 ? net.value * 64 + net.prefix : formatNet(net)
}

/** For each atom, where its stretches are in the list of all. */
function stretchesOf(owners: readonly number[], size: number): readonly number[][] {
  const stretches: number[][] = Array.from({ length: size }, () => [])
  for (const [at, owner] of owners.entries()) stretches[owner]?.push(at)
  return stretches
}

function sizeOfNet(net: Net): number {
  return 2 ** ((net.family === 4 ? 32 : 128) - net.prefix)
}

function following(ip: Ip): number | bigint {
  return ip.family === 4 ? ip.value + 1 : ip.value + 1n
}
