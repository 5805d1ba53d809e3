import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Direction, RuleFacts } from '../../../src/policy/facts.ts'
import { ownersOfRules } from '../../../src/policy/tests/by.ts'
import { addReached } from '../../../src/policy/tests/coverage.ts'
import { ask, entryOf, gnp, type Said, SHOP } from './worlds.ts'

describe('coverage', () => {
  const reached = (resources: readonly object[], said: Said): string[] => {
    const entry = entryOf(said)
    const asked = ask(resources, [...entry.from, ...entry.to])
    const rules = new Set<RuleFacts>()
    addReached(asked, entry, rules)
    const name = (direction: Direction, index: number) => `${direction}[${index}]`
    return [...rules]
      .map((rule) => ownersOfRules(asked.world).get(rule))
      .map((owned) => `${owned?.owner.name} ${owned && name(owned.rule.direction, owned.rule.index)}`)
  }
  const logging = gnp('log', {
    order: 1,
    selector: "app == 'web'",
    ingress: [{ action: 'Log' }, { action: 'Pass', protocol: 'ICMP' }, { action: 'Allow', protocol: 'ICMP' }],
  })

  it('a rule is reached when it decides about a packet of the entry, true or not', () => {
    assert.deepEqual(reached(SHOP, { allow: ['db', 'web'], ports: ['tcp/80'] }), ['open egress[0]', 'web ingress[0]'])
    assert.deepEqual(reached(SHOP, { allow: ['db', 'web'], ports: ['udp'] }), ['open egress[0]', 'web ingress[1]'])
    assert.deepEqual(reached(SHOP, { allow: ['db', 'web'], ports: ['sctp'] }), ['open egress[0]'])
  })
  it('rules that log or pass on are reached, and what stands behind them', () => {
    assert.deepEqual(reached([...SHOP, logging], { allow: ['db', 'web'], ports: ['icmp'] }), [
      'open egress[0]',
      'log ingress[0]',
      'log ingress[1]',
      'open ingress[0]',
    ])
  })
  it('a packet that does not leave its source reaches no rule of the destination', () => {
    const shut = gnp('shut', { selector: "app == 'db'", egress: [{ action: 'Deny' }] })
    assert.deepEqual(reached([...SHOP, shut], { allow: ['db', 'web'] }), ['shut egress[0]'])
  })
  it('an entry that selects nothing reaches nothing', () => assert.deepEqual(reached(SHOP, { allow: ['db', 'nobody'] }), []))
})
