import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { parseCidr, parseIp } from '../../../src/model/net.ts'
import type { HostFacts } from '../../../src/agent/dataplane/host.ts'
import { agentSettings } from '../../../src/agent/felix-settings.ts'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { DEFAULT_SETTINGS } from '../../../src/agent/dataplane/settings.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { recordedWorlds, worldOf } from '../../policy/recorded.ts'
import { namespacesHere } from '../../lab/namespace.ts'

/** Rules of every shape are taken by the kernel's own nft. */

const pool = parseCidr('10.0.0.0/8')
const nodes = (world: ReturnType<typeof worldOf>) => new Set(world.endpoints.map(({ node }) => node))
const factsOf = (node: string, settings = DEFAULT_SETTINGS): HostFacts => ({
  node,
  interfaces: new Map([['eth0', []]]),
  pools: pool ? [{ net: pool, natOutgoing: true }] : [],
  hosts: ['192.0.2.1', 'fd00::1'].flatMap((text) => parseIp(text) ?? []),
  settings,
})

/** As FelixConfiguration has them. */
const SETTINGS: readonly Readonly<Record<string, unknown>>[] = [
  { failsafeInboundHostPorts: [], failsafeOutboundHostPorts: [] },
  {
    failsafeInboundHostPorts: [
      { port: 22, net: '10.0.0.1/8' },
      { port: 22, protocol: 'udp', net: '2001:db8::/32' },
      { port: 80, net: '0.0.0.0/0' },
      { port: 81, protocol: 'SCTP', net: '::/0' },
    ],
  },
  { defaultEndpointToHostAction: 'Accept' },
  { defaultEndpointToHostAction: 'RETURN' },
  { interfacePrefix: 'cali,tap' },
  {
    logPrefix:
      'a %t/%k/%n/%p %x% of a name that is far longer than what the kernel takes: which is no reason to refuse it - it is cut off where it must be',
  },
  { logActionRateLimit: '10/minute', logActionRateLimitBurst: 20 },
  { disableConntrackInvalidCheck: true },
  { natPortRange: '1000:2000' },
  { natOutgoingAddress: '192.0.2.9' },
  { natOutgoingAddress: '192.0.2.9', natPortRange: 1000 },
  { natOutgoingExclusions: 'IPPoolsAndHostIPs', iptablesNATOutgoingInterfaceFilter: 'eth+' },
]

describe('nft takes the rules of every recorded world', { skip: namespacesHere() }, () => {
  for (const name of ['named', 'worlds'] as const) {
    it(name, () => {
      const texts: string[] = []
      for (const recorded of recordedWorlds(name)) {
        const world = worldOf(recorded)
        for (const node of nodes(world)) texts.push(replaceTable(new Renderer().render(world, factsOf(node)).ruleset))
      }
      assert.ok(texts.length > 40)
      // In a namespace of its own: nothing of the machine is touched.
      const { status, stderr } = spawnSync('unshare', ['--net', 'nft', '-c', '-f', '-'], { input: texts.join(''), encoding: 'utf8' })
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    })
  }

  const all = SETTINGS.reduce((one, other) => ({ ...one, ...other }))
  for (const spec of [...SETTINGS, all]) {
    it(`with ${spec === all ? 'all settings at once' : JSON.stringify(spec)}`, () => {
      const { settings, faults } = agentSettings(spec)
      assert.deepEqual(faults, [])
      const texts = recordedWorlds('named').flatMap((recorded) => {
        const world = worldOf(recorded)
        return [...nodes(world)].map((node) => replaceTable(new Renderer().render(world, factsOf(node, settings)).ruleset))
      })
      const plain = recordedWorlds('named').flatMap((recorded) => {
        const world = worldOf(recorded)
        return [...nodes(world)].map((node) => replaceTable(new Renderer().render(world, factsOf(node)).ruleset))
      })
      assert.notDeepEqual(texts, plain, 'the setting shows in the rules')
      const { status, stderr } = spawnSync('unshare', ['--net', 'nft', '-c', '-f', '-'], { input: texts.join(''), encoding: 'utf8' })
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    })
  }
})
