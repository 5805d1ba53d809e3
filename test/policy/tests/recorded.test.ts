import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { witness } from '../../../src/policy/connections/witness.ts'
import type { RuleFacts } from '../../../src/policy/facts.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import { checkEntry } from '../../../src/policy/tests/check.ts'
import { addReached } from '../../../src/policy/tests/coverage.ts'
import { askAbout } from '../../../src/policy/tests/ends.ts'
import type { Entry } from '../../../src/policy/tests/entry.ts'
import { examine } from '../../../src/policy/why/examine.ts'
import { recordedWorlds, worldOf } from '../recorded.ts'

describe('entries about recorded worlds', () => {
  const worlds = recordedWorlds('worlds').map((recorded) => worldOf(recorded))

  it('what passed is true of every packet that is tried, and what failed shows one of which it is not', () => {
    const protocols = ['tcp', 'udp', 'icmp', 'sctp', 'tcp/80', 'tcp/1-1024', 'udp/53', 'any', 'protocol/47']
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: worlds.length - 1 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.uniqueArray(fc.constantFrom(...protocols), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('allow' as const, 'deny' as const),
        (number, sources, destinations, ports, expect) => {
          const world = worlds[number] ?? assert.fail()
          const pick = (numbers: number[]) => [...new Set(numbers.map((n) => world.endpoints[n % world.endpoints.length] ?? assert.fail()))]
          const [from, to] = [pick(sources), pick(destinations)]
          const entry: Entry = { expect, from: from.map(({ id }) => `endpoint:${id}`), to: to.map(({ id }) => `endpoint:${id}`), ports, except: [] }
          const asked = askAbout(world, [])
          const result = checkEntry(asked, entry)
          if (result.status === 'failed' && result.reason.type === 'packet') {
            assert.equal(result.reason.example.verdict, expect === 'allow' ? 'deny' : 'allow')
            return
          }
          if (result.status !== 'passed') return
          // Every set of packets that the engine tells apart is tried by one of its packets.
          const { space } = asked.engine
          for (const source of from) {
            for (const destination of to.filter((one) => one !== source)) {
              for (const [s, a] of asked.engine.places.ofEndpoint(world.endpoints.indexOf(source)).entries()) {
                for (const [d, b] of asked.engine.places.ofEndpoint(world.endpoints.indexOf(destination)).entries()) {
                  const [sourceIp, destinationIp] = [
                    [...source.addresses, ...(source.otherAddresses ?? [])][s],
                    [...destination.addresses, ...(destination.otherAddresses ?? [])][d],
                  ]
                  if (!sourceIp || !destinationIp || sourceIp.family !== destinationIp.family) continue
                  const { allowed } = asked.engine.verdict(a, b)
                  for (const set of [allowed, space.complement(allowed)]) {
                    for (const port of ports.filter((word) => word === 'tcp' || word === 'any')) {
                      const asking = port === 'tcp' ? space.protocol(6) : space.union(space.protocol(6), space.protocol(17))
                      const header = witness(space, space.intersect(set, asking))
                      if (!header || (header.protocol === 17 && header.dstPort === 4789)) continue
                      assert.equal(
                        examine(world, { endpoint: source, ip: sourceIp }, { endpoint: destination, ip: destinationIp }, header).verdict,
                        expect,
                      )
                    }
                  }
                }
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('every rule that a recorded packet meets is reached by an entry about everything', () => {
    for (const recorded of [...recordedWorlds('named'), ...recordedWorlds('worlds').slice(0, 30)]) {
      const world = worldOf(recorded)
      const outside = recorded.probes.flatMap(({ from, to }) => [from, to]).filter(({ endpoint, hostEndpoint }) => !endpoint && !hostEndpoint)
      const everybody = [...world.endpoints.map(({ id }) => `endpoint:${id}`), ...new Set(outside.map(({ ip }) => ip))]
      const rules = new Set<RuleFacts>()
      addReached(askAbout(world, everybody), { expect: 'allow', from: everybody, to: everybody, ports: ['any'], except: [] }, rules)
      for (const { from, to, protocol, egress: _, ingress: __, verdict: ___, trace: ____, ...ports } of recorded.probes) {
        const endpointOf = (id: string | undefined) => world.endpoints.find((endpoint) => endpoint.id === id)
        const [source, destination] = [parseIp(from.ip), parseIp(to.ip)]
        assert.ok(source && destination)
        if (from.ip === to.ip) continue
        const packet = { ...ports, protocol: protocolNumber(protocol) ?? 0, source, destination }
        const way = walk(
          world,
          endpointOf(from.endpoint ?? `host:${from.hostEndpoint}`),
          endpointOf(to.endpoint ?? `host:${to.hostEndpoint}`),
          packet,
        )
        const sides = way.egress?.verdict === 'deny' ? [way.egress] : [way.egress, way.ingress]
        for (const side of sides)
          for (const layer of side?.layers ?? []) if ('by' in layer && layer.by) assert.ok(rules.has('rule' in layer.by ? layer.by.rule : layer.by))
      }
    }
  })
})
