import { containsNet } from '../../../model/net.ts'
import { EVERYTHING, NOTHING } from '../../connections/space.ts'
import { PORTED } from '../../connections/packet.ts'
import { numbersOf, onPorts } from '../../core/matches.ts'
import { isOfFamily } from '../coverage.ts'
import type { EntityFacts } from '../../facts.ts'
import { rulePath } from '../../words.ts'
import { ruleName } from '../deciders.ts'
import { headersOfRule } from '../headers.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'
import type { Study } from '../study.ts'
import { ownersOf } from '../texts.ts'
import { type Step, stepsOf } from '../trails.ts'

export const impossibleRule: LintRule = {
  code: 'impossible-rule',
  severity: 'error',
  summary: 'a rule whose protocols, ports or networks exclude each other, so that no packet matches',
  explanation: {
    why: 'All conditions of a rule have to hold together. Here they cannot, for any packet in any world, so that the rule does nothing.',
    bad: `- action: Allow
  source:
    nets: [10.1.0.0/16]
    notNets: [10.0.0.0/8]`,
    good: `- action: Allow
  source:
    nets: [10.0.0.0/8]
    notNets: [10.1.0.0/16]`,
    fix: 'Remove one of the conditions, or make two rules of it.',
  },
  *find(study) {
    for (const owner of ownersOf(study.world)) {
      for (const step of [...stepsOf(owner, 'ingress'), ...stepsOf(owner, 'egress')]) {
        const what = conflict(study, step)
        if (what === undefined) continue
        yield finding(this, owner, rulePath(step.rule), {
          message: `no packet can ever match ${ruleName(step)} of ${nameOf(owner)}: ${what}`,
          help: 'remove one of the conditions, or make two rules of it',
        })
      }
    }
  },
}

// --- internal ---

function conflict({ engine: { matches, space } }: Study, { rule }: Step): string | undefined {
  let any = NOTHING
  for (const family of [4, 6] as const) if (isOfFamily(rule, family)) any = space.union(any, headersOfRule(matches, rule, family))
  if (any === NOTHING) return 'its protocol, IP version, ICMP conditions and networks exclude each other'
  for (const end of ['source', 'destination'] as const) {
    const { ports = [], notPorts = [] } = rule[end]
    if (ports.length > 0 && [...ports, ...notPorts].every((port) => typeof port === 'number' || port.includes(':'))) {
      const left = space.subtract(onPorts(space, PORTED, numbersOf(ports), end), onPorts(space, PORTED, numbersOf(notPorts), end))
      if (left === NOTHING) return `notPorts of its ${end} exclude all its ports`
      any = space.intersect(any, left)
    } else if (ports.length === 0 && notPorts.length > 0) {
      any = space.intersect(any, space.subtract(EVERYTHING, onPorts(space, PORTED, numbersOf(notPorts), end)))
    }
    if (excludesAll(rule[end])) return `notNets of its ${end} exclude all ${(rule[end].nets ?? []).length > 0 ? 'its nets' : 'addresses'}`
  }
  return any === NOTHING ? 'its protocol has no such ports' : undefined
}

function excludesAll({ nets = [], notNets = [] }: EntityFacts): boolean {
  if (notNets.length === 0) return false
  // A list of networks of one family makes the rule one of this family.
  const families = ([4, 6] as const).filter((family) => notNets.some((net) => net.family === family))
  const own = nets.filter(({ family }) => families.includes(family))
  if (nets.length > 0) return own.every((net) => notNets.some((outer) => outer.family === net.family && containsNet(outer, net)))
  return families.every((family) => notNets.some((net) => net.family === family && net.prefix === 0))
}
