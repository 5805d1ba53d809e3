import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findSubject, isSubjectFault, type Subject } from '../../src/policy/subject.ts'
import { hostEndpoint, manifestWorld, networkSet, OPEN, profile, workload } from './manifest-world.ts'

const world = manifestWorld(
  OPEN,
  profile('net1', {}),
  workload('web', ['10.0.0.1', 'fd00::1'], { labels: { app: 'web' }, profiles: ['open'] }),
  workload('db', ['10.0.0.2'], { labels: { app: 'db' }, profiles: ['open', 'gone'], namespace: 'prod' }),
  workload('twin', ['10.0.1.1'], { namespace: 'prod' }),
  workload('twin', ['10.0.1.2'], { namespace: 'test' }),
  workload('net1', ['10.0.1.3']),
  hostEndpoint('gate', { interfaceName: 'eth0', expectedIPs: ['192.0.2.1'] }),
  JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name: 'h2' }, spec: { bgp: { ipv4Address: '192.0.2.2/24' } } }),
  hostEndpoint('plain', { node: 'h2', interfaceName: 'eth0' }),
  networkSet('office', ['198.51.100.0/24', '10.0.0.0/31']),
  networkSet('office2', ['203.0.113.0/24'], {}, 'prod'),
)

function found(text: string): Subject {
  const subject = findSubject(world, text)
  if (isSubjectFault(subject)) assert.fail(`${text}: ${subject.message}`)
  return subject
}

function fault(text: string): { readonly message: string; readonly help?: string } {
  const subject = findSubject(world, text)
  return isSubjectFault(subject) ? subject : assert.fail(`${text} is a ${subject.type}`)
}

const WEB = 'default/h1-plain-web-eth0'
const DB = 'prod/h1-plain-db-eth0'

describe('what a word stands for', () => {
  const cases: readonly (readonly [text: string, type: Subject['type'], endpoints: readonly string[]])[] = [
    ['web', 'endpoint', [WEB]],
    ['h1-plain-web-eth0', 'endpoint', [WEB]],
    [WEB, 'endpoint', [WEB]],
    ['endpoint:web', 'endpoint', [WEB]],
    ['host:gate', 'endpoint', ['host:gate']],
    ['gate', 'endpoint', ['host:gate']],
    ['open', 'group', [WEB, DB]],
    ['network:open', 'group', [WEB, DB]],
    // A profile that endpoints list though it is not there, and one that nobody has.
    ['gone', 'group', [DB]],
    ['profile:net1', 'group', []],
    ['endpoint:net1', 'endpoint', ['default/h1-plain-net1-eth0']],
    ['10.0.0.2', 'address', [DB]],
    ['10.0.0.0/24', 'address', [WEB, DB]],
    ['fd00::/64', 'address', [WEB]],
    ['203.0.113.9', 'address', []],
    // The address of a node is where its host endpoints act.
    ['192.0.2.2', 'address', ['host:plain']],
    ['office', 'set', [WEB]],
    ['set:office', 'set', [WEB]],
    ['prod/office2', 'set', []],
    ["app == 'web'", 'group', [WEB]],
    ['has(app)', 'group', [WEB, DB]],
    ['selector:all()', 'group', world.endpoints.map(({ id }) => id)],
  ]
  for (const [text, type, endpoints] of cases) {
    it(text, () => {
      const subject = found(text)
      assert.deepEqual({ type: subject.type, endpoints: subject.endpoints.map(({ id }) => id) }, { type, endpoints })
    })
  }

  it('a network loses the bits behind its prefix', () => {
    const subject = found('10.0.0.77/24')
    assert.deepEqual(subject.type === 'address' && subject.net, { family: 4, value: 10 * 2 ** 24, prefix: 24 })
  })
})

describe('a word that stands for nothing, or too much', () => {
  it('gets the name that it nearly is', () => {
    assert.equal(fault('wbe').help, 'did you mean "web"?')
    assert.equal(fault('ofice').help, 'did you mean "office"?')
  })

  it('without one, is told what else will do', () => {
    assert.match(fault('nothing-like-it').help ?? '', /an address or a selector will do too/)
  })

  it('lists what it can be, each in a form that means only that', () => {
    const { message } = fault('twin')
    assert.equal(message, '"twin" can be several: prod/h1-plain-twin-eth0, test/h1-plain-twin-eth0')
    for (const text of ['prod/h1-plain-twin-eth0', 'test/h1-plain-twin-eth0']) assert.equal(found(text).endpoints.length, 1)
    assert.equal(fault('net1').message, '"net1" can be several: default/h1-plain-net1-eth0, network:net1')
  })

  it('says where a selector is wrong', () => {
    assert.match(fault("app == 'web").message, /^"app == 'web" is not a selector: /)
  })
})
