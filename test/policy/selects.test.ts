import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindForWord } from '../../src/model/registry.ts'
import { findSelection } from '../../src/policy/selects.ts'
import { isSubjectFault, type SubjectFault } from '../../src/policy/subject.ts'
import { hostEndpoint, manifestWorld, networkSet, policy, profile, workload } from './manifest-world.ts'

const world = manifestWorld(
  profile('net1', {}),
  workload('web', ['10.0.0.1'], { labels: { app: 'web' }, profiles: ['net1'] }),
  workload('db', ['10.0.0.2'], { labels: { app: 'db' }, namespace: 'prod' }),
  hostEndpoint('gate', { interfaceName: 'eth0' }, { app: 'web' }),
  networkSet('office', ['198.51.100.0/24'], { app: 'web' }),
  policy('web', { selector: "app == 'web'" }),
  policy('same', {}),
  policy('same', {}, 'prod'),
  policy('alone', {}, 'prod'),
)

const select = (text: string) => findSelection(world, text, (word) => kindForWord(word)?.kind)

function picked(text: string): string[] {
  const selection = select(text)
  if (isSubjectFault(selection)) assert.fail(`${text}: ${selection.message}`)
  return [...selection.endpoints.map(({ id }) => id), ...selection.networkSets.map(({ name }) => `set ${name}`)]
}

function fault(text: string): SubjectFault {
  const selection = select(text)
  return isSubjectFault(selection) ? selection : assert.fail(`${text} picks something`)
}

const [WEB, DB] = ['default/h1-plain-web-eth0', 'prod/h1-plain-db-eth0']

describe('what is picked', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['web', [WEB, 'host:gate']],
    ['gnp/web', [WEB, 'host:gate']],
    ['GlobalNetworkPolicy/web', [WEB, 'host:gate']],
    ['alone', [DB]],
    ['prod/alone', [DB]],
    ['networkpolicy/prod/same', [DB]],
    ['globalnetworkpolicy/same', [WEB, DB, 'host:gate']],
    ['profile/net1', [WEB]],
    ["app == 'web'", [WEB, 'host:gate', 'set office']],
    ["app == 'nobody'", []],
  ]
  for (const [text, names] of cases) it(text, () => assert.deepEqual(picked(text), names))
})

describe('a policy that is not there, or several', () => {
  it('lists the candidates', () => {
    assert.equal(fault('same').message, '"same" can be several: globalnetworkpolicy/same, networkpolicy/prod/same')
  })
  it('suggests a near name', () => {
    assert.equal(fault('alnoe').help, 'did you mean "alone"?')
    assert.equal(fault('prod/alon').help, 'did you mean "prod/alone"?')
  })
  it('suggests the profile of the name', () => {
    assert.equal(fault('net1').help, 'did you mean "profile/net1"?')
  })
  it('says where a selector is wrong', () => {
    assert.match(fault('app ==').message, /is not a selector/)
  })
})
