import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import type { Direction } from '../../../src/policy/core/groups.ts'
import { readRecords } from '../../conformance/data.ts'
import { worldOf } from './resources.ts'

interface End {
  readonly ip: string
  readonly endpoint?: string
  readonly hostEndpoint?: string
}
interface Probe {
  readonly from: End
  readonly to: End
  readonly protocol: string | number
  readonly srcPort?: number
  readonly dstPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
  readonly egress: string
  readonly ingress: string
  readonly verdict: string
  readonly trace: unknown
}
interface RecordedWorld {
  readonly name: string
  readonly idea?: string
  readonly resources: readonly unknown[]
  readonly stored?: readonly unknown[]
  readonly probes: readonly Probe[]
}

/** The addresses that probes give to host endpoints. */
function hostAddresses(probes: readonly Probe[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { hostEndpoint, ip } of probes.flatMap(({ from, to }) => [from, to])) {
    if (hostEndpoint !== undefined) found.set(hostEndpoint, [...new Set([...(found.get(hostEndpoint) ?? []), ip])])
  }
  return found
}

function check(world: RecordedWorld): void {
  const { facts, endpoints } = worldOf(world.resources, world.stored, hostAddresses(world.probes))
  const engine = new Engine(facts)
  const placeOf = ({ ip, endpoint, hostEndpoint }: End): number => {
    const address = parseIp(ip)
    assert.ok(address)
    const index = endpoint === undefined ? endpoints.get(`host:${hostEndpoint}`) : endpoints.get(endpoint)
    if (index === undefined) return engine.places.at(address) ?? assert.fail(`no place for ${ip}`)
    const { addresses = [], otherAddresses = [] } = facts.endpoints[index] ?? {}
    const at = [...addresses, ...otherAddresses].findIndex((own) => own.value === address.value)
    return engine.places.ofEndpoint(index)[at] ?? assert.fail(`${ip} is no address of the endpoint`)
  }
  for (const probe of world.probes) {
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
  for (const world of readRecords<RecordedWorld>('policy/named')) test(world.idea ?? world.name, () => check(world))
})

test('random worlds, as recorded', () => {
  for (const world of readRecords<RecordedWorld>('policy/worlds')) check(world)
})
