import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import type { Direction } from '../../../src/policy/facts.ts'
import { type End, type RecordedWorld, recordedWorlds, worldOf } from '../recorded.ts'

function check(recorded: RecordedWorld): void {
  const world = worldOf(recorded)
  const engine = new Engine(world)
  const indices = new Map(world.endpoints.map(({ id }, index) => [id, index]))
  const placeOf = ({ ip, endpoint, hostEndpoint }: End): number => {
    const address = parseIp(ip)
    assert.ok(address)
    const index = indices.get(endpoint ?? `host:${hostEndpoint}`)
    if (index === undefined) return engine.places.at(address) ?? assert.fail(`no place for ${ip}`)
    const { addresses = [], otherAddresses = [] } = world.endpoints[index] ?? {}
    const at = [...addresses, ...otherAddresses].findIndex((own) => own.value === address.value)
    return engine.places.ofEndpoint(index)[at] ?? assert.fail(`${ip} is no address of the endpoint`)
  }
  for (const probe of recorded.probes) {
    const { from, to, protocol: _, trace: __, egress, ingress, verdict, ...ports } = probe
    const header: Header = { ...ports, protocol: protocolNumber(probe.protocol) ?? 0 }
    const [source, destination] = [placeOf(from), placeOf(to)]
    const said = (direction: Direction, end: End) => {
      if (end.endpoint === undefined && end.hostEndpoint === undefined) return '-'
      const { allowed, unknown } = engine.oneSide(direction, source, destination) ?? assert.fail('rules act on every endpoint')
      assert.ok(!engine.space.contains(unknown, header))
      return engine.space.contains(allowed, header) ? 'allow' : 'deny'
    }
    const [out, into] = [said('egress', from), said('ingress', to)]
    assert.deepEqual({ egress: out, ingress: into }, { egress, ingress }, JSON.stringify(probe))
    const both = engine.space.contains(engine.verdict(source, destination).allowed, header)
    if (out !== '-' && into !== '-') assert.equal(both ? 'allow' : 'deny', verdict)
  }
}

describe('worlds of one idea each, as recorded', () => {
  for (const world of recordedWorlds('named')) test(world.idea ?? world.name, () => check(world))
})

test('random worlds, as recorded', () => {
  for (const world of recordedWorlds('worlds')) check(world)
})
