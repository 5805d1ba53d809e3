import { actsOn } from '../applies.ts'
import type { Endpoint, World } from '../world/world.ts'
import type { Group } from './groups.ts'

/** What a map leaves out or cannot know, so that it is not the whole truth. */
export interface Note {
  readonly code: 'set-aside' | 'no-address' | 'forwarded' | 'own-host'
  readonly message: string
}

/** What the map of some groups does not tell. */
export function notesOn(world: World, groups: readonly Group[], isAbout: (endpoint: Endpoint) => boolean): Note[] {
  const notes: Note[] = []
  if (world.setAside.length > 0) {
    const count = world.setAside.length
    notes.push({
      code: 'set-aside',
      message: `${count} ${count === 1 ? 'resource' : 'resources'} could not be understood: what they would change is not shown`,
    })
  }
  const lost = world.endpoints.filter(
    (endpoint) => isAbout(endpoint) && endpoint.addresses.length === 0 && (endpoint.otherAddresses ?? []).length === 0,
  )
  if (lost.length > 0) {
    const names = lost.slice(0, 3).map(({ id }) => id)
    const more = lost.length > names.length ? ` and ${lost.length - names.length} more` : ''
    notes.push({ code: 'no-address', message: `not shown, since no address is known: ${names.join(', ')}${more}` })
  }
  const hosts = world.endpoints.filter(({ kind }) => kind === 'host')
  if (hosts.length === 0) return notes
  const forwarding = world.tiers.flatMap(({ policies }) => policies).filter((policy) => policy.applyOnForward || policy.stage !== undefined)
  if (forwarding.some((policy) => hosts.some((host) => actsOn(policy, host)))) {
    notes.push({
      code: 'forwarded',
      message: 'policies of host endpoints act on what the hosts forward, too: that is not in the map; "calicoctl why" follows it',
    })
  }
  const shown = groups.flatMap(({ members }) => members.map(({ endpoint }) => endpoint))
  const nodes = new Set(shown.flatMap(({ kind, node }) => (kind === 'host' && node !== '' ? [node] : [])))
  if (shown.some(({ kind, node }) => kind === 'workload' && nodes.has(node))) {
    const message = 'between a host and its own workloads other rules hold than the map shows; "calicoctl why" knows them'
    notes.push({ code: 'own-host', message })
  }
  return notes
}
