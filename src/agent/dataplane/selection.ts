import type { Selector } from '../../model/selector/ast.ts'
import { matches } from '../../model/selector/evaluate.ts'
import type { Endpoint, Policy, World } from '../../policy/world/world.ts'
import { actsOn } from '../../policy/applies.ts'

/** Which policies act on the endpoints of this host, in order; worked out anew only for what changed. */
export class Selection {
  /** The endpoints that each selector picks. Selectors that say the same are one object in a world and the next. */
  readonly #picked = new Map<Selector, Set<Endpoint>>()
  #endpoints: ReadonlySet<Endpoint> = new Set()

  /** The policies that act on each of the endpoints. */
  of(world: World, local: readonly Endpoint[]): ReadonlyMap<Endpoint, readonly Policy[]> {
    const now = new Set(local)
    for (const picked of this.#picked.values()) {
      for (const endpoint of picked) if (!now.has(endpoint)) picked.delete(endpoint)
    }
    for (const endpoint of now) {
      if (this.#endpoints.has(endpoint)) continue
      for (const [selector, picked] of this.#picked) if (matches(selector, endpoint.labels)) picked.add(endpoint)
    }
    this.#endpoints = now
    const acting = new Map<Endpoint, Policy[]>(local.map((endpoint) => [endpoint, []]))
    const used = new Set<Selector>()
    for (const { policies } of world.tiers) {
      for (const policy of policies) {
        used.add(policy.selector)
        for (const endpoint of this.#pickedBy(policy.selector)) if (actsOn(policy, endpoint)) acting.get(endpoint)?.push(policy)
      }
    }
    for (const selector of this.#picked.keys()) if (!used.has(selector)) this.#picked.delete(selector)
    return acting
  }

  // --- internal ---

  #pickedBy(selector: Selector): Set<Endpoint> {
    let picked = this.#picked.get(selector)
    if (!picked) {
      picked = new Set([...this.#endpoints].filter(({ labels }) => matches(selector, labels)))
      this.#picked.set(selector, picked)
    }
    return picked
  }
}
