import { formatIp } from '../../model/net.ts'
import { formatCells } from '../../output/cells.ts'
import type { Chart } from '../../output/chart/chart.ts'
import { formatDot } from '../../output/chart/dot.ts'
import { formatSvg } from '../../output/chart/svg.ts'
import { formatCsvLine } from '../../output/csv.ts'
import { formatMarkdownTable } from '../../output/markdown.ts'
import { describeSet, entriesOf } from '../../policy/connections/describe.ts'
import { NOTHING } from '../../policy/connections/space.ts'
import { type CellPart, describeCell } from '../../policy/reach/cells.ts'
import type { Note } from '../../policy/reach/notes.ts'
import type { NamedGroup, Question, ReachMap } from '../../policy/reach/reach.ts'
import { isNetwork } from '../../policy/reach/traits.ts'
import { endpointTitle } from '../../policy/words.ts'
import type { World } from '../../policy/world/world.ts'
import { formatAnswer } from '../answer.ts'

export const MAP_FORMATS = ['table', 'json', 'csv', 'md', 'dot', 'svg', 'html'] as const
export type MapFormat = (typeof MAP_FORMATS)[number]

/** A map, what it leaves out, and what it is of. */
export interface MapAnswer {
  readonly world: World
  readonly map: ReachMap
  readonly notes: readonly Note[]
  /** The text of a manifest. */
  readonly source: (file: string) => string | undefined
}

/** Writes a map, in pieces where it can be long. */
export async function writeMap(format: MapFormat, answer: MapAnswer, write: (text: string) => void): Promise<void> {
  switch (format) {
    case 'table':
      return write(formatCells(headings(answer), blockRows(answer)))
    case 'md':
      return write(formatMarkdownTable(headings(answer).map(sentence), blockRows(answer)))
    case 'json':
      return write(formatAnswer('reach', toJson(answer)))
    case 'csv':
      return writeCsv(answer, write)
    case 'dot':
      return write(formatDot(chartOf(answer)))
    case 'svg':
      return write(formatSvg(chartOf(answer)))
    case 'html':
      return writePage(answer, write)
  }
}

async function writePage(answer: MapAnswer, write: (text: string) => void): Promise<void> {
  const [{ pageData }, { formatPage }] = await Promise.all([import('./page-data.ts'), import('../../output/chart/page.ts')])
  write(formatPage(pageData(answer), answer.map.groups.length <= MOST_DRAWN ? formatSvg(chartOf(answer)) : undefined))
}

/** A map as a drawing. */
export function chartOf({ map }: MapAnswer): Chart {
  return {
    title: titleOf(map.question),
    groups: map.groups.map((group) => ({ name: group.name, detail: detailOf(group) })),
    flows: map.blocks.map(({ from, to, cell }) => {
      const parts = map.cells.list[cell] ?? []
      const isUnknown = parts.every(({ connections }) => connections === NOTHING)
      return { from, to, text: describeCell(map.engine.space, parts), kind: isUnknown ? 'unknown' : map.question.denied ? 'denied' : 'allowed' }
    }),
  }
}

/** `Who reaches whom on tcp/80`. */
export function titleOf({ denied, traffic }: Question): string {
  return `Who ${denied ? 'may not reach' : 'reaches'} whom${traffic.protocol === undefined ? '' : ` on ${traffic.words}`}`
}

/** A few words about a group: how many it has; where they are named, the networks that all of them are on. */
export function detailOf({ kind, members, isListed }: NamedGroup): string {
  if (kind === 'outside') return ''
  if (!isListed) return `${members.length} endpoints`
  const [first, ...others] = members.map(({ endpoint }) => endpoint.profiles.filter(isNetwork))
  return (first ?? []).filter((network) => others.every((own) => own.includes(network))).join(', ')
}

// --- internal ---

/** So many groups are drawn in a page. */
const MOST_DRAWN = 150
/** How many groups one cell of a table names. */
const SHOWN = 4

function headings({ map }: MapAnswer): string[] {
  return ['FROM', 'TO', map.question.denied ? 'DENIED' : 'CONNECTIONS']
}

function sentence(heading: string): string {
  return heading.charAt(0) + heading.slice(1).toLowerCase()
}

function blockRows({ map }: MapAnswer): string[][] {
  return map.blocks.map(({ from, to, cell }) => [listOf(map, from), listOf(map, to), describeCell(map.engine.space, map.cells.list[cell] ?? [])])
}

/** Several groups as what their endpoints have in common, where that is something, or one by one. */
function listOf(map: ReachMap, groups: readonly number[]): string {
  const all = groups.flatMap((at) => map.groups[at] ?? [])
  const [endpoints, outside] = [all.filter(({ kind }) => kind === 'endpoints'), all.filter(({ kind }) => kind === 'outside')]
  const isWorthIt = endpoints.length > SHOWN || (endpoints.length > 1 && endpoints.some(({ members }) => members.length > 1))
  const together = isWorthIt ? map.namer.togetherName(endpoints.map(({ indexes }) => indexes)) : undefined
  const words = [
    ...(together === undefined
      ? endpoints.map(labelOf)
      : [`${together} (${endpoints.reduce((sum, { members }) => sum + members.length, 0)} endpoints)`]),
    ...outside.map(labelOf),
  ]
  return words.length > SHOWN ? `${words.slice(0, SHOWN).join(', ')} and ${words.length - SHOWN} more` : words.join(', ')
}

function labelOf(group: NamedGroup): string {
  const detail = detailOf(group)
  return detail === '' ? group.name : `${group.name} (${detail})`
}

function toJson({ map, notes }: MapAnswer): Record<string, unknown> {
  const { denied, traffic } = map.question
  const { space } = map.engine
  const names = (groups: readonly number[]) => groups.map((at) => map.groups[at]?.name)
  return {
    shows: denied ? 'denied' : 'allowed',
    traffic: traffic.words,
    groups: map.groups.map((group) =>
      group.kind === 'endpoints'
        ? {
            name: group.name,
            kind: group.kind,
            members: group.members.map(({ endpoint, addresses }) => ({
              endpoint: endpoint.id,
              name: endpointTitle(endpoint),
              addresses: addresses.map(formatIp),
            })),
          }
        : { name: group.name, kind: group.kind, networks: group.nets, except: group.but },
    ),
    rows: map.blocks.flatMap(({ from, to, cell }) =>
      (map.cells.list[cell] ?? []).map(({ family, connections, unknown }) => ({
        from: names(from),
        to: names(to),
        ...(family === undefined ? {} : { ipVersion: family }),
        connections: entriesOf(space, connections),
        ...(unknown === NOTHING ? {} : { unknown: entriesOf(space, unknown) }),
      })),
    ),
    notes,
  }
}

/** A line for each pair of groups, so that spreadsheets can sort and filter. */
function writeCsv({ map }: MapAnswer, write: (text: string) => void): void {
  const { space } = map.engine
  write(formatCsvLine(['from', 'from_endpoints', 'to', 'to_endpoints', 'ip_version', map.question.denied ? 'denied' : 'connections', 'unknown']))
  const single = (at: number) => map.groups[at]?.members.length === 1
  const words = (part: CellPart): string[] => [
    part.family === undefined ? '' : String(part.family),
    describeSet(space, part.connections),
    part.unknown === NOTHING ? '' : describeSet(space, part.unknown),
  ]
  for (const { from, to, cell } of map.blocks) {
    const parts = (map.cells.list[cell] ?? []).map(words)
    let text = ''
    for (const source of from) {
      for (const target of to) {
        if (source === target && single(source)) continue
        const [a, b] = [map.groups[source], map.groups[target]]
        for (const part of parts) text += formatCsvLine([a?.name ?? '', String(a?.members.length), b?.name ?? '', String(b?.members.length), ...part])
      }
    }
    write(text)
  }
}
