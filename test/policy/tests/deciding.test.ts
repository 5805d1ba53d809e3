import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { NOTHING } from '../../../src/policy/connections/space.ts'
import { type Deciding, decidingAt } from '../../../src/policy/tests/deciding.ts'
import { askAbout } from '../../../src/policy/tests/ends.ts'
import type { RuleFacts } from '../../../src/policy/facts.ts'
import { type Side, walk } from '../../../src/policy/interpreter/walk.ts'
import { type RecordedWorld, recordedWorlds, worldOf } from '../recorded.ts'

/**
 * Who decides about which packets, held to the recorded deciding rules by way of the interpreter, which agrees with them in every probe: what has the last word
 * there has it here, and so do the rules that passed the packet on.
 */
function check(recorded: RecordedWorld): void {
  const world = worldOf(recorded)
  const asked = askAbout(world, [])
  const { engine } = asked
  const { space } = engine
  for (const { from, to, protocol, egress: _, ingress: __, verdict: ___, trace: ____, ...ports } of recorded.probes) {
    const [source, destination] = [parseIp(from.ip), parseIp(to.ip)]
    assert.ok(source && destination)
    const header = { ...ports, protocol: protocolNumber(protocol) ?? 0 }
    const endpointOf = (id: string | undefined) => world.endpoints.find((endpoint) => endpoint.id === id)
    const [sender, receiver] = [endpointOf(from.endpoint ?? `host:${from.hostEndpoint}`), endpointOf(to.endpoint ?? `host:${to.hostEndpoint}`)]
    const said = walk(world, sender, receiver, { ...header, source, destination })
    const placeOf = (endpoint: typeof sender, ip: typeof source): number => {
      if (!endpoint) return engine.places.at(ip) ?? assert.fail('no place')
      const at = [...endpoint.addresses, ...(endpoint.otherAddresses ?? [])].findIndex((own) => own.value === ip.value)
      return engine.places.ofEndpoint(world.endpoints.indexOf(endpoint))[at] ?? assert.fail('no place')
    }
    const [at, peer] = [placeOf(sender, source), placeOf(receiver, destination)]
    for (const side of [said.egress, said.ingress]) {
      if (!side) continue
      const entries = decidingAt(asked, side.direction, at, peer) ?? assert.fail('something decides at every endpoint')
      const found = entries.filter(({ headers }) => space.contains(headers, header))
      assert.deepEqual(
        found.flatMap(({ by }) => (by.type === 'rule' ? [by.rule] : [])),
        rulesOf(side),
      )
      const last = found.at(-1)
      assert.equal(last?.outcome, side.verdict === 'allow' ? 'Allow' : 'Deny')
      assert.equal(last && describeEnd(last), endOf(side))
    }
  }
}

/** The rules that matched at an end, in order, those that log too. */
function rulesOf({ layers }: Side): RuleFacts[] {
  return layers.flatMap((layer) => {
    if (layer.type === 'tier') return layer.steps.flatMap(({ tried }) => tried.filter(({ misses }) => misses.length === 0).map(({ rule }) => rule))
    return layer.type === 'profile' ? layer.tried.filter(({ misses }) => misses.length === 0).map(({ rule }) => rule) : []
  })
}

function endOf({ layers }: Side): string {
  const last = layers.at(-1)
  if (last?.type === 'tier') return last.by ? 'rule' : `tier ${last.tier.name}`
  if (last?.type === 'profile') return last.by ? 'rule' : `profile ${last.name}`
  return last?.type ?? ''
}

function describeEnd({ by }: Deciding): string {
  if (by.type === 'tier') return `tier ${by.tier.name}`
  if (by.type === 'missing-profile') return `profile ${by.name}`
  return by.type === 'nothing' ? 'end' : by.type
}

describe('worlds of one idea each: who decides about which packets', () => {
  for (const world of recordedWorlds('named')) test(world.idea ?? world.name, () => check(world))
})

test('random worlds: who decides about which packets', () => {
  for (const world of recordedWorlds('worlds')) check(world)
})

test('what has the last word covers every packet once, and comes to what the engine allows', () => {
  for (const recorded of recordedWorlds('worlds').slice(0, 40)) {
    const asked = askAbout(worldOf(recorded), [])
    const { engine } = asked
    const { space } = engine
    for (let source = 0; source < engine.places.list.length; source++) {
      for (let destination = 0; destination < engine.places.list.length; destination++) {
        if (engine.places.list[source]?.family !== engine.places.list[destination]?.family) continue
        for (const direction of ['egress', 'ingress'] as const) {
          const side = engine.oneSide(direction, source, destination)
          const entries = decidingAt(asked, direction, source, destination)
          assert.equal(side === undefined, entries === undefined)
          let [seen, allowed] = [NOTHING, NOTHING]
          for (const { headers, outcome } of entries ?? []) {
            if (outcome === undefined) continue
            assert.equal(space.intersect(seen, headers), NOTHING)
            seen = space.union(seen, headers)
            if (outcome === 'Allow') allowed = space.union(allowed, headers)
          }
          if (side) assert.deepEqual({ allowed, missing: space.complement(seen) }, { allowed: side.allowed, missing: NOTHING })
        }
      }
    }
  }
})
