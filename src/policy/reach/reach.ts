import { formatIp, formatNet } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import { NOTHING } from '../connections/space.ts'
import { Engine } from '../core/engine.ts'
import { wholeMap } from '../core/map.ts'
import type { Subject } from '../subject.ts'
import type { Traffic } from '../why/traffic.ts'
import type { World } from '../world/world.ts'
import { type Block, blocksOf, type Rows } from './blocks.ts'
import { Cells } from './cells.ts'
import { type Group, groupEnds, type Member } from './groups.ts'
import { Namer } from './names.ts'
import { compareTexts } from './traits.ts'
import { outsideName, outsideOf } from './outside.ts'

/** What a map is asked for. */
export interface Question {
  /** Only connections from or to this. */
  readonly about: Subject | undefined
  readonly from: Subject | undefined
  readonly to: Subject | undefined
  readonly traffic: Traffic
  /** What is not allowed, instead of what is. */
  readonly denied: boolean
}

/** Who reaches whom on what, by groups. */
export interface ReachMap {
  readonly question: Question
  readonly engine: Engine
  /** Calls groups together by what they have in common. */
  readonly namer: Namer
  readonly groups: readonly NamedGroup[]
  readonly cells: Cells
  /** What each group has towards each other, as the question wants it. */
  readonly rows: Rows
  /** The same in few blocks; groups are given by their index. */
  readonly blocks: readonly Block[]
  /** Whether something in the map cannot be told. */
  readonly doubtful: boolean
}

export interface NamedGroup extends Group {
  /** No two groups of a map have the same. */
  readonly name: string
  /** Of its endpoints, in the world. */
  readonly indexes: readonly number[]
  /** Whether the name has each of its endpoints in it. */
  readonly isListed: boolean
  /** Of addresses outside: the networks they lie in, and those within these that are not meant. */
  readonly nets: readonly string[]
  readonly but: readonly string[]
}

/**
 * The map of a world (`reference/beyond.md 4.2`), of the part that is asked about. Time and size grow with the square of the groups, not of the endpoints.
 * @throws UserError when it would be too large to be read by anybody
 */
export function reach(world: World, question: Question): ReachMap {
  const parts = [question.about, question.from, question.to]
  const nets = parts.flatMap((part) => (part?.type === 'address' ? [part.net] : part?.type === 'set' ? part.nets : []))
  const engine = new Engine(world, undefined, { nets })
  const cells = new Cells(engine, question.traffic, question.denied)
  const hasParts = parts.some((part) => part !== undefined)
  // A small part of the map is made place by place; for a larger one those that are alike are found first.
  const isSmall = parts.some((part) => part !== undefined && part.endpoints.length <= SMALL)
  const classOf = isSmall ? Int32Array.from(engine.places.list.keys()) : wholeMap(engine).groupOf
  const fine = groupEnds(world, engine, classOf, parts)
  const coarse = hasParts || question.traffic.protocol !== undefined ? merge(fine, fillRows(fine, cells, question)) : fine
  const namer = new Namer(world, (ip) => engine.atoms.netOf(engine.atoms.atomOf(ip)))
  const groups = nameGroups(world, engine, namer, coarse)
  const rows = fillRows(groups, cells, question)
  const doubtful = rows.some((row) => [...row.keys()].some((cell) => cells.list[cell]?.some(({ unknown }) => unknown !== NOTHING)))
  return { question, engine, namer, groups, cells, rows, blocks: blocksOf(rows, (group) => groups[group]?.members.length === 1), doubtful }
}

/** Whether what begins at a group, what ends there, and what is between it and any other, is asked for. */
export function isAskedFor(
  { question }: ReachMap,
  { focus }: Group,
): { readonly source: boolean; readonly target: boolean; readonly about: boolean } {
  const isIn = (part: Subject | undefined, bit: number) => part === undefined || (focus & bit) !== 0
  return { source: isIn(question.from, FROM), target: isIn(question.to, TO), about: isIn(question.about, ABOUT) }
}

// --- internal ---

/** Which bit of `Group.focus` stands for which part of a question. */
const [ABOUT, FROM, TO] = [1, 2, 4]
/** So many endpoints are a small part of a map. */
const SMALL = 100
/** So many pairs of groups are as much as memory and readers bear. */
const MOST_PAIRS = 10_000_000

function fillRows(groups: readonly Group[], cells: Cells, { about, from, to }: Question): Rows {
  let pairs = 0
  const targets = [...groups.keys()].filter((at) => !to || ((groups[at]?.focus ?? 0) & TO) !== 0)
  const aboutTargets = targets.filter((at) => ((groups[at]?.focus ?? 0) & ABOUT) !== 0)
  return groups.map((source) => {
    const row = new Map<number, number[]>()
    const byCell: number[][] = []
    if (from && !(source.focus & FROM)) return row
    cells.row(source, groups, about && !(source.focus & ABOUT) ? aboutTargets : targets, (target, cell) => {
      if (++pairs > MOST_PAIRS)
        throw new UserError('the map has too many pairs of groups', 'ask for a part of it: name a SUBJECT, or use --from, --to or --port')
      const known = byCell[cell]
      if (known) known.push(target)
      else row.set(cell, (byCell[cell] = [target]))
    })
    return row
  })
}

/** Puts together groups with the same rows and columns. */
function merge(groups: readonly Group[], rows: Rows): Group[] {
  const columns: string[] = groups.map(() => '')
  for (const [from, row] of rows.entries()) {
    for (const [cell, targets] of row) for (const to of targets) columns[to] += `${from}:${cell},`
  }
  const found = new Map<string, Group & { members: Group['members'][number][]; atoms: number[] }>()
  for (const [at, group] of groups.entries()) {
    const row = [...(rows[at] ?? [])].map(([cell, targets]) => `${cell}:${targets.join()}`).join(';')
    const key = `${group.kind}/${Object.keys(group.places).join()}/${group.focus}/${row}/${columns[at]}`
    const same = found.get(key)
    if (same) {
      same.members.push(...group.members)
      same.atoms.push(...group.atoms)
    } else found.set(key, { ...group, members: [...group.members], atoms: [...group.atoms] })
  }
  return [...found.values()].map((group) => ({ ...group, members: onceEach(group.members) }))
}

/** An endpoint that was in two groups, by different addresses, is in their union once. */
function onceEach(members: readonly Member[]): Member[] {
  const found = new Map<number, Member>()
  for (const member of members) {
    const known = found.get(member.index)
    found.set(member.index, known ? { ...known, addresses: [...known.addresses, ...member.addresses] } : member)
  }
  return [...found.values()].sort((a, b) => a.index - b.index)
}

function nameGroups(world: World, engine: Engine, namer: Namer, groups: readonly Group[]): NamedGroup[] {
  const outside = groups.filter(({ kind }) => kind === 'outside')
  const told = outsideOf(
    engine.atoms,
    outside.map(({ atoms }) => atoms),
  )
  const named = groups.map((group): NamedGroup => {
    if (group.kind === 'endpoints') {
      const indexes = group.members.map(({ index }) => index)
      return { ...group, name: endpointsName(namer, group, indexes), indexes, isListed: namer.isListed(indexes), nets: [], but: [] }
    }
    const where = told[outside.indexOf(group)] ?? { nets: [], but: [] }
    return {
      ...group,
      name: outsideName(where, world.networkSets),
      indexes: [],
      isListed: false,
      nets: where.nets.map(formatNet),
      but: where.but.map(formatNet),
    }
  })
  const sorted = named.sort((a, b) => compareKinds(a, b) || compareTexts(a.name, b.name))
  const counts = new Map<string, number>()
  return sorted.map((group) => {
    const count = (counts.get(group.name) ?? 0) + 1
    counts.set(group.name, count)
    return count === 1 ? group : { ...group, name: `${group.name} (${count})` }
  })
}

/** An endpoint that is in several groups, by different addresses, is told with the address. */
function endpointsName(namer: Namer, { members }: Group, indexes: readonly number[]): string {
  const name = namer.name(indexes)
  const [only] = members
  const all = only && only.endpoint.addresses.length + (only.endpoint.otherAddresses ?? []).length
  return only && members.length === 1 && only.addresses.length !== all ? `${name} (${only.addresses.map(formatIp).join(', ')})` : name
}

/** Endpoints first; then networks; what is left at the end. */
function compareKinds(a: NamedGroup, b: NamedGroup): number {
  const rank = ({ kind, nets }: NamedGroup) => (kind === 'endpoints' ? 0 : nets.some((net) => net.endsWith('/0')) ? 2 : 1)
  return rank(a) - rank(b)
}
