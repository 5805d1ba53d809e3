import type { DecidingName } from '../../model/deciding.ts'
import { didYouMean } from '../../model/suggest.ts'
import { type ConnectionSet, NOTHING } from '../connections/space.ts'
import type { Direction, RuleFacts } from '../facts.ts'
import type { Policy, Profile, Rule, World } from '../world/world.ts'
import { type Deciding, decidingAt } from './deciding.ts'
import type { Asked } from './ends.ts'

/** Whose rule a rule of the world is. */
export interface Owned {
  readonly owner: Policy | Profile
  readonly rule: Rule
}

/** Every rule of a world's policies and profiles, with whose it is. */
export function ownersOfRules(world: World): ReadonlyMap<RuleFacts, Owned> {
  let owners = known.get(world)
  if (!owners) {
    const found = new Map<RuleFacts, Owned>()
    for (const owner of [...world.tiers.flatMap(({ policies }) => policies), ...world.profiles.values()])
      for (const rule of [...(owner.ingress ?? []), ...(owner.egress ?? [])]) found.set(rule, { owner, rule })
    known.set(world, (owners = found))
  }
  return owners
}

/**
 * Between two places, the packets about which the named one decides, among those that are allowed, or among those that are denied: first at the source, then at
 * the destination. `doubt`: it hangs on what cannot be told whether it does.
 */
export function decidedBy(
  asked: Asked,
  name: DecidingName,
  expect: 'allow' | 'deny',
  source: number,
  destination: number,
): { readonly decided: ConnectionSet; readonly doubt: ConnectionSet } {
  const { space } = asked.engine
  let [decided, doubt, gone] = [NOTHING, NOTHING, NOTHING]
  for (const direction of ['egress', 'ingress'] as const) {
    let [seen, denied] = [NOTHING, NOTHING]
    for (const entry of decidingAt(asked, direction, source, destination) ?? []) {
      if (entry.outcome === undefined) continue
      doubt = space.union(doubt, space.intersect(seen, entry.headers))
      seen = space.union(seen, entry.headers)
      if (entry.outcome === 'Deny') denied = space.union(denied, entry.headers)
      const isLast = (entry.outcome === 'Allow') === (expect === 'allow')
      if (isLast && isNamed(name, direction, entry)) decided = space.union(decided, space.subtract(entry.headers, gone))
    }
    if (expect === 'deny') gone = denied
  }
  return { decided: space.subtract(decided, doubt), doubt }
}

/** Why nothing in the world has the name; undefined when something does. */
export function missingName(world: World, name: DecidingName): { readonly help?: string } | undefined {
  if (name.type === 'nothing') return undefined
  if (name.type === 'tier') return world.tiers.some((tier) => tier.name === name.name) ? undefined : suggest(name.name, world.tiers)
  const all = name.kind === 'Profile' ? [...world.profiles.values()] : world.tiers.flatMap(({ policies }) => policies)
  const candidates = all.filter((owner) => owner.kind === name.kind && (!('namespace' in owner) || owner.namespace === name.namespace))
  const owner = candidates.find((one) => one.name === name.name)
  // A profile that is missing denies, too.
  if (!owner)
    return name.kind === 'Profile' && world.endpoints.some(({ profiles }) => profiles.includes(name.name))
      ? undefined
      : suggest(name.name, candidates)
  const { direction, index } = name
  const rules = direction === undefined ? undefined : (owner[direction] ?? [])
  if (rules === undefined || (index === undefined ? rules.length > 0 : rules[index] !== undefined)) return undefined
  return {
    help: rules.length === 0 ? `it has no ${direction} rules` : `it has ${rules.length} ${direction} rule${rules.length === 1 ? '' : 's'}, from 0`,
  }
}

// --- internal ---

const known = new WeakMap<World, ReadonlyMap<RuleFacts, Owned>>()

function isNamed(name: DecidingName, direction: Direction, { by }: Deciding): boolean {
  if (name.direction !== undefined && name.direction !== direction) return false
  switch (by.type) {
    case 'rule': {
      if (name.type !== 'rule' || by.owner.kind !== name.kind || by.owner.name !== name.name) return false
      const namespace = 'namespace' in by.owner ? by.owner.namespace : undefined
      return namespace === name.namespace && (name.index === undefined || by.rule.index === name.index)
    }
    case 'tier':
      return name.type === 'tier' && by.tier.name === name.name
    case 'missing-profile':
      return name.type === 'rule' && name.kind === 'Profile' && name.name === by.name
    case 'nothing':
      return name.type === 'nothing'
    default:
      return false
  }
}

function suggest(name: string, candidates: readonly { readonly name: string }[]): { readonly help?: string } {
  const suggestion = didYouMean(
    name,
    candidates.map((one) => one.name),
  )
  return suggestion === undefined ? {} : { help: `did you mean "${suggestion}"?` }
}
