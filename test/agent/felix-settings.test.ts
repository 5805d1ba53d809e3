import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { FelixSettings } from '../../src/agent/felix-settings.ts'
import { readFelixEnvironment, readFelixFile } from '../../src/agent/felix-text.ts'
import { kindNamed } from '../../src/model/registry.ts'
import { completeResource } from '../../src/model/resource.ts'
import type { Resource } from '../../src/model/kind.ts'
import { FAILSAFE } from '../../src/policy/failsafe.ts'

/** As the datastore has it: with what Calico's client adds. */
function configuration(name: string, spec: Readonly<Record<string, unknown>>): Resource {
  const resource: Resource = { kind: 'FelixConfiguration', apiVersion: 'projectcalico.org/v3', metadata: { name }, spec: { ...spec } }
  completeResource(kindNamed('FelixConfiguration') ?? assert.fail('no such kind'), resource)
  return resource
}

describe("a host's settings", () => {
  let lines: string[]
  beforeEach(() => void (lines = []))
  const settings = (overrides: ConstructorParameters<typeof FelixSettings>[0]['overrides'] = []) =>
    new FelixSettings({
      node: 'h1',
      overrides,
      ownPrefix: 'cali',
      log: (level, event, fields) => void lines.push(`${level}: ${event} ${JSON.stringify(fields)}`),
    })

  it('are those of the environment, the file, the node, a selector and all, in this order', () => {
    const file = readFelixFile('felix.cfg', '[global]\nLogPrefix = file\nNATPortRange = 3:3\n')
    const environment = readFelixEnvironment({ FELIX_LOGPREFIX: 'environment' })
    const layers = [
      configuration('node.h1', { logPrefix: 'node', natPortRange: 2, natOutgoingAddress: '192.0.2.2', interfacePrefix: 'tap' }),
      configuration('default', { logPrefix: 'default', interfacePrefix: 'a', workloadSourceSpoofing: 'Any', natOutgoingAddress: '192.0.2.0' }),
      configuration('rack', { nodeSelector: "rack == '1'", workloadSourceSpoofing: 'Disabled', natOutgoingAddress: '192.0.2.1' }),
      configuration('node.h2', { logPrefix: 'other' }),
    ]
    const found = settings([file, environment]).of(layers, { rack: '1' })
    assert.deepEqual(
      [found.logPrefix, found.nat.ports, found.nat.address?.value, found.workloadPrefixes, found.allowsSpoofing],
      ['environment', [3, 3], 0xc000_0202, ['tap', 'cali'], false],
    )
    assert.equal(settings([file]).of(layers, {}).logPrefix, 'file')
    assert.equal(settings().of(layers, {}).logPrefix, 'node')
    assert.equal(settings().of(layers, {}).allowsSpoofing, true)
    assert.deepEqual(lines, [])
  })

  it('are defaults where nothing is set', () => {
    const found = settings().of([], {})
    assert.equal(found.failsafe.ingress, FAILSAFE.ingress)
    assert.deepEqual([found.endpointToHost, found.workloadPrefixes, found.dropsInvalid, found.forwards], ['Drop', ['cali'], true, true])
    assert.deepEqual(['kube-ipvs0', 'eth0'].map(found.isExcluded), [true, false])
  })

  it('leave out interfaces by name and by expression', () => {
    const { isExcluded } = settings().of([configuration('default', { interfaceExclude: 'dummy0,/^veth/' })], {})
    assert.deepEqual(['dummy0', 'dummy01', 'veth7', 'kube-ipvs0'].map(isExcluded), [true, false, true, false])
  })

  it('tell once what the agent does not use', () => {
    const felix = settings([{ source: 'environment', spec: {}, unused: ['DATASTORETYPE'] }])
    const layers = [configuration('default', { chainInsertMode: 'Append', vxlanMTU: 1400 }), configuration('node.h2', { bpfEnabled: true })]
    felix.of(layers, {})
    felix.of([...layers, configuration('node.h1', { bpfEnabled: true })], {})
    assert.deepEqual(lines, [
      'warning: settings that are not used by this agent {"source":"environment","settings":["DATASTORETYPE"]}',
      'warning: settings that are not used by this agent {"source":"FelixConfiguration default","settings":["chainInsertMode","vxlanMTU"]}',
      'warning: settings that are not used by this agent {"source":"FelixConfiguration node.h1","settings":["bpfEnabled"]}',
    ])
  })

  it('are defaults where a value cannot be understood, which is told once', () => {
    const felix = settings()
    const layers = [configuration('default', { failsafeInboundHostPorts: [{ protocol: 'XYZ', port: 1 }], logPrefix: '"; drop' })]
    assert.equal(felix.of(layers, {}).failsafe.ingress, FAILSAFE.ingress)
    assert.equal(felix.of(layers, {}).logPrefix, 'calico-packet')
    assert.deepEqual(lines, [
      'error: a setting cannot be understood: its default holds {"setting":"failsafeInboundHostPorts","why":"has a protocol that is none: XYZ"}',
      'error: a setting cannot be understood: its default holds {"setting":"logPrefix","why":"has characters that a log prefix cannot have"}',
    ])
  })
})
