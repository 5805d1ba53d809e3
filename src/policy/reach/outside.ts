import { containsNet, formatNet, type Net } from '../../model/net.ts'
import type { Atoms } from '../core/atoms.ts'
import type { NetworkSet } from '../world/world.ts'

/** The addresses of some groups of atoms, each group told as networks, and networks within them that are not meant. */
export interface Outside {
  readonly nets: readonly Net[]
  readonly but: readonly Net[]
}

/** The networks of which each group of atoms consists. Atoms that are in no group, since endpoints have all their addresses, are not mentioned. */
export function outsideOf(atoms: Atoms, groups: readonly (readonly number[])[]): Outside[] {
  const groupOf = new Map<number, number>()
  for (const [group, list] of groups.entries()) for (const atom of list) groupOf.set(atom, group)
  const result = groups.map(() => ({ nets: [] as Net[], but: [] as Net[] }))
  const open: { readonly net: Net; readonly group: number }[] = []
  for (const [atom, group] of [...groupOf].sort(([a], [b]) => a - b)) {
    const net = atoms.netOf(atom)
    while (open.length > 0 && !containsNet(open.at(-1)?.net ?? net, net)) open.pop()
    const around = open.at(-1)?.group
    if (around !== group) {
      result[group]?.nets.push(net)
      if (around !== undefined) result[around]?.but.push(net)
    }
    open.push({ net, group })
  }
  return result
}

/** What to call addresses outside: `outside`, `everything else outside`, a network set, `addresses in 10.0.0.0/8 but 10.1.0.0/16`. */
export function outsideName({ nets, but }: Outside, networkSets: readonly NetworkSet[]): string {
  if (nets.some(({ prefix }) => prefix === 0)) {
    if (nets.every(({ prefix }) => prefix === 0)) return but.length === 0 ? 'outside' : 'everything else outside'
    const others = nets.filter(({ prefix }) => prefix !== 0)
    return `addresses in ${listed(others)} and everything else outside`
  }
  const exact = but.length === 0 ? networkSets.find((set) => sameNets(set.nets, nets)) : undefined
  if (exact) return `network set ${exact.namespace === undefined ? '' : `${exact.namespace}/`}${exact.name}`
  return `addresses in ${listed(nets)}${but.length === 0 ? '' : ` but ${but.length <= LISTED ? listed(but) : `${but.length} networks within`}`}`
}

// --- internal ---

const LISTED = 3

function listed(nets: readonly Net[]): string {
  const texts = nets
    .slice(0, LISTED)
    .map((net) => (net.prefix === (net.family === 4 ? 32 : 128) ? formatNet(net).replace(/\/.*/, '') : formatNet(net)))
  return nets.length > LISTED ? `${texts.join(', ')} and ${nets.length - LISTED} more networks` : texts.join(', ')
}

function sameNets(a: readonly Net[], b: readonly Net[]): boolean {
  const texts = new Set(a.map(formatNet))
  return texts.size === new Set(b.map(formatNet)).size && b.every((net) => texts.has(formatNet(net)))
}
