import { describeSet } from '../../connections/describe.ts'
import { type ConnectionSet, NOTHING } from '../../connections/space.ts'
import { rulePath } from '../../words.ts'
import { BUILT_IN } from '../../world/origin.ts'
import { decisionsAt } from '../decisions.ts'
import { ruleName } from '../deciders.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import type { Study } from '../study.ts'
import { ownersOf } from '../texts.ts'
import { type Site, type Step, stepsOf } from '../trails.ts'

export const openToWorld: LintRule = {
  code: 'open-to-world',
  severity: 'warning',
  summary: 'a rule that lets anybody in, from any address outside',
  explanation: {
    why: `The rule allows packets from addresses that belong to no endpoint, no network set and no network that any rule names: from anywhere.
For a public service that is as it should be: say so with an annotation, and everything else that opens up will be seen. What an earlier rule denies is left out.`,
    bad: `ingress:
- action: Allow
  protocol: TCP
  destination: {ports: [5432]}`,
    good: `ingress:
- action: Allow
  protocol: TCP
  source: {selector: role == 'api'}
  destination: {ports: [5432]}`,
    fix: `Say in source who may come in; for a service that is public on purpose, annotate its policy with calicoctl/lint-ignore: open-to-world.`,
  },
  *find(study) {
    const { engine } = study
    const open = new Map<Step, { headers: ConnectionSet; readonly endpoints: Set<number> }>()
    const shadowed = new Set(study.shadows.rules.map(({ step }) => step))
    const world = ([4, 6] as const).map((family) => worldOf(study, family))
    for (const site of study.hasEndpoints ? study.sites : policiesAlone(study)) {
      const outside = world[site.family === 4 ? 0 : 1]
      if (outside === undefined || site.trail.direction !== 'ingress') continue
      for (const { step, headers } of decisionsAt(engine, site, outside)) {
        if (step.rule.action !== 'Allow' || step.owner.origin === BUILT_IN || shadowed.has(step)) continue
        let state = open.get(step)
        if (!state) open.set(step, (state = { headers: NOTHING, endpoints: new Set() }))
        state.headers = engine.space.union(state.headers, headers)
        if (site.trail.kind === 'workload')
          for (const place of site.places) for (const { endpoint } of engine.places.members(place)) state.endpoints.add(endpoint)
      }
    }
    for (const [step, { headers, endpoints }] of open) {
      const what = describeSet(engine.space, headers)
      const whom = !study.hasEndpoints
        ? 'what it picks'
        : endpoints.size === 0
          ? 'a host'
          : `${endpoints.size} endpoint${endpoints.size === 1 ? '' : 's'}`
      yield finding(this, step.owner, rulePath(step.rule), {
        message: `${ruleName(step)} of ${nameOf(step.owner)} lets anybody reach ${whom} on ${what === 'all' ? 'everything' : what}`,
        help: 'say in source who may; if it is public on purpose, annotate the resource with calicoctl/lint-ignore: open-to-world',
      })
    }
  },
}

// --- internal ---

/** The place of the addresses that lie in no network and belong to nobody. */
function worldOf({ engine: { atoms, places } }: Pick<Study, 'engine'>, family: 4 | 6): number | undefined {
  const [atom] = atoms.within(family === 4 ? { family, value: 0, prefix: 0 } : { family, value: 0n, prefix: 0 })
  const found = places.list.findIndex((place) => place.atom === atom && place.endpointClass === undefined && place.owners.length === 0)
  return found === -1 ? undefined : found
}

/** Each policy and profile by itself, where there are no endpoints on which several could act. */
function policiesAlone({ world, engine }: Study): Site[] {
  return ownersOf(world).flatMap((owner) =>
    ([4, 6] as const).flatMap((family): Site[] => {
      const outside = worldOf({ engine }, family)
      if (outside === undefined) return []
      const steps = stepsOf(owner, 'ingress')
      const own = new Map(steps.map(({ rule }) => [rule, engine.matches.headersAt(rule.destination, 'destination', outside)]))
      const layer = { tier: undefined, policies: [], steps, end: 'Pass' as const }
      return [{ trail: { kind: 'workload', direction: 'ingress', layers: [layer], end: 'Deny' }, family, places: [], own }]
    }),
  )
}
