import { UserError } from '../../model/user-error.ts'
import { type Combination, combineIntervals, type Intervals, includes, intervalsOf } from './intervals.ts'
import { type Header, PORTED, TYPED } from './packet.ts'
import { PairTable } from './pair-table.ts'

/**
 * A set of headers (protocol, ports, ICMP type and code) of one `ConnectionSpace`. Two sets of a space are equal exactly when their numbers are:
 * the space keeps one number for every set that ever came up (`reference/beyond.md 4.2`).
 */
export type ConnectionSet = number

/** No header at all, in every space. */
export const NOTHING: ConnectionSet = 0
/** Every header, in every space. */
export const EVERYTHING: ConnectionSet = 1

export const MAX_PORT = 65_535

/** Source ports and, for each range of them, the destination ports; ranges with the same ones that touch are one. */
export type PortBlocks = readonly { readonly sources: readonly [number, number]; readonly destinations: Intervals }[]

/** The parts of a set, each in its one form. `ports` and `types` stand in the order of `PORTED` and `TYPED`. */
export interface Parts {
  /** Protocols that are neither in `PORTED` nor in `TYPED`. */
  readonly others: Intervals
  readonly ports: readonly PortBlocks[]
  /** Type times 256 plus code. */
  readonly types: readonly Intervals[]
}

/**
 * Where sets of headers live and are combined. Every operation on a pair of sets is computed once. Whoever makes sets out of rules that were written to
 * explode gets a `UserError`, before memory runs out.
 */
export class ConnectionSpace {
  readonly #lists = new ListPool()
  /** Seven lists: other protocols, ports of the four in `PORTED`, types of the two in `TYPED`. */
  readonly #sets = new ListPool()
  readonly #memo: Readonly<Record<Combination, PairTable>> = { union: new PairTable(), intersect: new PairTable(), subtract: new PairTable() }
  readonly #listMemo: Readonly<Record<Combination, PairTable>> = { union: new PairTable(), intersect: new PairTable(), subtract: new PairTable() }
  readonly #blockMemo: Readonly<Record<Combination, PairTable>> = { union: new PairTable(), intersect: new PairTable(), subtract: new PairTable() }
  readonly #protocols: ConnectionSet[] = []
  readonly #allPorts: number

  constructor() {
    this.#lists.intern([])
    this.#allPorts = this.#lists.intern([0, MAX_PORT])
    const everyBlock = this.#lists.intern([0, MAX_PORT, this.#allPorts])
    this.#sets.intern(Array<number>(COMPONENTS).fill(0))
    const others = this.#lists.intern(combineIntervals('subtract', [0, 255], intervalsOf([...PORTED, ...TYPED].map((number) => [number, number]))))
    this.#sets.intern([others, ...PORTED.map(() => everyBlock), ...TYPED.map(() => this.#allPorts)])
  }

  /** How many different sets there have been. */
  get size(): number {
    return this.#sets.size
  }

  /** All headers of a protocol. */
  protocol(protocol: number): ConnectionSet {
    return (this.#protocols[protocol] ??= this.#wholeProtocol(protocol))
  }

  /** The headers of a protocol with a source port in one and a destination port in another set of ports. Nothing when the protocol has no ports. */
  ports(protocol: number, sources: Intervals, destinations: Intervals): ConnectionSet {
    const index = PORTED.indexOf(protocol)
    if (index === -1 || destinations.length === 0) return NOTHING
    const list = this.#lists.intern(destinations)
    const blocks: number[] = []
    for (let i = 0; i < sources.length; i += 2) blocks.push(sources[i] ?? 0, sources[i + 1] ?? 0, list)
    return this.#only(1 + index, this.#lists.intern(blocks))
  }

  /** The headers of ICMP or ICMPv6 with a type and a code within the ranges. Nothing for another protocol. */
  icmp(protocol: number, types: readonly (readonly [number, number])[], codes: readonly (readonly [number, number])[] = [[0, 255]]): ConnectionSet {
    const index = TYPED.indexOf(protocol)
    if (index === -1) return NOTHING
    const points: [number, number][] = []
    for (const [first, last] of types) {
      for (let type = first; type <= last; type++) for (const [low, high] of codes) points.push([type * 256 + low, type * 256 + high])
    }
    return this.#only(1 + PORTED.length + index, this.#lists.intern(intervalsOf(points)))
  }

  union(a: ConnectionSet, b: ConnectionSet): ConnectionSet {
    if (a === b || b === NOTHING || a === EVERYTHING) return a
    if (a === NOTHING || b === EVERYTHING) return b
    return a < b ? this.#combine('union', a, b) : this.#combine('union', b, a)
  }

  intersect(a: ConnectionSet, b: ConnectionSet): ConnectionSet {
    if (a === b || a === NOTHING || b === EVERYTHING) return a
    if (b === NOTHING || a === EVERYTHING) return b
    return a < b ? this.#combine('intersect', a, b) : this.#combine('intersect', b, a)
  }

  /** What is in the first set and not in the second. */
  subtract(a: ConnectionSet, b: ConnectionSet): ConnectionSet {
    if (a === b || a === NOTHING || b === EVERYTHING) return NOTHING
    return b === NOTHING ? a : this.#combine('subtract', a, b)
  }

  complement(a: ConnectionSet): ConnectionSet {
    return this.subtract(EVERYTHING, a)
  }

  /** Whether a header is in the set. Ports and ICMP types that the header leaves out count as 0. */
  contains(set: ConnectionSet, header: Header): boolean {
    const { protocol, srcPort = 0, dstPort = 0, icmpType = 0, icmpCode = 0 } = header
    const component = componentOf(protocol)
    const list = this.#lists.get(this.#sets.get(set)[component] ?? 0)
    if (component === 0) return includes(list, protocol)
    if (component > PORTED.length) return includes(list, icmpType * 256 + icmpCode)
    for (let i = 0; i < list.length; i += 3) {
      if (srcPort >= (list[i] ?? 0) && srcPort <= (list[i + 1] ?? 0)) return includes(this.#lists.get(list[i + 2] ?? 0), dstPort)
    }
    return false
  }

  /** What the set is made of. */
  parts(set: ConnectionSet): Parts {
    const [others = 0, ...rest] = this.#sets.get(set)
    return {
      others: this.#lists.get(others),
      ports: rest.slice(0, PORTED.length).map((id) => this.#blocks(id)),
      types: rest.slice(PORTED.length).map((id) => this.#lists.get(id)),
    }
  }

  // --- internal ---

  #wholeProtocol(protocol: number): ConnectionSet {
    if (PORTED.includes(protocol)) return this.ports(protocol, ALL_PORTS, ALL_PORTS)
    if (TYPED.includes(protocol)) return this.icmp(protocol, [[0, 255]], [[0, 255]])
    return this.#only(0, this.#lists.intern([protocol, protocol]))
  }

  #only(component: number, list: number): ConnectionSet {
    const set = Array<number>(COMPONENTS).fill(0)
    set[component] = list
    return this.#sets.intern(set)
  }

  #blocks(id: number): PortBlocks {
    const list = this.#lists.get(id)
    const result: PortBlocks[number][] = []
    for (let i = 0; i < list.length; i += 3) {
      result.push({ sources: [list[i] ?? 0, list[i + 1] ?? 0], destinations: this.#lists.get(list[i + 2] ?? 0) })
    }
    return result
  }

  #combine(combination: Combination, a: ConnectionSet, b: ConnectionSet): ConnectionSet {
    const memo = this.#memo[combination]
    const known = memo.get(a, b)
    if (known !== -1) return known
    const set = this.#compute(combination, this.#sets.get(a), this.#sets.get(b))
    memo.set(a, b, set)
    return set
  }

  #compute(combination: Combination, left: readonly number[], right: readonly number[]): ConnectionSet {
    const set: number[] = []
    for (let component = 0; component < COMPONENTS; component++) {
      const [list, other] = [left[component] as number, right[component] as number]
      const withPorts = component > 0 && component <= PORTED.length
      set.push(withPorts ? this.#combineBlocks(combination, list, other) : this.#combineLists(combination, list, other))
    }
    return this.#sets.intern(set)
  }

  #combineLists(combination: Combination, a: number, b: number): number {
    const quick = trivial(combination, a, b)
    if (quick !== undefined) return quick
    const known = this.#listMemo[combination].get(a, b)
    if (known !== -1) return known
    const result = this.#lists.intern(combineIntervals(combination, this.#lists.get(a), this.#lists.get(b)))
    this.#listMemo[combination].set(a, b, result)
    return result
  }

  /** Cuts the source ports where either operand does, and combines the destination ports of each piece. */
  #combineBlocks(combination: Combination, a: number, b: number): number {
    const quick = trivial(combination, a, b)
    if (quick !== undefined) return quick
    const known = this.#blockMemo[combination].get(a, b)
    if (known !== -1) return known
    const [left, right] = [this.#lists.get(a), this.#lists.get(b)]
    const result: number[] = []
    let [i, j, at] = [0, 0, 0]
    while (at <= MAX_PORT && (i < left.length || j < right.length)) {
      const [inLeft, inRight] = [at >= (left[i] ?? Infinity), at >= (right[j] ?? Infinity)]
      const next = Math.min(edge(left, i, inLeft), edge(right, j, inRight))
      const destinations = this.#combineLists(combination, inLeft ? (left[i + 2] ?? 0) : 0, inRight ? (right[j + 2] ?? 0) : 0)
      if (destinations !== 0) appendBlock(result, at, next - 1, destinations)
      if ((left[i + 1] ?? Infinity) + 1 === next) i += 3
      if ((right[j + 1] ?? Infinity) + 1 === next) j += 3
      at = next
    }
    const id = this.#lists.intern(result)
    this.#blockMemo[combination].set(a, b, id)
    return id
  }
}

const ALL_PORTS: Intervals = [0, MAX_PORT]
const COMPONENTS = 1 + PORTED.length + TYPED.length
/** How many numbers all lists of a space may have together: about a hundred megabytes. What people write has thousands. */
const MOST_NUMBERS = 2 ** 23
const HELP = 'ask for single packets with why, or write fewer source ports and destination ports into one rule'

/** Gives each list of numbers one number, in order of appearance. Whole numbers only. */
class ListPool {
  #numbers = 0
  readonly #lists: (readonly number[])[] = []
  /** By hash, the number of a list plus one; 0 where there is none. Lists that collide follow each other. */
  #slots = new Int32Array(256)

  get size(): number {
    return this.#lists.length
  }

  get(id: number): readonly number[] {
    return this.#lists[id] ?? []
  }

  intern(list: readonly number[]): number {
    const slot = this.#find(list)
    const known = this.#slots[slot] as number
    if (known !== 0) return known - 1
    const id = this.#lists.length
    this.#numbers += list.length
    if (this.#numbers > MOST_NUMBERS)
      throw new UserError('rules combine too many different ranges of ports to be computed for all packets at once', HELP)
    this.#lists.push(list)
    this.#slots[slot] = id + 1
    if (2 * this.size > this.#slots.length) this.#grow()
    return id
  }

  // --- internal ---

  /** Where the number of a list is, or would be. */
  #find(list: readonly number[]): number {
    let hash = list.length
    for (let i = 0; i < list.length; i++) hash = Math.imul(hash ^ (list[i] as number), 0x9e3779b1) ^ (hash >>> 15)
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 13)) & mask
    for (;;) {
      const known = this.#slots[slot] as number
      if (known === 0 || areSame(this.#lists[known - 1] as readonly number[], list)) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    for (let id = 0; id < this.size; id++) this.#slots[this.#find(this.#lists[id] as readonly number[])] = id + 1
  }
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The result where an operand is empty (number 0) or both are one. */
function trivial(combination: Combination, a: number, b: number): number | undefined {
  if (combination === 'union') return a === b || b === 0 ? a : a === 0 ? b : undefined
  if (combination === 'intersect') return a === b ? a : a === 0 || b === 0 ? 0 : undefined
  return a === b || a === 0 ? 0 : b === 0 ? a : undefined
}

/** Where the block at an index ends, or begins when it has not yet. */
function edge(blocks: readonly number[], index: number, inside: boolean): number {
  return inside ? (blocks[index + 1] ?? Infinity) + 1 : (blocks[index] ?? Infinity)
}

function appendBlock(blocks: number[], first: number, last: number, destinations: number): void {
  const end = blocks.length
  if (end > 0 && blocks[end - 1] === destinations && blocks[end - 2] === first - 1) blocks[end - 2] = last
  else blocks.push(first, last, destinations)
}

function componentOf(protocol: number): number {
  const ported = PORTED.indexOf(protocol)
  if (ported !== -1) return 1 + ported
  const typed = TYPED.indexOf(protocol)
  return typed === -1 ? 0 : 1 + PORTED.length + typed
}
