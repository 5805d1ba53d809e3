import { actsOn } from '../applies.ts'
import type { Endpoint, World } from '../world/world.ts'
import { isAskedFor, type NamedGroup, type ReachMap } from './reach.ts'

/** What a map leaves out or cannot know, so that it is not the whole truth. */
export interface Note {
  readonly code: 'set-aside' | 'no-address' | 'forwarded' | 'own-host'
  readonly message: string
}

/** What a map, or an answer about some endpoints, does not tell. */
export function notesOn(world: World, isAbout: (endpoint: Endpoint) => boolean, map?: ReachMap): Note[] {
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
  if (map && hasOwnHosts(map)) {
    const message = 'between a host and its own workloads other rules hold than the map shows; "calicoctl why" knows them'
    notes.push({ code: 'own-host', message })
  }
  return notes
}

// --- internal ---

/** Whether the map has something between a host and a workload on it. */
function hasOwnHosts(map: ReachMap): boolean {
  const nodesOf = (kind: Endpoint['kind'], role: 'source' | 'target', about: boolean) => {
    const groups = map.groups.filter((group) => isMeant(map, group, role, about))
    return new Set(
      groups.flatMap(({ members }) => members.flatMap(({ endpoint }) => (endpoint.kind === kind && endpoint.node !== '' ? [endpoint.node] : []))),
    )
  }
  const meet = (from: ReadonlySet<string>, to: ReadonlySet<string>) => [...from].some((node) => to.has(node))
  return ([true, false] as const).some(
    (about) =>
      meet(nodesOf('host', 'source', about), nodesOf('workload', 'target', !about)) ||
      meet(nodesOf('workload', 'source', about), nodesOf('host', 'target', !about)),
  )
}

/** One end at least is what the map is about. */
function isMeant(map: ReachMap, group: NamedGroup, role: 'source' | 'target', about: boolean): boolean {
  const asked = isAskedFor(map, group)
  return asked[role] && (!about || asked.about)
}
