import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFelixEnvironment, readFelixFile } from '../../src/agent/felix-text.ts'
import { UserError } from '../../src/model/user-error.ts'

const message = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return assert.fail('nothing is wrong with it')
}

describe('a Felix configuration file', () => {
  it('holds settings below [global], in any letter case', () => {
    const text = [
      '# a comment',
      '[global]',
      'DefaultEndpointToHostAction = ACCEPT',
      'failsafeinboundhostports = tcp:22, udp:10.0.0.0/8:68, 8080, tcp:[2001:db8::/32]:443',
      'FailsafeOutboundHostPorts=none',
      'InterfacePrefix: cali,tap  ; two',
      'LogPrefix = "calico %t"',
      'DisableConntrackInvalidCheck = yes',
      'LogSeverityScreen = Info',
      'NatPortRang = 1:2',
    ].join('\r\n')
    assert.deepEqual(readFelixFile('felix.cfg', text), {
      source: 'felix.cfg',
      spec: {
        defaultEndpointToHostAction: 'ACCEPT',
        failsafeInboundHostPorts: [
          { protocol: 'tcp', port: 22 },
          { protocol: 'udp', port: 68, net: '10.0.0.0/8' },
          { protocol: 'tcp', port: 8080 },
          { protocol: 'tcp', port: 443, net: '2001:db8::/32' },
        ],
        failsafeOutboundHostPorts: [],
        interfacePrefix: 'cali,tap',
        logPrefix: 'calico %t',
        disableConntrackInvalidCheck: true,
      },
      unused: ['LogSeverityScreen', 'NatPortRang (did you mean natPortRange?)'],
    })
  })

  for (const [text, expected] of [
    ['[global]\n\nDefaultEndpointToHostAction = maybe', 'f:3: DefaultEndpointToHostAction = maybe: the value is not one of Drop, Accept, Return'],
    ['[global]\nFailsafeInboundHostPorts = tcp:22,ssh', 'f:2: FailsafeInboundHostPorts = tcp:22,ssh: "ssh" is not a port'],
    ['[global]\nFailsafeInboundHostPorts = tcp:70000', 'f:2: FailsafeInboundHostPorts = tcp:70000: the value has a port that is none: 70000'],
    ['[global]\nFailsafeInboundHostPorts = x:1', 'f:2: FailsafeInboundHostPorts = x:1: the value has a protocol that is none: x'],
    [
      '[global]\nFailsafeInboundHostPorts = tcp:10.0.0/8:1',
      'f:2: FailsafeInboundHostPorts = tcp:10.0.0/8:1: the value has a network that is none: 10.0.0/8',
    ],
    ['[global]\nDisableConntrackInvalidCheck = sure', 'f:2: DisableConntrackInvalidCheck = sure: the value is neither true nor false'],
    ['[global]\nInterfaceExclude = /(/', 'f:2: InterfaceExclude = /(/: the value is not a list of interfaces and /expressions/'],
    ['[global]\nNATPortRange = 9:1', 'f:2: NATPortRange = 9:1: the value is not a range of ports'],
    ['[global]\nNATOutgoingAddress = fe80::1', 'f:2: NATOutgoingAddress = fe80::1: the value is not an IPv4 address'],
    ['[global]\nLogPrefix = a"b', 'f:2: LogPrefix = a"b: the value has characters that a log prefix cannot have'],
    ['[global]\nDefaultEndpointToHostAction', 'f:2: "DefaultEndpointToHostAction" is not a setting'],
    ['LogPrefix = x', 'f:1: the setting "LogPrefix" does not stand below [global]'],
    ['[felix]\nLogPrefix = x', 'f:1: unknown section [felix]'],
  ] as const) {
    it(`is refused at the place: ${expected}`, () => {
      assert.equal(
        message(() => readFelixFile('f', text)),
        expected,
      )
    })
  }
})

describe('the environment', () => {
  it('holds settings whose names begin with FELIX_', () => {
    const found = readFelixEnvironment({
      FELIX_DEFAULTENDPOINTTOHOSTACTION: 'Accept',
      FELIX_LogPrefix: '',
      felix_natportrange: '1000:2000',
      PATH: '/bin',
    })
    assert.deepEqual(found, { source: 'environment', spec: { defaultEndpointToHostAction: 'Accept', natPortRange: '1000:2000' }, unused: [] })
  })

  it('is refused by the name of the variable', () => {
    assert.equal(
      message(() => readFelixEnvironment({ FELIX_IPFORWARDING: 'on' })),
      'FELIX_IPFORWARDING=on: the value is not one of Enabled, Disabled',
    )
  })
})
