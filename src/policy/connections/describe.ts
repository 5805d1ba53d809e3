import { type Intervals, combineIntervals, ranges } from './intervals.ts'
import { PORTED, TYPED } from './packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, MAX_PORT, NOTHING, type PortBlocks } from './space.ts'

/** A part of a set for machines: one protocol, and what of it. Ranges are inclusive; what is absent is not restricted. */
export interface ConnectionEntry {
  /** Absent on the one entry of a set that holds everything. */
  readonly protocol?: string | number
  readonly srcPorts?: readonly (readonly [number, number])[]
  readonly dstPorts?: readonly (readonly [number, number])[]
  /** One type, its codes all or as ranges. */
  readonly icmpType?: number
  readonly icmpCodes?: readonly (readonly [number, number])[]
}

/**
 * A set in words: `tcp 80,443; icmp`, `all but udp 53`, `tcp 22 from 1000-2000; icmp 8/0`, `all`, `none`.
 * Sets are equal exactly when their words are.
 */
export function describeSet(space: ConnectionSpace, set: ConnectionSet): string {
  if (set === NOTHING) return 'none'
  if (set === EVERYTHING) return 'all'
  const itself = words(space, set)
  const rest = `all but ${words(space, space.complement(set))}`
  return rest.length < itself.length ? rest : itself
}

/** A set as a list of entries, one protocol each; together they are the set. */
export function entriesOf(space: ConnectionSpace, set: ConnectionSet): ConnectionEntry[] {
  if (set === EVERYTHING) return [{}]
  const { others, ports, types } = space.parts(set)
  const entries: ConnectionEntry[] = []
  for (const [index, protocol] of PORTED.entries()) {
    for (const { destinations, sources } of bySources(ports[index] ?? [])) {
      entries.push({
        protocol: nameOf(protocol),
        ...(isAllPorts(sources) ? {} : { srcPorts: ranges(sources) }),
        ...(isAllPorts(destinations) ? {} : { dstPorts: ranges(destinations) }),
      })
    }
  }
  for (const [index, protocol] of TYPED.entries()) {
    const list = types[index] ?? []
    if (isAllPorts(list)) entries.push({ protocol: nameOf(protocol) })
    else {
      for (const [icmpType, codes] of byType(list))
        entries.push({ protocol: nameOf(protocol), icmpType, ...(isAllCodes(codes) ? {} : { icmpCodes: codes }) })
    }
  }
  for (const [first, last] of ranges(others)) for (let protocol = first; protocol <= last; protocol++) entries.push({ protocol })
  return entries
}

/** How a protocol is called in results; its number when it has no name in rules. */
export function nameOf(protocol: number): string | number {
  return NAMES[protocol] ?? protocol
}

// --- internal ---

const NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp', 136: 'udplite' }

function words(space: ConnectionSpace, set: ConnectionSet): string {
  const { others, ports, types } = space.parts(set)
  const parts: string[] = []
  for (const [index, protocol] of PORTED.entries()) {
    for (const block of bySources(ports[index] ?? [])) parts.push(`${nameOf(protocol)}${portWords(block)}`)
  }
  for (const [index, protocol] of TYPED.entries()) {
    const list = types[index] ?? []
    if (list.length > 0) parts.push(isAllPorts(list) ? `${nameOf(protocol)}` : `${nameOf(protocol)} ${typeWords(list)}`)
  }
  if (others.length > 0) parts.push(`protocol ${rangeWords(others)}`)
  return parts.join('; ')
}

interface SourceGroup {
  readonly sources: Intervals
  readonly destinations: Intervals
}

/** Blocks with the same destination ports as one, in order of appearance. */
function bySources(blocks: PortBlocks): SourceGroup[] {
  const groups = new Map<Intervals, [number, number][]>()
  for (const { sources, destinations } of blocks) {
    const group = groups.get(destinations)
    if (group) group.push([...sources])
    else groups.set(destinations, [[...sources]])
  }
  return [...groups].map(([destinations, sources]) => ({ sources: sources.flat(), destinations }))
}

function portWords({ sources, destinations }: SourceGroup): string {
  const to = isAllPorts(destinations) ? '' : ` ${shorter(destinations)}`
  return isAllPorts(sources) ? to : `${to} from ${shorter(sources)}`
}

/** Ports as ranges, or as those that are missing where that is shorter. */
function shorter(ports: Intervals): string {
  const itself = rangeWords(ports)
  const rest = `but ${rangeWords(combineIntervals('subtract', [0, MAX_PORT], ports))}`
  return rest.length < itself.length ? rest : itself
}

/** `8` for a type with all its codes, `3/4` and `3/0-3` for some; `13-20` for several whole types in a row. */
function typeWords(list: Intervals): string {
  const whole: [number, number][] = []
  const texts: string[] = []
  for (const [type, codes] of byType(list)) {
    if (!isAllCodes(codes)) {
      for (const range of codes) texts.push(`${type}/${rangeText(range)}`)
      continue
    }
    const last = whole.at(-1)
    if (last && last[1] === type - 1) last[1] = type
    else whole.push([type, type])
  }
  return [...whole.map(rangeText), ...texts].join(',')
}

/** The codes of each type. */
function byType(list: Intervals): Map<number, [number, number][]> {
  const types = new Map<number, [number, number][]>()
  for (const [first, last] of ranges(list)) {
    for (let type = first >> 8; type <= last >> 8; type++) {
      const codes: [number, number] = [Math.max(first, type * 256) % 256, Math.min(last, type * 256 + 255) % 256]
      types.set(type, [...(types.get(type) ?? []), codes])
    }
  }
  return types
}

function isAllPorts(list: Intervals): boolean {
  return list[0] === 0 && list[1] === MAX_PORT
}

function isAllCodes(codes: readonly (readonly [number, number])[]): boolean {
  return codes.length === 1 && codes[0]?.[0] === 0 && codes[0][1] === 255
}

function rangeWords(set: Intervals): string {
  return ranges(set).map(rangeText).join(',')
}

function rangeText([first, last]: readonly [number, number]): string {
  return first === last ? String(first) : `${first}-${last}`
}
