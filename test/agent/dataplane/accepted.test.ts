import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { parseCidr } from '../../../src/model/net.ts'
import type { HostFacts } from '../../../src/agent/dataplane/host.ts'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { recordedWorlds, worldOf } from '../../policy/recorded.ts'
import { namespacesHere } from '../../lab/namespace.ts'

/** Rules of every shape are taken by the kernel's own nft. */

const pool = parseCidr('10.0.0.0/8')
const nodes = (world: ReturnType<typeof worldOf>) => new Set(world.endpoints.map(({ node }) => node))
const factsOf = (node: string): HostFacts => ({
  node,
  interfaces: new Map([['eth0', []]]),
  pools: pool ? [{ net: pool, natOutgoing: true }] : [],
  endpointToHost: 'Drop',
})

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
})
