import { parseIp } from '../../../model/net.ts'
import { UDP } from '../../connections/packet.ts'
import { NOTHING } from '../../connections/space.ts'
import { OPEN } from '../../core/outcomes.ts'
import { walkSide } from '../../interpreter/walk.ts'
import { endpointTitle } from '../../words.ts'
import type { Endpoint, Policy } from '../../world/world.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import type { Study } from '../study.ts'
import type { Site, Trail } from '../trails.ts'

export const dnsBlocked: LintRule = {
  code: 'dns-blocked',
  severity: 'warning',
  summary: 'an egress policy that lets endpoints send, but asks no name server: udp 53 is denied to everybody',
  explanation: {
    why: `Endpoints that may send something nearly always look up names first. Here an egress policy allows them something, and udp 53 to no address at all.
Endpoints that may send nothing are left out, and so are those whose name service may be allowed by a rule that cannot be told, such as one with a service.`,
    bad: `egress:
- action: Allow
  protocol: TCP
  destination: {ports: [443]}`,
    good: `egress:
- action: Allow
  protocol: UDP
  destination: {ports: [53]}
- action: Allow
  protocol: TCP
  destination: {ports: [53, 443]}`,
    fix: 'Allow udp 53 and tcp 53 to the name servers.',
  },
  *find(study) {
    const blamed = new Map<Policy, Endpoint[]>()
    for (const endpoints of blockedEndpoints(study)) {
      const [example] = endpoints
      const policy = example && toBlame(study, example)
      if (!policy) continue
      blamed.set(policy, [...(blamed.get(policy) ?? []), ...endpoints])
    }
    for (const [policy, endpoints] of blamed) {
      const [first] = endpoints
      const others = endpoints.length - 1
      const who = `${first ? endpointTitle(first) : ''}${others > 0 ? ` and ${others} other endpoint${others === 1 ? '' : 's'}` : ''}`
      yield finding(this, policy, ['spec', 'egress'], {
        message: `${nameOf(policy)} lets ${who} send, but not ask for names: udp 53 is denied to every address`,
        help: 'add a rule that allows udp 53 and tcp 53 to your name servers',
      })
    }
  },
}

// --- internal ---

/** Endpoints that may send something, and udp 53 to nobody; those on which the same policies act together. */
function blockedEndpoints({ engine, world, sites }: Study): Endpoint[][] {
  const dns = engine.space.ports(UDP, [0, 65_535], [53, 53])
  const trails = new Map<Trail, { sends: boolean; asks: boolean; readonly sites: Site[] }>()
  for (const site of sites) {
    const { trail, places } = site
    if (trail.kind !== 'workload' || trail.direction !== 'egress' || !trail.layers.some(({ policies }) => policies.length > 0)) continue
    let state = trails.get(trail)
    if (!state) trails.set(trail, (state = { sends: false, asks: false, sites: [] }))
    state.sites.push(site)
    // What may be allowed, as far as can be told.
    const { outcomes } = engine
    for (const outcome of new Set(engine.answersAt('egress', places[0] ?? 0)?.byClass())) {
      const { allowed, unknown } = outcomes.verdict(outcomes.both(outcome, OPEN))
      const may = engine.space.union(allowed, unknown)
      state.sends ||= may !== NOTHING
      state.asks ||= engine.space.intersect(may, dns) !== NOTHING
    }
  }
  return [...trails.values()]
    .filter(({ sends, asks }) => sends && !asks)
    .map(({ sites }) => {
      const places = sites.flatMap((site) => site.places)
      const found = new Set(places.flatMap((place) => engine.places.members(place).map(({ endpoint }) => endpoint)))
      return [...found].flatMap((index) => world.endpoints[index] ?? [])
    })
}

/** The policy whose rule or whose tier's end denies a question for names. */
function toBlame({ world }: Study, endpoint: Endpoint): Policy | undefined {
  const source = endpoint.addresses[0]
  const destination = parseIp(source?.family === 6 ? '2001:db8::53' : '192.0.2.53')
  if (!source || !destination) return undefined
  const layer = walkSide(world, endpoint, 'egress', { source, destination, protocol: UDP, srcPort: 49_152, dstPort: 53 }).layers.at(-1)
  if (layer?.type !== 'tier') return undefined
  const allows = layer.steps.find(({ policy }) => policy.egress?.some(({ action }) => action === 'Allow'))
  return layer.by?.policy ?? (allows ?? layer.steps[0])?.policy
}
