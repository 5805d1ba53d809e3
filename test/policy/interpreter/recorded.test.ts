import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { traceOf } from '../../../src/policy/interpreter/trace.ts'
import { type Side, walk } from '../../../src/policy/interpreter/walk.ts'
import { type End, type RecordedWorld, recordedWorlds, worldOf } from '../recorded.ts'

function check(recorded: RecordedWorld): void {
  const world = worldOf(recorded)
  const byId = new Map(world.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const endpointOf = ({ endpoint, hostEndpoint }: End) => byId.get(endpoint ?? `host:${hostEndpoint}`)
  for (const probe of recorded.probes) {
    const { from, to, protocol, egress, ingress, verdict, trace, ...ports } = probe
    const [source, destination] = [parseIp(from.ip), parseIp(to.ip)]
    assert.ok(source && destination)
    const said = walk(world, endpointOf(from), endpointOf(to), { ...ports, protocol: protocolNumber(protocol) ?? 0, source, destination })
    const traces = Object.fromEntries([said.egress, said.ingress].flatMap((side) => (side ? [[side.direction, traceOf(side)]] : [])))
    const verdictOf = (side: Side | undefined) => side?.verdict ?? '-'
    assert.deepEqual(
      { egress: verdictOf(said.egress), ingress: verdictOf(said.ingress), verdict: said.verdict, trace: traces },
      { egress, ingress, verdict, trace },
      JSON.stringify(probe),
    )
  }
}

describe('worlds of one idea each, as recorded: verdict and deciding rules', () => {
  for (const world of recordedWorlds('named')) test(world.idea ?? world.name, () => check(world))
})

test('random worlds, as recorded: verdict and deciding rules', () => {
  for (const world of recordedWorlds('worlds')) check(world)
})
