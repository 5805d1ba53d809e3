import { formatResourceName } from '../../model/problem.ts'
import { actsOn } from '../applies.ts'
import { ownerTitle, ruleText } from '../words.ts'
import type { World } from '../world/world.ts'
import type { Comparison } from './compare.ts'

/** What a comparison cannot know, so that it is not the whole truth. */
export interface Note {
  readonly code: 'set-aside' | 'unknown' | 'undecided' | 'forwarded' | 'no-endpoints'
  readonly message: string
}

/** What a comparison of two worlds does not tell, though it could matter. */
export function notesOn(before: World, after: World, { rows }: Comparison): Note[] {
  const notes: Note[] = []
  const broken = new Set([...before.setAside, ...after.setAside].map(formatResourceName))
  if (broken.size > 0) {
    const [first = ''] = broken
    const which = broken.size === 1 ? first : `${broken.size} resources`
    notes.push({ code: 'set-aside', message: `${which} cannot be understood: what is compared is as if not there` })
  }
  if (rows.some((row) => row.before === 'unknown' || row.after === 'unknown')) {
    notes.push({ code: 'unknown', message: 'some connections hang on rules that look at more than a packet shows, before or after' })
  }
  const undecided = changedMaybes(before, after)
  if (undecided.length > 0) {
    const message = `what rules with services or HTTP conditions let through cannot be told, and some changed: ${undecided.join(', ')}`
    notes.push({ code: 'undecided', message })
  }
  if (forwarding(before) !== forwarding(after)) {
    const message = 'policies of host endpoints for what their hosts forward changed: that is not compared; "calicoctl why" follows it'
    notes.push({ code: 'forwarded', message })
  }
  if (before.endpoints.length === 0 && after.endpoints.length === 0) {
    notes.push({ code: 'no-endpoints', message: 'there is no endpoint on either side: what becomes reachable is told only where there are some' })
  }
  return notes
}

// --- internal ---

/** The policies and profiles that have other rules that may match or not than before. */
function changedMaybes(before: World, after: World): string[] {
  const [a, b] = [maybesOf(before), maybesOf(after)]
  return [...new Set([...a.keys(), ...b.keys()])].filter((owner) => a.get(owner) !== b.get(owner))
}

function maybesOf({ tiers, profiles }: World): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const owner of [...tiers.flatMap(({ policies }) => policies), ...profiles.values()]) {
    const rules = [...(owner.ingress ?? []), ...(owner.egress ?? [])].filter(({ maybe }) => maybe)
    if (rules.length === 0) continue
    const spec = owner.resource.spec as Partial<Record<string, readonly unknown[]>>
    const written = rules.map((rule) => `${ruleText(owner, rule)} ${JSON.stringify(spec[rule.direction]?.[rule.index])}`)
    found.set(ownerTitle(owner), written.join('\n'))
  }
  return found
}

/** All that says what hosts forward, as a text. */
function forwarding({ endpoints, tiers }: World): string {
  const hosts = endpoints.filter(({ kind }) => kind === 'host')
  if (hosts.length === 0) return ''
  const acting = tiers
    .flatMap(({ policies }) => policies)
    .filter((policy) => (policy.applyOnForward || policy.stage !== undefined) && hosts.some((host) => actsOn(policy, host)))
  if (acting.length === 0) return ''
  const policies = acting.map(({ resource, tier }) => [tier, resource.metadata.name, resource.spec])
  return JSON.stringify([policies, hosts.map(({ id, node, labels, allInterfaces }) => [id, node, labels, allInterfaces])])
}
