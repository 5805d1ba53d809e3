import type { Selector } from '../model/selector/ast.ts'
import { matches } from '../model/selector/evaluate.ts'
import { parseSelector } from '../model/selector/parse.ts'
import { didYouMean } from '../model/suggest.ts'
import { actsOn } from './applies.ts'
import type { Endpoint, NetworkSet, Policy, Profile, World } from './world/world.ts'
import { ownerTitle } from './words.ts'
import { looksLikeSelector, type SubjectFault } from './subject.ts'

/** What a policy, profile or selector picks. */
export interface Selection {
  /** Undefined for a selector. */
  readonly owner: Policy | Profile | undefined
  readonly endpoints: readonly Endpoint[]
  /** Those that the selector means in a rule; a policy acts on none. */
  readonly networkSets: readonly NetworkSet[]
}

/**
 * Finds what a word picks: a policy (`web`, `prod/web`, `networkpolicy/prod/web`, `gnp/web`), a profile (`profile/net1`: the endpoints that carry it) or a
 * selector (`app == 'web'`). `kindOf`: the kind that a word in front of a name means.
 */
export function findSelection(world: World, text: string, kindOf: (word: string) => string | undefined): Selection | SubjectFault {
  if (looksLikeSelector(text)) return bySelector(world, text)
  const owners = [...world.tiers.flatMap(({ policies }) => policies), ...world.profiles.values()]
  const parts = text.split('/')
  const kind = parts.length > 1 ? kindOf(parts[0] ?? '') : undefined
  const ofKind = kind === undefined ? [] : owners.filter((owner) => owner.kind === kind && isCalled(owner, parts.slice(1).join('/')))
  // A profile is meant by its kind only: a name alone is a policy's.
  const found = ofKind.length > 0 ? ofKind : owners.filter((owner) => owner.kind !== 'Profile' && isCalled(owner, text))
  const [only] = found
  if (only && found.length === 1) return byOwner(world, only)
  if (only) return { code: 'ambiguous-name', message: `"${text}" can be several: ${found.map(fullName).join(', ')}`, help: 'write one of these' }
  const names = owners.flatMap((owner) => [fullName(owner), ...(owner.kind === 'Profile' ? [] : [shortName(owner), owner.name])])
  const suggestion = didYouMean(text, names)
  const profile = owners.find((owner) => owner.kind === 'Profile' && owner.name === text)
  return {
    code: 'unknown-name',
    message: `no policy is called "${text}"`,
    help: profile
      ? `did you mean "${fullName(profile)}"?`
      : suggestion === undefined
        ? 'a selector will do too, as in "app == \'web\'"'
        : `did you mean "${suggestion}"?`,
  }
}

/** What a selector picks. */
export function selectionOf(world: World, selector: Selector): Selection {
  const picked = ({ labels }: { readonly labels: Endpoint['labels'] }) => matches(selector, labels)
  return { owner: undefined, endpoints: world.endpoints.filter(picked), networkSets: world.networkSets.filter(picked) }
}

// --- internal ---

function bySelector(world: World, text: string): Selection | SubjectFault {
  const { ast, fault } = parseSelector(text)
  if (ast) return selectionOf(world, ast)
  return { code: 'bad-selector', message: `"${text}" is not a selector: ${fault.message}`, help: "as in: app == 'web' && has(role)" }
}

function byOwner(world: World, owner: Policy | Profile): Selection {
  const endpoints = world.endpoints.filter((endpoint) =>
    owner.kind === 'Profile' ? endpoint.profiles.includes(owner.name) : actsOn(owner as Policy, endpoint),
  )
  return { owner, endpoints, networkSets: [] }
}

function isCalled(owner: Policy | Profile, name: string): boolean {
  return owner.name === name || shortName(owner) === name
}

function shortName(owner: Policy | Profile): string {
  return 'namespace' in owner && owner.namespace !== undefined ? `${owner.namespace}/${owner.name}` : owner.name
}

function fullName(owner: Policy | Profile): string {
  return ownerTitle(owner)
    .replace(' ', '/')
    .replace(/^\w+/, (kind) => kind.toLowerCase())
}
