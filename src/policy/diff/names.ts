import { Namer } from '../reach/names.ts'
import { outsideName } from '../reach/outside.ts'
import type { World } from '../world/world.ts'
import type { Comparison, Group } from './compare.ts'

/** Names groups of a comparison by what their endpoints have in common after it, or had before, where they are gone. */
export class GroupNames {
  readonly #namer: Namer
  readonly #networkSets: World['networkSets']
  readonly #known = new Map<string, string>()

  constructor(before: World, after: World, { endpoints }: Comparison) {
    this.#networkSets = after.networkSets
    this.#namer = new Namer({
      endpoints: endpoints.flatMap((endpoint) => endpoint.after ?? endpoint.before ?? []),
      networkSets: after.networkSets,
      tiers: [...after.tiers, ...before.tiers],
      profiles: after.profiles,
      setAside: [],
      unknowns: [],
    })
  }

  /** As in `app=web (12 endpoints) and addresses in 10.0.0.0/8`. */
  name({ presence, endpoints, outside }: Group): string {
    const parts: string[] = []
    if (endpoints.length > 0) {
      const members = endpoints.map(({ index }) => index)
      const key = members.join()
      let name = this.#known.get(key)
      if (name === undefined) this.#known.set(key, (name = this.#namer.name(members)))
      const remarks = [endpoints.length === 1 ? '' : `${endpoints.length} endpoints`, presence === 'both' ? '' : presence].filter(
        (text) => text !== '',
      )
      parts.push(remarks.length === 0 ? name : `${name} (${remarks.join(', ')})`)
    }
    if (outside) parts.push(outsideName(outside, this.#networkSets))
    return parts.join(' and ')
  }
}
