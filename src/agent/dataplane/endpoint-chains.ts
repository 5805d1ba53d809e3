import { formatNet, type Net } from '../../model/net.ts'
import { UDP } from '../../policy/connections/packet.ts'
import { type FailsafePort, IP_IN_IP, VXLAN_PORT } from '../../policy/failsafe.ts'
import type { Direction } from '../../policy/facts.ts'
import type { Endpoint, Policy, Tier, World } from '../../policy/world/world.ts'
import { MARK } from './marks.ts'
import { shortHash } from './names.ts'
import type { DataplaneSettings } from './settings.ts'
import type { PolicyChains } from './policy-chains.ts'
import type { NftChain } from './ruleset.ts'

/**
 * Where in a packet's way policies act (`reference/felix.md 1.6`): `endpoint` on traffic to and from a workload or host, `forward` on what a host endpoint's
 * interface forwards, `untracked` and `preDNAT` before all of that.
 */
export type Hook = 'endpoint' | 'forward' | 'untracked' | 'preDNAT'

/**
 * A chain for all endpoints on which the same policies and profiles act. It returns, with the accept mark, what is allowed, and drops what is denied. What is
 * left undecided it drops at hook `endpoint`, and returns without the mark elsewhere.
 */
export class EndpointChains {
  readonly #policies: PolicyChains
  readonly #world: World
  readonly #settings: DataplaneSettings
  readonly #chains = new Map<string, NftChain>()
  /** Names by what acts: most endpoints have the same as others. */
  readonly #names = new Map<string, string>()
  readonly #numbers = new Map<Policy, number>()

  constructor(policies: PolicyChains, world: World, settings: DataplaneSettings) {
    this.#settings = settings
    this.#policies = policies
    this.#world = world
  }

  get chains(): ReadonlyMap<string, NftChain> {
    return this.#chains
  }

  /** The name of the endpoint's chain; undefined when nothing acts at a hook where this means that all may pass. */
  nameOf(endpoint: Endpoint, acting: readonly Policy[], hook: Hook, direction: Direction): string | undefined {
    const policies = acting.filter((policy) => policy[direction] !== undefined && actsAt(policy, hook))
    if (hook !== 'endpoint' && policies.length === 0) return undefined
    const profiles = hook === 'endpoint' ? endpoint.profiles : []
    const key = JSON.stringify([hook, direction, endpoint.kind, profiles, policies.map((policy) => this.#numberOf(policy))])
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const rules = [
      ...this.#before(endpoint, hook, direction),
      ...this.#tiers(policies, hook, direction),
      ...this.#profiles(profiles, hook, direction),
    ]
    // What a chain says is what it is: equal ones are one.
    const name = `${hook}-${direction}-${shortHash(rules.join('\n'))}`
    this.#names.set(key, name)
    if (!this.#chains.has(name)) this.#chains.set(name, { rules })
    return name
  }

  // --- internal ---

  #numberOf(policy: Policy): number {
    let number = this.#numbers.get(policy)
    if (number === undefined) this.#numbers.set(policy, (number = this.#numbers.size))
    return number
  }

  #before(endpoint: Endpoint, hook: Hook, direction: Direction): string[] {
    if (endpoint.kind === 'workload') {
      return direction === 'egress' ? [`meta l4proto ${IP_IN_IP} drop`, `meta l4proto ${UDP} th dport ${VXLAN_PORT} drop`] : []
    }
    // What belongs to no connection is dropped, answers to untracked packets too.
    const { failsafe, dropsInvalid } = this.#settings
    const start = dropsInvalid && (hook === 'endpoint' || hook === 'forward') ? ['ct state invalid drop'] : []
    if (hook === 'forward') return start
    // Before routing it is not known yet whether a packet is for this host: it goes on, tracked and without a mark, to where that is known.
    const accept = hook === 'endpoint' ? `${MARK.accept} return` : 'accept'
    const rules = [...start, ...failsafe[direction].map((port) => toFailsafe(port, direction, accept))]
    // Without connection tracking, answers are packets like any other.
    const other = direction === 'ingress' ? 'egress' : 'ingress'
    return hook === 'untracked' ? [...rules, ...failsafe[other].map((port) => answerTo(port, direction, accept))] : rules
  }

  #tiers(policies: readonly Policy[], hook: Hook, direction: Direction): string[] {
    const byTier = new Map<string, Policy[]>()
    for (const policy of policies) byTier.set(policy.tier, [...(byTier.get(policy.tier) ?? []), policy])
    const rules: string[] = []
    for (const tier of this.#world.tiers) {
      const acting = byTier.get(tier.name)
      if (!acting) continue
      rules.push(MARK.clearPassed)
      for (const policy of acting) {
        rules.push(`${MARK.isNotPassed} jump ${this.#policies.nameOf(policy, direction)}`, `${MARK.isAccepted} return`)
      }
      if (endsWithDeny(tier, hook)) rules.push(`${MARK.isNotPassed} drop`)
    }
    return rules
  }

  #profiles(names: readonly string[], hook: Hook, direction: Direction): string[] {
    if (hook !== 'endpoint') return []
    const rules: string[] = []
    for (const name of names) {
      const profile = this.#world.profiles.get(name)
      // One that is missing denies, whatever those after it say.
      if (!profile) break
      rules.push(`jump ${this.#policies.nameOf(profile, direction)}`, `${MARK.isAccepted} return`)
    }
    return [...rules, 'drop']
  }
}

// --- internal ---

function actsAt(policy: Policy, hook: Hook): boolean {
  if (hook === 'untracked' || hook === 'preDNAT') return policy.stage === hook
  return policy.stage === undefined && (hook === 'endpoint' || policy.applyOnForward === true)
}

/** Untracked and preDNAT policies have no end of their tier: what they leave undecided goes on. */
function endsWithDeny({ defaultAction }: Tier, hook: Hook): boolean {
  return (hook === 'endpoint' || hook === 'forward') && defaultAction === 'Deny'
}

function toFailsafe([protocol, port, net]: FailsafePort, direction: Direction, verdict: string): string {
  return `${peerIn(net, direction)}meta l4proto ${protocol} th dport ${port} ${verdict}`
}

function answerTo([protocol, port, net]: FailsafePort, direction: Direction, verdict: string): string {
  return `${peerIn(net, direction)}meta l4proto ${protocol} th sport ${port} ${verdict}`
}

function peerIn(net: Net | undefined, direction: Direction): string {
  if (!net) return ''
  const family = net.family === 4 ? 'ip' : 'ip6'
  // The whole of a family is no condition that nft takes.
  const address = net.prefix === 0 ? '' : `${family} ${direction === 'ingress' ? 'saddr' : 'daddr'} ${formatNet(net)} `
  return `meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'} ${address}`
}
