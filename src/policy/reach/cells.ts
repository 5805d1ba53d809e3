import type { Family } from '../../model/net.ts'
import { describeSet } from '../connections/describe.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import type { Engine } from '../core/engine.ts'
import { connectionsOf, type Traffic, tunnels } from '../why/traffic.ts'
import type { Group } from './groups.ts'

/** What a map shows between two groups, of one version of IP or of both alike. */
export interface CellPart {
  /** Undefined: the same for all versions that both groups have. */
  readonly family: Family | undefined
  /** What may pass; in a map of what is denied, what may not. */
  readonly connections: ConnectionSet
  /** What cannot be told. */
  readonly unknown: ConnectionSet
}

/** One number for each different thing that a map shows between two groups; 0 for nothing at all. */
export class Cells {
  readonly list: (readonly CellPart[])[] = [[]]
  readonly #engine: Engine
  readonly #traffic: Traffic
  readonly #denied: boolean
  readonly #tunnels: ConnectionSet
  readonly #lines: Readonly<Record<Family, Line>>
  readonly #byVerdicts = new Map<number | string, number>()
  readonly #byParts = new Map<string, number>([['', 0]])

  constructor(engine: Engine, traffic: Traffic, denied: boolean) {
    this.#engine = engine
    this.#traffic = traffic
    this.#denied = denied
    this.#tunnels = tunnels(engine.space)
    const size = engine.places.list.length
    const line = (): Line => ({ allowed: new Int32Array(size), unknown: new Int32Array(size) })
    this.#lines = { 4: line(), 6: line() }
  }

  /** Calls `see` for each of some targets to which something is shown from a group; nothing is between addresses outside. */
  row(from: Group, groups: readonly Group[], targets: readonly number[], see: (to: number, cell: number) => void): void {
    // The tunnels that no workload may send are no news about it.
    const quiet = this.#traffic.protocol === undefined && from.members[0]?.endpoint.kind === 'workload'
    const inPairs = targets.length * FEW < groups.length
    const verdictOf = inPairs ? this.#pairs(from) : this.#line(from)
    const family = from.places[6] === undefined ? 4 : from.places[4] === undefined ? 6 : undefined
    if (!inPairs && family !== undefined) return this.#plainRow(from, family, groups, targets, quiet, see)
    for (const at of targets) {
      const to = groups[at]
      if (from.kind === 'outside' && to?.kind === 'outside') continue
      const [four, six] = [verdictOf(to?.places[4], 4), verdictOf(to?.places[6], 6)]
      const [first, second] = four ? [four, six] : [six, undefined]
      const cell = first ? this.#cell(first, second, quiet) : 0
      if (cell !== 0) see(at, cell)
    }
  }

  // --- internal ---

  /** A row of a group with one version of IP, from its line: as most are, and so without a detour. */
  #plainRow(
    from: Group,
    family: Family,
    groups: readonly Group[],
    targets: readonly number[],
    quiet: boolean,
    see: (to: number, cell: number) => void,
  ) {
    const { allowed, unknown } = this.#lines[family]
    const known: number[] = []
    for (const at of targets) {
      const to = groups[at]
      const place = to?.places[family]
      if (place === undefined || (from.kind === 'outside' && to?.kind === 'outside')) continue
      const [may, doubt] = [allowed[place] ?? NOTHING, unknown[place] ?? NOTHING]
      let cell = doubt === NOTHING ? known[may] : undefined
      if (cell === undefined) {
        cell = this.#cell({ family, allowed: may, unknown: doubt }, undefined, quiet)
        if (doubt === NOTHING) known[may] = cell
      }
      if (cell !== 0) see(at, cell)
    }
  }

  /** Verdicts from a group to any place, one by one. */
  #pairs(from: Group): VerdictOf {
    return (to, family) => {
      const place = from.places[family]
      return place === undefined || to === undefined ? undefined : { family, ...this.#engine.verdict(place, to) }
    }
  }

  /** Verdicts from a group to all places, made at once; they hold until the next line is made. */
  #line(from: Group): VerdictOf {
    for (const family of [4, 6] as const) {
      const place = from.places[family]
      if (place !== undefined) this.#engine.row(place, this.#lines[family].allowed, this.#lines[family].unknown)
    }
    return (to, family) => {
      if (from.places[family] === undefined || to === undefined) return undefined
      return { family, allowed: this.#lines[family].allowed[to] ?? NOTHING, unknown: this.#lines[family].unknown[to] ?? NOTHING }
    }
  }

  #cell(first: FamilyVerdict, second: FamilyVerdict | undefined, quiet: boolean): number {
    const one = keyOf(first) * 2 + (quiet ? 1 : 0)
    const key = second ? `${one}/${keyOf(second)}` : first.family === 4 ? one : -1 - one
    let cell = this.#byVerdicts.get(key)
    if (cell === undefined) this.#byVerdicts.set(key, (cell = this.#intern(this.#show(first, second, quiet))))
    return cell
  }

  #show(first: FamilyVerdict, second: FamilyVerdict | undefined, quiet: boolean): CellPart[] {
    const parts = [first, ...(second ? [second] : [])].map((verdict) => this.#part(verdict, quiet))
    const [a, b] = parts
    const alike = a && b && first.allowed === second?.allowed && first.unknown === second.unknown
    const shown = alike
      ? [{ family: undefined, connections: this.#both(a.connections, b.connections), unknown: this.#both(a.unknown, b.unknown) }]
      : parts
    return shown
      .filter(({ connections, unknown }) => connections !== NOTHING || unknown !== NOTHING)
      .map((part) => (b ? part : { ...part, family: undefined }))
  }

  #part({ family, allowed, unknown }: FamilyVerdict, quiet: boolean): CellPart {
    const { space } = this.#engine
    const wanted = connectionsOf(space, this.#traffic, family)
    const told = this.#denied ? space.complement(space.union(allowed, unknown)) : allowed
    const connections = space.intersect(told, wanted)
    const doubt = space.intersect(unknown, wanted)
    return quiet ? { family, connections: this.#plain(connections), unknown: this.#plain(doubt) } : { family, connections, unknown: doubt }
  }

  /** A set with tunnels or without, whichever is told in fewer words. */
  #plain(set: ConnectionSet): ConnectionSet {
    const { space } = this.#engine
    const [without, withThem] = [space.subtract(set, this.#tunnels), space.union(set, this.#tunnels)]
    if (without === NOTHING) return NOTHING
    if (withThem === EVERYTHING) return EVERYTHING
    return describeSet(space, withThem).length < describeSet(space, without).length ? withThem : without
  }

  #both(a: ConnectionSet, b: ConnectionSet): ConnectionSet {
    return this.#engine.space.union(a, b)
  }

  #intern(parts: readonly CellPart[]): number {
    const key = parts.map(({ family, connections, unknown }) => `${family}:${connections}:${unknown}`).join()
    const known = this.#byParts.get(key)
    if (known !== undefined) return known
    const cell = this.list.push(parts) - 1
    this.#byParts.set(key, cell)
    return cell
  }
}

/** In words: `tcp 80,443; icmp`, and what cannot be told after that; by IP version where that matters. */
export function describeCell(space: ConnectionSpace, parts: readonly CellPart[]): string {
  const texts = parts.map(({ family, connections, unknown }) => {
    const doubt = unknown === NOTHING ? '' : `unknown: ${describeSet(space, unknown)}`
    const sure = connections === NOTHING && doubt !== '' ? '' : describeSet(space, connections)
    return `${family === undefined ? '' : `IPv${family}: `}${[sure, doubt].filter((text) => text !== '').join('; ')}`
  })
  return texts.length === 0 ? 'none' : texts.join('; ')
}

// --- internal ---

interface FamilyVerdict {
  readonly family: Family
  readonly allowed: ConnectionSet
  readonly unknown: ConnectionSet
}

/** From one place to every place. */
interface Line {
  readonly allowed: Int32Array
  readonly unknown: Int32Array
}

type VerdictOf = (to: number | undefined, family: Family) => FamilyVerdict | undefined

/** A line of all places costs about as much as one pair for each so many of them. */
const FEW = 8

/** Numbers of sets are below 2^26. */
function keyOf({ allowed, unknown }: FamilyVerdict): number {
  return allowed * 2 ** 26 + unknown
}
