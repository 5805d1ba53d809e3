import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Ip, parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { type Header, TYPED } from '../../../src/policy/connections/packet.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import { walk, walkForward } from '../../../src/policy/interpreter/walk.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { type Asked, type Case, COMMON, IPS } from './case.ts'
import { hosts } from './hosts.ts'
import { labels, matching } from './matching.ts'
import { order, profiles } from './order.ts'

interface Question {
  readonly from: string
  readonly to: string
  readonly side: string
  /** The host that forwards. */
  readonly at: string | undefined
  readonly header: Header
}

for (const [name, cases] of Object.entries({ profiles, order, matching, labels, hosts })) {
  describe(`acceptance cases: ${name}`, () => {
    for (const one of cases) {
      if (!('agent' in one)) test(`${one.number}: ${one.title}`, () => check(one))
    }
  })
}

test('every case is there, once; those for the agent say why', () => {
  const all: readonly Case[] = [...profiles, ...order, ...matching, ...labels, ...hosts]
  const numbers = new Set(all.map(({ number }) => number))
  assert.equal(numbers.size, all.length)
  for (const one of all) assert.ok('says' in one || one.agent !== '')
  for (let number = 1; number <= 152; number++) assert.ok(numbers.has(String(number)), String(number))
})

// --- internal ---

function check({ world: resources, says }: Asked): void {
  const own = new Set(resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`))
  const all = [...COMMON.filter(({ kind, metadata }) => !own.has(`${kind} ${metadata.name}`)), ...resources]
  const world = buildWorld(all.map((resource) => ({ resource, origin: {} })))
  for (const [text, expected] of Object.entries(says)) {
    const question = parse(text)
    assert.equal(interpreter(world, question), expected, `the interpreter: ${text}`)
    // What a host forwards is asked of the interpreter alone: places are ends of packets.
    if (!question.at) assert.equal(core(world, question), expected, `the core: ${text}`)
  }
}

function interpreter(world: World, { from, to, side, at, header }: Question): string {
  const packet = { ...header, source: address(from), destination: address(to) }
  if (at) {
    const host = world.endpoints.find(({ name }) => name === at)
    assert.ok(host)
    return walkForward(world, host, side === 'fwd-in' ? 'ingress' : 'egress', packet)?.verdict ?? 'not asked'
  }
  const answer = walk(world, world.endpoints[indexOf(world, from)], world.endpoints[indexOf(world, to)], packet)
  return (side === 'in' ? answer.ingress?.verdict : side === 'eg' ? answer.egress?.verdict : answer.verdict) ?? 'not asked'
}

function core(world: World, { from, to, side, header }: Question): string {
  const engine = new Engine(world)
  const placeOf = (name: string) => {
    const index = indexOf(world, name)
    const { addresses = [] } = world.endpoints[index] ?? {}
    const at = addresses.findIndex(({ value }) => value === address(name).value)
    return (at === -1 ? engine.places.at(address(name)) : engine.places.ofEndpoint(index)[at]) ?? assert.fail(`no place for ${name}`)
  }
  const [source, destination] = [placeOf(from), placeOf(to)]
  const said = side === 'both' ? engine.verdict(source, destination) : engine.oneSide(side === 'in' ? 'ingress' : 'egress', source, destination)
  if (!said) return 'not asked'
  return engine.space.contains(said.allowed, header) ? 'allow' : engine.space.contains(said.unknown, header) ? 'unknown' : 'deny'
}

/** `B->A in`, `X->A fwd-in h1 tcp 22`, `B->A in tcp 1 from 80`, `B->A in icmp 8/0`, `A->X eg 4`. */
function parse(text: string): Question {
  const [ends = '', side = '', ...rest] = text.split(' ')
  const [from = '', to = ''] = ends.split('->')
  const at = side.startsWith('fwd') ? rest.shift() : undefined
  const [protocol = 'tcp', port = '80', , srcPort = '40000'] = rest
  const number = protocolNumber(/^\d+$/.test(protocol) ? Number(protocol) : protocol.toUpperCase()) ?? assert.fail(protocol)
  const [icmpType = 0, icmpCode = 0] = port.split('/').map(Number)
  const header = TYPED.includes(number)
    ? { protocol: number, icmpType, icmpCode }
    : { protocol: number, dstPort: Number(port), srcPort: Number(srcPort) }
  return { from, to, side, at, header }
}

/** `A6` is the endpoint A at its address of IPv6. */
function indexOf(world: World, name: string): number {
  return world.endpoints.findIndex((endpoint) => endpoint.name === name.replace('6', ''))
}

function address(name: string): Ip {
  return parseIp(IPS[name] ?? '') ?? assert.fail(name)
}
