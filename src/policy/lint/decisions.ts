import { type ConnectionSet, EVERYTHING, NOTHING } from '../connections/space.ts'
import type { Engine } from '../core/engine.ts'
import { headersAtSite, PEER } from './headers.ts'
import type { Site, Step } from './trails.ts'

/** What each rule at a site decides about packets to or from one place, in order. Rules that may match or not decide nothing for sure. */
export function* decisionsAt({ space, matches }: Engine, site: Site, peer: number): Generator<{ step: Step; headers: ConnectionSet }> {
  const { trail } = site
  const side = PEER[trail.direction]
  let open = EVERYTHING
  for (const { steps, end } of trail.layers) {
    let passed = NOTHING
    for (const step of steps) {
      if (open === NOTHING) break
      const { rule } = step
      if (rule.action === 'Log' || rule.maybe) continue
      const headers = space.intersect(open, space.intersect(headersAtSite(matches, site, rule), matches.headersAt(rule[side], side, peer)))
      if (headers === NOTHING) continue
      yield { step, headers }
      open = space.subtract(open, headers)
      if (rule.action === 'Pass') passed = space.union(passed, headers)
    }
    open = end === 'Pass' ? space.union(open, passed) : passed
  }
}
