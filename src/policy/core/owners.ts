import { formatIp, type Ip } from '../../model/net.ts'
import type { EndpointFacts } from '../facts.ts'
import type { Atoms } from './atoms.ts'

/** Which addresses endpoints own, and which of them are owned by several. */
export class AddressOwners {
  readonly #v4: Float64Array
  readonly #v6: readonly bigint[]
  /** Endpoints by address, for addresses with several. */
  readonly #several: Map<string, number[]>

  private constructor(v4: Float64Array, v6: readonly bigint[], several: Map<string, number[]>) {
    this.#v4 = v4
    this.#v6 = v6
    this.#several = several
  }

  static of(endpoints: readonly EndpointFacts[]): AddressOwners {
    const v4: number[] = []
    const v6: bigint[] = []
    for (let i = 0; i < endpoints.length; i++) {
      const { addresses } = endpoints[i] as EndpointFacts
      for (let at = 0; at < addresses.length; at++) {
        const ip = addresses[at] as Ip
        if (ip.family === 4) v4.push(ip.value)
        else v6.push(ip.value)
      }
    }
    const sorted4 = Float64Array.from(v4).sort()
    const sorted6 = v6.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const repeated = new Set<number | bigint>([...repeats(sorted4), ...repeats(sorted6)])
    const several = new Map<string, number[]>()
    if (repeated.size > 0)
      for (const [index, { addresses }] of endpoints.entries()) {
        for (const ip of addresses) {
          if (!repeated.has(ip.value)) continue
          const key = formatIp(ip)
          several.set(key, [...(several.get(key) ?? []), index])
        }
      }
    return new AddressOwners(sorted4, sorted6, several)
  }

  /** After some addresses went and others came; undefined when one of them is shared by several endpoints, before or after. */
  changed(gone: readonly Ip[], come: readonly Ip[]): AddressOwners | undefined {
    if (this.#several.size > 0) return undefined
    if (gone.length === come.length && gone.every((ip, at) => ip.value === come[at]?.value)) return this
    const left = new Set<number | bigint>(gone.map(({ value }) => value))
    const v4 = Array.from(this.#v4).filter((value) => !left.has(value))
    const v6 = this.#v6.filter((value) => !left.has(value))
    for (const ip of come) {
      if (ip.family === 4) v4.push(ip.value)
      else v6.push(ip.value)
    }
    const sorted4 = Float64Array.from(v4).sort()
    const sorted6 = v6.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const shared = [...repeats(sorted4), ...repeats(sorted6)].length > 0
    return shared ? undefined : new AddressOwners(sorted4, sorted6, this.#several)
  }

  has(ip: Ip): boolean {
    const list: ArrayLike<number | bigint> = ip.family === 4 ? this.#v4 : this.#v6
    let [low, high] = [0, list.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((list[middle] ?? 0) < ip.value) low = middle + 1
      else high = middle
    }
    return list[low] === ip.value
  }

  /** The classes of all endpoints with this address, each once, in order; undefined unless there are several endpoints. */
  of(ip: Ip, classOf: Int32Array): readonly number[] | undefined {
    const several = this.#several.size === 0 ? undefined : this.#several.get(formatIp(ip))
    return several && distinct(several.map((index) => classOf[index] ?? 0))
  }

  /** How many different addresses of each atom have an owner. */
  countByAtom(atoms: Atoms): Float64Array {
    const counts = new Float64Array(atoms.size)
    for (const [family, values] of [[4, this.#v4] as const, [6, this.#v6] as const]) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as number | bigint
        if (i > 0 && value === values[i - 1]) continue
        const atom = atoms.atomAt(family, value)
        counts[atom] = (counts[atom] ?? 0) + 1
      }
    }
    return counts
  }
}

/** The classes of the endpoints with an address, by looking at all; for the few addresses of hosts that are listed nowhere. */
export function ownersOf(endpoints: readonly EndpointFacts[], ip: Ip, classOf: Int32Array): readonly number[] {
  return distinct(endpoints.flatMap(({ addresses }, index) => (indexOf(addresses, ip) === -1 ? [] : [classOf[index] ?? 0])))
}

export function indexOf(addresses: readonly Ip[], ip: Ip): number {
  return addresses.findIndex(({ family, value }) => family === ip.family && value === ip.value)
}

// --- internal ---

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** The values that are there several times. */
function repeats<T extends number | bigint>(sorted: ArrayLike<T>): T[] {
  const found: T[] = []
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) found.push(sorted[i] as T)
  return found
}
