import type { Net } from '../../model/net.ts'
import type { Port } from '../../model/port.ts'
import { canonicalSelector } from '../../model/selector/canonical.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { combineIntervals, type Intervals, intervalsOf } from '../connections/intervals.ts'
import { ICMP, ICMPV6, PORTED } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING } from '../connections/space.ts'
import type { Atoms } from './atoms.ts'
import { addBits, allBits, type Bits, eachBit, hasAny, hasBit, keepBits, noBits, removeBits, setBit, setBits } from './bits.ts'
import type { EntityFacts, IcmpFacts, NetworkSetFacts, RuleFacts } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import type { Places } from './places.ts'
import { TextPool } from './pool.ts'

/** Places, and the headers with which a packet from or to them fulfils one end of a rule. The lists of an end may overlap: any of them will do. */
export interface EndMatch {
  readonly places: Bits
  readonly headers: ConnectionSet
}

/** What rules ask, answered for all places at once (`reference/felix.md 1.5`). Each different question is answered once. */
export class Matches {
  readonly space: ConnectionSpace
  /** How many places there are. */
  readonly size: number
  readonly #places: Places
  readonly #atoms: Atoms
  readonly #labels: LabelClasses
  /** Places by the endpoint class that owns their address. */
  readonly #placesOfClass: number[][]
  /** Places by the label class of who owns their address or of the network set that holds it; some may be listed twice. */
  readonly #placesOfLabels: number[][]
  readonly #placesOfAtom: number[][] = []
  readonly #selected: Bits[] = []
  readonly #selectors = new TextPool()
  readonly #selectorIds = new Map<Selector, number>()
  /** The answers about each end, and about all ends that ask the same where that is costly to find. */
  readonly #sources = new Map<EntityFacts, readonly EndMatch[]>()
  readonly #destinations = new Map<EntityFacts, readonly EndMatch[]>()
  readonly #alike = new Map<string, readonly EndMatch[]>()
  /** The places that fulfil what is asked of an address: one set for the same question, which is how those who follow rules know it again. */
  readonly #addresses = new Map<string, Bits>()
  /** What declares a port of a name: endpoint classes, each with the protocol and port. */
  readonly #ports = new Map<string, { endpointClass: number; protocol: number; port: number }[]>()
  /** Headers by a list of ports, for the numbers in it. */
  readonly #numbered: Readonly<Record<Side, Map<string, ConnectionSet>>> = { source: new Map(), destination: new Map() }
  readonly #families: Readonly<Record<4 | 6, Bits>>
  readonly #everywhere: Bits

  /** `setClasses`: the label class of each network set. */
  constructor(
    space: ConnectionSpace,
    places: Places,
    atoms: Atoms,
    labels: LabelClasses,
    networkSets: readonly NetworkSetFacts[],
    setClasses: readonly number[],
  ) {
    this.space = space
    this.#places = places
    this.#atoms = atoms
    this.#labels = labels
    this.size = places.list.length
    this.#everywhere = allBits(this.size)
    this.#families = { 4: noBits(this.size), 6: noBits(this.size) }
    this.#placesOfClass = places.endpointClasses.map(() => [])
    for (const [index, place] of places.list.entries()) {
      setBit(this.#families[place.family], index)
      const neighbours = (this.#placesOfAtom[place.atom] ??= [])
      neighbours.push(index)
      for (const owner of place.owners) this.#placesOfClass[owner]?.push(index)
    }
    this.#placesOfLabels = Array.from({ length: labels.size }, () => [])
    for (const [index, { nets }] of networkSets.entries()) {
      const found = this.#placesOfLabels[setClasses[index] ?? 0]
      if (found && nets.length > 0) eachBit(this.#within(nets), (place) => found.push(place))
    }
    for (const [endpointClass, { labelClass, example }] of places.endpointClasses.entries()) {
      const found = this.#placesOfLabels[labelClass]
      for (const place of this.#placesOfClass[endpointClass] ?? []) found?.push(place)
      for (const { name, protocol, port } of example.ports) {
        const list = this.#ports.get(name)
        if (list) list.push({ endpointClass, protocol, port })
        else this.#ports.set(name, [{ endpointClass, protocol, port }])
      }
    }
  }

  /** The places of a family of addresses. */
  ofFamily(family: 4 | 6): Bits {
    return this.#families[family]
  }

  /** Whether it hangs on the place what a rule asks of one end; otherwise all places fulfil it with the same headers. */
  static asks({ selector, notSelector, nets, notNets, ports, notPorts }: EntityFacts): boolean {
    if (selector !== undefined || notSelector !== undefined || isSome(nets) || isSome(notNets)) return true
    return (isSome(ports) && ports.some(isName)) || (isSome(notPorts) && notPorts.some(isName))
  }

  /** The headers with which a rule matches packets from one place to another, of one family. */
  between(rule: RuleFacts, source: number, destination: number, family: 4 | 6): ConnectionSet {
    const ends = this.space.intersect(this.headersAt(rule.source, 'source', source), this.headersAt(rule.destination, 'destination', destination))
    return this.space.intersect(headersOf(this.space, rule, family), ends)
  }

  /** The places that fulfil what a rule asks of one end, and with which headers. */
  end(entity: EntityFacts, side: Side): readonly EndMatch[] {
    const ends = side === 'source' ? this.#sources : this.#destinations
    const known = ends.get(entity)
    if (known) return known
    const found = this.#find(entity, side)
    ends.set(entity, found)
    return found
  }

  /** The headers with which a place fulfils what a rule asks of one end. */
  headersAt(entity: EntityFacts, side: Side, place: number): ConnectionSet {
    let headers = NOTHING
    for (const match of this.end(entity, side)) if (hasBit(match.places, place)) headers = this.space.union(headers, match.headers)
    return headers
  }

  // --- internal ---

  #find(entity: EntityFacts, side: Side): readonly EndMatch[] {
    const { ports, notPorts } = entity
    const places = this.#address(entity)
    if (!isSome(notPorts) && !(isSome(ports) && ports.some(isName))) {
      const headers = isSome(ports) ? this.#onNumbers(ports, side) : EVERYTHING
      return headers === NOTHING || !hasAny(places) ? [] : [{ places, headers }]
    }
    const key = `${side};${this.#addressKey(entity)};${ports?.join() ?? ''};${notPorts?.join() ?? ''}`
    let matches = this.#alike.get(key)
    if (!matches) this.#alike.set(key, (matches = this.#compute(entity, side, places)))
    return matches
  }

  #compute(entity: EntityFacts, side: Side, places: Bits): readonly EndMatch[] {
    if (!hasAny(places)) return []
    const matches: EndMatch[] = isSome(entity.ports) ? this.#withPorts(entity, entity.ports, side, places) : [{ places, headers: EVERYTHING }]
    return isSome(entity.notPorts) ? this.#withoutPorts(entity, entity.notPorts, side, matches) : matches
  }

  /** The places whose address fulfils what is asked of it. */
  #address(entity: EntityFacts): Bits {
    const { selector, notSelector, nets, notNets } = entity
    const isListed = isSome(nets) || isSome(notNets)
    if (!notSelector && !isListed) return selector ? this.#picked(selector) : this.#everywhere
    const key = this.#addressKey(entity)
    let places = this.#addresses.get(key)
    if (!places) this.#addresses.set(key, (places = this.#computeAddress(entity)))
    return places
  }

  #addressKey({ selector, notSelector, nets, notNets }: EntityFacts): string {
    return `${selector ? this.#idOf(selector) : ''};${notSelector ? this.#idOf(notSelector) : ''};${this.#netsKey(nets)};${this.#netsKey(notNets)}`
  }

  #computeAddress(entity: EntityFacts): Bits {
    const places = allBits(this.size)
    if (entity.selector) keepBits(places, this.#picked(entity.selector))
    if (entity.notSelector) removeBits(places, this.#picked(entity.notSelector))
    if (isSome(entity.nets)) keepBits(places, this.#within(entity.nets))
    if (isSome(entity.notNets)) {
      // A list of networks of one family makes the rule one of this family.
      const families = noBits(this.size)
      for (const family of [4, 6] as const) if (entity.notNets.some((net) => net.family === family)) addBits(families, this.#families[family])
      keepBits(places, families)
      removeBits(places, this.#within(entity.notNets))
    }
    return places
  }

  #withPorts(entity: EntityFacts, ports: readonly Port[], side: Side, places: Bits): EndMatch[] {
    const matches: EndMatch[] = []
    const headers = this.#onNumbers(ports, side)
    if (headers !== NOTHING) matches.push({ places, headers })
    for (const { protocol, port, declaring } of this.#declared(entity, ports)) {
      keepBits(declaring, places)
      if (hasAny(declaring)) matches.push({ places: declaring, headers: onPorts(this.space, [protocol], [port, port], side) })
    }
    return matches
  }

  #withoutPorts(entity: EntityFacts, ports: readonly Port[], side: Side, matches: readonly EndMatch[]): EndMatch[] {
    const space = this.space
    const numbers = this.#onNumbers(ports, side)
    let result = matches.map(({ places, headers }) => ({ places, headers: space.subtract(headers, numbers) }))
    for (const { protocol, port, declaring } of this.#declared(entity, ports)) {
      const headers = onPorts(space, [protocol], [port, port], side)
      result = result.flatMap((match) => {
        const [declares, rest] = [match.places.slice(), match.places.slice()]
        keepBits(declares, declaring)
        removeBits(rest, declaring)
        return [
          { places: declares, headers: space.subtract(match.headers, headers) },
          { places: rest, headers: match.headers },
        ].filter(({ places }) => hasAny(places))
      })
    }
    return result
  }

  #onNumbers(ports: readonly Port[], side: Side): ConnectionSet {
    const key = ports.join()
    let headers = this.#numbered[side].get(key)
    if (headers === undefined) this.#numbered[side].set(key, (headers = onPorts(this.space, PORTED, numbersOf(ports), side)))
    return headers
  }

  /** For each port that a name in the list stands for, the places that declare it; only those that the selector of the same end picks. */
  #declared(entity: EntityFacts, ports: readonly Port[]): { protocol: number; port: number; declaring: Bits }[] {
    const found = new Map<number, { protocol: number; port: number; declaring: Bits }>()
    const names = new Set(ports.filter(isName))
    const classes = names.size > 0 && entity.selector ? this.#labels.matching(entity.selector) : undefined
    for (const name of names) {
      for (const { endpointClass, protocol, port } of this.#ports.get(name) ?? []) {
        if (classes && !hasBit(classes, this.#places.endpointClasses[endpointClass]?.labelClass ?? 0)) continue
        const key = protocol * 65_536 + port
        let entry = found.get(key)
        if (!entry) found.set(key, (entry = { protocol, port, declaring: noBits(this.size) }))
        setBits(entry.declaring, this.#placesOfClass[endpointClass])
      }
    }
    return [...found.values()]
  }

  /** The places whose address belongs to an endpoint or network set that a selector picks. */
  #picked(selector: Selector): Bits {
    const id = this.#idOf(selector)
    const known = this.#selected[id]
    if (known) return known
    const bits = noBits(this.size)
    eachBit(this.#labels.matching(selector), (labelClass) => setBits(bits, this.#placesOfLabels[labelClass]))
    this.#selected[id] = bits
    return bits
  }

  /** Equal selectors have one number. */
  #idOf(selector: Selector): number {
    let id = this.#selectorIds.get(selector)
    if (id === undefined) this.#selectorIds.set(selector, (id = this.#selectors.intern(canonicalSelector(selector))))
    return id
  }

  #netsKey(nets: readonly Net[] | undefined): string {
    let key = ''
    if (nets) for (const net of nets) key += `${this.#atoms.numberOf(net)},`
    return key
  }

  #within(nets: readonly Net[]): Bits {
    const bits = noBits(this.size)
    for (const net of nets) {
      const [first, last] = this.#atoms.within(net)
      for (let atom = first; atom <= last; atom++) setBits(bits, this.#placesOfAtom[atom])
    }
    return bits
  }
}

export type Side = 'source' | 'destination'

/** The numbers and ranges of a list of ports. */
export function numbersOf(ports: readonly Port[]): Intervals {
  const found: [number, number][] = []
  for (const port of ports) {
    if (typeof port === 'number') found.push([port, port])
    else if (port.includes(':')) {
      const [first = 0, last = 0] = port.split(':').map(Number)
      found.push([first, last])
    }
  }
  return intervalsOf(found)
}

/** The headers of some protocols with these ports on one side. */
export function onPorts(space: ConnectionSpace, protocols: readonly number[], ports: Intervals, side: Side): ConnectionSet {
  let set = NOTHING
  for (const protocol of protocols) {
    const one = side === 'source' ? space.ports(protocol, ports, ALL_PORTS) : space.ports(protocol, ALL_PORTS, ports)
    set = space.union(set, one)
  }
  return set
}

/** The headers that a rule asks for, for packets of one family, whatever their ends. */
export function headersOf(space: ConnectionSpace, rule: RuleFacts, family: 4 | 6): ConnectionSet {
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) return NOTHING
  // ICMP is a protocol of IPv4, ICMPv6 one of IPv6: in the other family such a rule is not there.
  const [own, foreign] = family === 4 ? [ICMP, ICMPV6] : [ICMPV6, ICMP]
  if (rule.protocol === foreign) return NOTHING
  let set = rule.protocol === undefined ? EVERYTHING : space.protocol(rule.protocol)
  if (rule.notProtocol !== undefined) set = space.subtract(set, space.protocol(rule.notProtocol))
  if (rule.icmp?.type !== undefined) set = space.intersect(set, typed(space, own, rule.icmp))
  if (rule.notIcmp?.type !== undefined) set = space.subtract(space.intersect(set, space.protocol(own)), typed(space, own, rule.notIcmp))
  return set
}

// --- internal ---

function isSome<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0
}

function isName(port: Port): port is string {
  return typeof port === 'string' && !port.includes(':')
}

const ALL_PORTS: Intervals = combineIntervals('union', [], [0, MAX_PORT])

function typed(space: ConnectionSpace, protocol: number, { type = 0, code }: IcmpFacts): ConnectionSet {
  return space.icmp(protocol, [[type, type]], code === undefined ? [[0, 255]] : [[code, code]])
}
