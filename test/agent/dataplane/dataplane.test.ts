import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once, EventEmitter } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Dataplane, type Footprint } from '../../../src/agent/dataplane/dataplane.ts'
import { Nft } from '../../../src/agent/dataplane/nft.ts'
import type { Ruleset } from '../../../src/agent/dataplane/ruleset.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { NetworkNamespace } from '../../lab/netns.ts'

/** One table in a real kernel, and what keeps it right. */

const ruleset = (
  members: readonly string[],
  rules: readonly string[] = ['ip saddr @members accept'],
  more: Readonly<Record<string, readonly string[]>> = {},
): Ruleset => ({
  sets: new Map([['members', { type: 'ipv4_addr', interval: false, elements: new Set(members) }]]),
  maps: new Map([['dispatch', { type: 'ifname : verdict', elements: new Map([['"cali0"', 'goto policy-one']]) }]]),
  chains: new Map([
    ['entry', { hook: 'type filter hook forward priority filter - 5; policy accept;', rules: ['iifname vmap @dispatch'] }],
    ['policy-one', { rules, owner: 'Profile one (ingress)' }],
    ...Object.entries(more).map(([name, rules]) => [name, { rules, owner: `Profile ${name} (ingress)` }] as const),
  ]),
})

describe('the data plane', { skip: namespacesHere() }, () => {
  let host: NetworkNamespace
  let nft: Nft
  let noted: Footprint | undefined
  let events: EventEmitter
  let told: string[]
  let stop: AbortController

  const open = () =>
    new Dataplane(
      nft,
      { read: async () => noted, write: async (footprint) => void (noted = footprint) },
      {
        refused: (owner) => void told.push(`refused ${owner}`),
        repaired: () => void events.emit('repaired'),
        elsewhere: () => void events.emit('elsewhere'),
        failed: (error) => void told.push(`failed ${error.message}`),
      },
    )
  /** The real nft, that is killed at each start while the file is there: what memory that runs out looks like. */
  const killedWhile = (file: string) => new Nft(host.inside(['sh', '-c', 'test -e "$0" && kill -9 $$; exec nft "$@"', file]))
  const bare = (listing: string) => listing.replace(/\n?\tset ours \{.*\n(?:\t\t.*\n)*\t\}\n/, '')
  const list = () => bare(host.run(['nft', '-s', 'list', 'table', 'inet', 'calico']))
  /** With handles, which a rule or chain that is written again does not keep. */
  const handles = () => bare(host.run(['nft', '-a', '-s', 'list', 'table', 'inet', 'calico']))

  beforeEach(async () => {
    host = await NetworkNamespace.open()
    nft = new Nft(host.inside(['nft']))
    noted = undefined
    events = new EventEmitter()
    told = []
    stop = new AbortController()
  })
  afterEach(async () => {
    stop.abort()
    await host.close()
  })

  it('writes what differs and nothing else', async () => {
    const dataplane = open()
    await dataplane.apply(ruleset(['10.0.0.1', '10.0.0.2']))
    const before = handles()
    await dataplane.apply(ruleset(['10.0.0.1', '10.0.0.3']))
    assert.equal(handles(), before.replace('10.0.0.1, 10.0.0.2', '10.0.0.1, 10.0.0.3'))
    await dataplane.apply(ruleset(['10.0.0.1'], ['drop']))
    assert.match(list(), /chain policy-one \{\n\s+drop\n/)
    assert.deepEqual(told, [])
  })

  it('leaves nothing behind of what is not wanted any more', async () => {
    const dataplane = open()
    await dataplane.apply(ruleset(['10.0.0.1'], ['jump other', 'ip saddr @members accept'], { other: ['drop'] }))
    await dataplane.apply({ sets: new Map(), maps: new Map(), chains: new Map() })
    assert.equal(list().replaceAll(/\s+/g, ' ').replace('{ }', '{}').trim(), 'table inet calico {}')
    assert.deepEqual(told, [])
  })

  it('adopts what is right already, and replaces what is not', async () => {
    const first = open()
    await first.apply(ruleset(['10.0.0.1']))
    await first.settle()
    const before = handles()
    await open().apply(ruleset(['10.0.0.1']))
    assert.equal(handles(), before)
    host.run(['nft', 'add', 'element', 'inet', 'calico', 'members', '{ 10.6.6.6 }'])
    await open().apply(ruleset(['10.0.0.1']))
    assert.doesNotMatch(list(), /10\.6\.6\.6/)
    await open().apply(ruleset(['10.0.0.9']))
    assert.match(list(), /10\.0\.0\.9/)
  })

  for (const [what, command] of [
    ['deleted', ['nft', 'delete', 'table', 'inet', 'calico']],
    ['flushed', ['nft', 'flush', 'table', 'inet', 'calico']],
    ['added to', ['nft', 'add', 'rule', 'inet', 'calico', 'policy-one', 'accept']],
    ['robbed of a member', ['nft', 'delete', 'element', 'inet', 'calico', 'members', '{ 10.0.0.2 }']],
  ] as const) {
    it(`repairs a table that is ${what}, and none that it changes itself`, async () => {
      const dataplane = open()
      let repairs = 0
      events.on('repaired', () => repairs++)
      const guard = dataplane.guard(stop.signal)
      await guard.ready
      await dataplane.apply(ruleset(['10.0.0.1', '10.0.0.2']))
      const right = list()
      const repaired = once(events, 'repaired')
      host.run(command)
      await repaired
      await dataplane.settle()
      assert.equal(list(), right)
      const before = repairs
      await dataplane.apply(ruleset(['10.0.0.5']))
      host.run(['nft', 'add', 'table', 'inet', 'foreign'])
      await dataplane.settle()
      assert.equal(repairs, before)
      assert.deepEqual(told, [])
      stop.abort()
      await guard.over
    })
  }

  it('closes what the kernel refuses, says whose it is, and enforces the rest', async () => {
    const dataplane = open()
    await dataplane.apply(ruleset(['10.0.0.1']))
    await dataplane.apply(ruleset(['10.0.0.1'], ['ip saddr @members accept'], { broken: ['icmp type 8 code 0 accept'], fine: ['accept'] }))
    assert.deepEqual(told, ['refused Profile broken (ingress)'])
    assert.match(list(), /chain broken \{\n\s+drop\n/)
    assert.match(list(), /chain fine \{\n\s+accept\n/)
    await dataplane.apply(ruleset(['10.0.0.2'], ['ip saddr @members accept'], { broken: ['icmp type 8 code 0 accept'], fine: ['accept'] }))
    assert.match(list(), /10\.0\.0\.2/)
    assert.deepEqual(told, ['refused Profile broken (ingress)'])
    await dataplane.apply(ruleset(['10.0.0.2'], ['ip saddr @members accept'], { broken: ['icmp type 8 icmp code 0 accept'], fine: ['accept'] }))
    assert.match(list(), /chain broken \{\n\s+icmp type echo-request icmp code/)
  })

  it('takes an nft that is killed for no refusal: what is wanted is in force when nft works again', async () => {
    const trouble = join(tmpdir(), `calicoctl-test-${randomUUID()}`)
    nft = killedWhile(trouble)
    const dataplane = open()
    await dataplane.apply(ruleset(['10.0.0.1']))
    writeFileSync(trouble, '')
    try {
      assert.equal(await dataplane.apply(ruleset(['10.0.0.1'], ['ip saddr @members accept'], { more: ['accept'] })), false)
    } finally {
      rmSync(trouble)
    }
    assert.match(told.join(), /^failed .*SIGKILL/)
    assert.equal(await dataplane.apply(ruleset(['10.0.0.1'], ['ip saddr @members accept'], { more: ['accept'] })), true)
    assert.match(list(), /chain more \{\n\s+accept\n/)
    assert.deepEqual(dataplane.refused, [])
  })

  it('keeps the state from before when the kernel takes nothing', async () => {
    const dataplane = open()
    assert.equal(await dataplane.apply(ruleset(['10.0.0.1'])), true)
    const before = list()
    assert.equal(await dataplane.apply(ruleset(['no address'])), false)
    assert.equal(list(), before)
    assert.match(told.join(), /^failed /)
    assert.equal(await dataplane.apply(ruleset(['10.0.0.7'])), true)
    assert.match(list(), /10\.0\.0\.7/)
  })
})
