import { Namer } from '../reach/names.ts'
import { outsideName } from '../reach/outside.ts'
import type { World } from '../world/world.ts'
import type { Comparison, Group } from './compare.ts'

/** Names groups of a comparison by what their endpoints have in common after it, or had before, where they are gone. */
export class GroupNames {
  readonly #namer: Namer
  readonly #networkSets: World['networkSets']
  readonly #known = new Map<string, string>()

  constructor(before: World, after: World, comparison: Comparison) {
    const { endpoints } = comparison
    this.#networkSets = after.networkSets
    const both: World = {
      endpoints: endpoints.flatMap((endpoint) => endpoint.after ?? endpoint.before ?? []),
      networkSets: after.networkSets,
      tiers: [...after.tiers, ...before.tiers],
      profiles: after.profiles,
      setAside: [],
      unknowns: [],
    }
    this.#namer = new Namer(both, (ip) => comparison.netOf(ip))
  }

  /** As in `app=web (12 endpoints) and addresses in 10.0.0.0/8`. */
  name({ presence, endpoints, partial, outside }: Group): string {
    const parts: string[] = []
    if (endpoints.length > 0) {
      const members = endpoints.map(({ index }) => index)
      const key = `${presence}${members.join()}`
      let name = this.#known.get(key)
      if (name === undefined) this.#known.set(key, (name = this.#endpointsName(members, presence)))
      parts.push(partial ? `${name}, by some addresses` : name)
    }
    if (outside) parts.push(outsideName(outside, this.#networkSets))
    return parts.join(' and ')
  }

  // --- internal ---

  #endpointsName(members: readonly number[], presence: Group['presence']): string {
    const name = this.#namer.name(members)
    const remarks = [this.#namer.isListed(members) ? '' : `${members.length} endpoints`, presence === 'both' ? '' : presence].filter(
      (text) => text !== '',
    )
    return remarks.length === 0 ? name : `${name} (${remarks.join(', ')})`
  }
}
