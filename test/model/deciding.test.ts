import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDecidingFault, parseDeciding } from '../../src/model/deciding.ts'

describe('who decides, in words', () => {
  const cases: readonly (readonly [text: string, means: object])[] = [
    ['Profile net1', { type: 'rule', kind: 'Profile', name: 'net1' }],
    ['Profile net1 ingress', { type: 'rule', kind: 'Profile', name: 'net1', direction: 'ingress' }],
    ['Profile  net1 egress 0', { type: 'rule', kind: 'Profile', name: 'net1', direction: 'egress', index: 0 }],
    ['gnp web.1 ingress 12', { type: 'rule', kind: 'GlobalNetworkPolicy', name: 'web.1', direction: 'ingress', index: 12 }],
    ['NetworkPolicy prod/db', { type: 'rule', kind: 'NetworkPolicy', namespace: 'prod', name: 'db' }],
    ['np db egress 3', { type: 'rule', kind: 'NetworkPolicy', namespace: 'default', name: 'db', direction: 'egress', index: 3 }],
    ['tier default', { type: 'tier', name: 'default' }],
    ['tier default egress', { type: 'tier', name: 'default', direction: 'egress' }],
    ['no rule', { type: 'nothing' }],
    ['no rule ingress', { type: 'nothing', direction: 'ingress' }],
  ]
  for (const [text, means] of cases) it(text, () => assert.deepEqual(parseDeciding(text), means))

  const faults: readonly (readonly [text: string, help: RegExp])[] = [
    ['profil net1 ingress 0', /^did you mean "Profile net1 ingress 0"\?$/],
    ['web', /it is written as "Profile net1 ingress 0"/],
    ['Profile', /^name the Profile, as in: Profile web ingress 0$/],
    ['Profile a/b', /"a\/b" is no name of a Profile/],
    ['NetworkPolicy a/b/c', /is no name of a NetworkPolicy/],
    ['Profile net1 in', /behind the name comes ingress or egress, and then the number of the rule/],
    ['Profile net1 ingress x', /behind the name comes ingress or egress/],
    ['Profile net1 ingress 0 1', /behind the name comes/],
    ['tier', /it is written as/],
    ['tier default ingress 0', /^behind the name comes ingress or egress$/],
  ]
  for (const [text, help] of faults) {
    it(`not "${text}"`, () => {
      const parsed = parseDeciding(text)
      assert.ok(isDecidingFault(parsed))
      assert.match(parsed.help, help)
    })
  }
})
