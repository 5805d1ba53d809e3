import { compareBytes } from '../../model/json.ts'
import type { Policy, Tier } from './world.ts'

/** The order in which tiers act (`reference/felix.md 1.2`): those that exist first, by order, then by name. */
export function compareTiers(a: Pick<Tier, 'name' | 'order' | 'missing'>, b: Pick<Tier, 'name' | 'order' | 'missing'>): number {
  return Number(a.missing) - Number(b.missing) || compareNumbers(a.order, b.order) || compareBytes(a.name, b.name)
}

/** The order in which policies of a tier act (`reference/felix.md 0.8, 1.1`): by order, then by `name/namespace/kind` byte for byte. */
export function comparePolicies(a: Policy, b: Policy): number {
  return compareNumbers(a.order, b.order) || compareBytes(tieBreak(a), tieBreak(b))
}

// --- internal ---

/** Infinity equals itself here, which a difference would not tell. */
function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function tieBreak({ name, namespace = '', kind }: Policy): string {
  return `${name}/${namespace}/${kind}`
}
