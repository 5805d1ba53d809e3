import { type Family, formatIp, type Ip } from '../../model/net.ts'
import { MARK_END, MARK_START, type PageData, type PageGroup } from '../../output/chart/page-data.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import type { Theme } from '../../output/theme.ts'
import { EVERYTHING, NOTHING } from '../../policy/connections/space.ts'
import { witness } from '../../policy/connections/witness.ts'
import { type CellPart, describeCell } from '../../policy/reach/cells.ts'
import { isAskedFor, type NamedGroup } from '../../policy/reach/reach.ts'
import { type End, examine } from '../../policy/why/examine.ts'
import { connectionsOf, tunnels } from '../../policy/why/traffic.ts'
import { endpointTitle } from '../../policy/words.ts'
import { exampleLines } from '../why/text.ts'
import { endWords, headerWords } from '../why/words.ts'
import { detailOf, type MapAnswer, titleOf } from './formats.ts'

/** A map with the way of a packet or two for its pairs of groups; in a large map, for one pair of each block. */
export function pageData(answer: MapAnswer): PageData {
  const { map, notes } = answer
  const { groups, blocks, rows, cells, engine } = map
  const lines = new Pool<string>((line) => line)
  const explanations = new Pool<readonly number[]>((list) => list.join())
  const why: Record<string, readonly number[]> = {}
  const explain = (from: number, to: number) => {
    const [source, target] = [groups[from], groups[to]]
    const texts = source && target ? explainPair(answer, source, target) : []
    why[`${from}/${to}`] = texts.map((text) => explanations.intern(text.map((line) => lines.intern(line))))
  }
  const isSmall = groups.length ** 2 <= MOST_EXPLAINED
  if (isSmall) for (const from of groups.keys()) for (const to of groups.keys()) explain(from, to)
  const instead = (isSmall ? [] : blocks.slice(0, MOST_EXPLAINED)).map(({ from, to }) => {
    const pairs = from.slice(0, 2).flatMap((a) => to.slice(0, 2).map((b) => [a, b] as const))
    const [a, b] = pairs.find(([a, b]) => a !== b || groups[a]?.members.length !== 1) ?? [0, 0]
    explain(a, b)
    return { from, to, pair: `${a}/${b}` }
  })
  const endpoints = new Set(groups.flatMap(({ members }) => members.map(({ index }) => index))).size
  return {
    title: titleOf(map.question),
    summary: `${endpoints} ${endpoints === 1 ? 'endpoint' : 'endpoints'} in ${groups.filter(({ kind }) => kind === 'endpoints').length} groups`,
    notes: notes.map(({ message }) => escapeForTerminal(message)),
    groups: groups.map((group) => groupOf(answer, group)),
    cells: cells.list.map((parts) => ({ text: parts.length === 0 ? '' : describeCell(engine.space, parts), kind: kindOf(parts) })),
    rows: rows.map((row) => [...row]),
    denied: map.question.denied,
    lines: lines.list,
    explanations: explanations.list,
    why,
    instead,
  }
}

// --- internal ---

/** So many pairs are explained one by one. */
const MOST_EXPLAINED = 2_500
/** So many members of a group are named. */
const MOST_MEMBERS = 500

class Pool<T> {
  readonly list: T[] = []
  readonly #ids = new Map<string, number>()
  readonly #keyOf: (value: T) => string

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf
  }

  intern(value: T): number {
    const key = this.#keyOf(value)
    let id = this.#ids.get(key)
    if (id === undefined) this.#ids.set(key, (id = this.list.push(value) - 1))
    return id
  }
}

function kindOf(parts: readonly CellPart[]): PageData['cells'][number]['kind'] {
  const [first] = parts
  if (!first) return 'none'
  if (parts.some(({ unknown }) => unknown !== NOTHING)) return 'unknown'
  return parts.length === 1 && first.connections === EVERYTHING ? 'all' : 'some'
}

function groupOf({ map }: MapAnswer, group: NamedGroup): PageGroup {
  const { name, kind, members, nets } = group
  const names = kind === 'outside' ? nets : members.map(({ endpoint }) => escapeForTerminal(endpointTitle(endpoint)))
  const end = endIn(map.engine, group, undefined, group.places[4] === undefined ? 6 : 4)
  return {
    name: escapeForTerminal(name),
    detail: escapeForTerminal(detailOf(group)),
    members: names.slice(0, MOST_MEMBERS),
    more: Math.max(0, names.length - MOST_MEMBERS),
    outside: kind === 'outside',
    ...isAskedFor(map, group),
    example: shellWord(end?.endpoint ? escapeForTerminal(end.endpoint.id) : end ? formatIp(end.ip) : ''),
  }
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** What becomes of a packet that is allowed, of one for which it cannot be told and of one that is denied, as far as the pair has such. */
function explainPair({ world, map, source }: MapAnswer, from: NamedGroup, to: NamedGroup): string[][] {
  if (from.kind === 'outside' && to.kind === 'outside') return []
  const { engine } = map
  const { space } = engine
  const { traffic } = map.question
  const texts: string[][] = []
  for (const family of [4, 6] as const) {
    const [origin, target] = [from.places[family], to.places[family]]
    const begin = endIn(engine, from, undefined, family)
    const end = endIn(engine, to, from === to ? begin?.endpoint : undefined, family)
    // What holds for both versions of IP alike is told for one.
    if (origin === undefined || target === undefined || !begin || !end || (texts.length > 0 && isAlike(map, from, to))) continue
    const { allowed, unknown } = engine.verdict(origin, target)
    const wanted = connectionsOf(space, traffic, family)
    const asked = traffic.protocol === undefined && begin.endpoint?.kind === 'workload' ? space.subtract(wanted, tunnels(space)) : wanted
    for (const set of [allowed, unknown, space.complement(space.union(allowed, unknown))]) {
      const header = witness(space, space.intersect(set, asked))
      if (!header) continue
      const examined = examine(world, begin, end, header)
      const [paint, word] =
        examined.verdict === 'allow' ? [ROLES.good, 'Allowed'] : examined.verdict === 'deny' ? [ROLES.error, 'Denied'] : [ROLES.warning, 'Not known']
      const heading = `${paint(word)}: ${headerWords(header)}, ${endWords(begin)} to ${endWords(end)}`
      texts.push([heading, '', ...exampleLines({ theme: ROLES, width: WIDTH, source }, examined)])
    }
  }
  return texts
}

function isAlike({ cells, rows, groups }: MapAnswer['map'], from: NamedGroup, to: NamedGroup): boolean {
  const target = groups.indexOf(to)
  for (const [cell, targets] of rows[groups.indexOf(from)] ?? [])
    if (targets.includes(target)) return cells.list[cell]?.every(({ family }) => family === undefined) ?? true
  return true
}

/** One of a group, by an address of an IP version; another one than `not`, if there is one. */
function endIn(engine: MapAnswer['map']['engine'], { kind, members, atoms }: NamedGroup, not: End['endpoint'], family: Family): End | undefined {
  if (kind === 'outside') {
    for (const atom of atoms) {
      const ip: Ip | undefined = engine.atoms.familyOf(atom) === family ? engine.atoms.sample(atom, (ip) => engine.places.isOwned(ip)) : undefined
      if (ip) return { endpoint: undefined, ip }
    }
    return undefined
  }
  for (const { endpoint, addresses } of members) {
    const ip = endpoint === not ? undefined : addresses.find((ip) => ip.family === family)
    if (ip) return { endpoint, ip }
  }
  return undefined
}

const WIDTH = 110

function role(letter: string): (text: string) => string {
  return (text) => `${MARK_START}${letter}${text}${MARK_END}`
}

/** Marks the roles of texts for the page, instead of colouring them. */
const ROLES: Theme = {
  error: role('e'),
  warning: role('w'),
  note: role('n'),
  good: role('g'),
  place: role('p'),
  strong: role('s'),
  faint: role('f'),
}
