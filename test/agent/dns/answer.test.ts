import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode, encode, type OptAnswer, type RecordType } from 'dns-packet'
import { answerQuery } from '../../../src/agent/dns/answer.ts'
import { Names } from '../../../src/agent/dns/names.ts'
import { CONTAINER_ANNOTATION } from '../../../src/model/container.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { formatIp } from '../../../src/model/net.ts'
import { convertProfileName } from '../../../src/model/v1/names.ts'
import { buildWorld, WorldBuilder } from '../../../src/policy/world/build.ts'

/** What containers are told: the tutorial's five, on two hosts, and some that are odd. */

interface Container {
  readonly name?: string
  readonly network: string
  readonly node?: string
  readonly addresses: readonly string[]
  readonly id?: string
}

const CONTAINERS: readonly Container[] = [
  { name: 'workload-A', network: 'net1', addresses: ['192.168.0.1'], id: 'aaaaaaaaaaaaaaaaaaaa' },
  { name: 'workload-B', network: 'net2', addresses: ['192.168.0.2'] },
  { name: 'workload-C', network: 'net1', addresses: ['192.168.0.3', 'fd00::3'], id: 'cccccccccccccccccccc' },
  { name: 'workload-D', network: 'net3', addresses: ['192.168.1.4'], node: 'host2' },
  { name: 'workload-E', network: 'net1', addresses: ['192.168.1.5'], node: 'host2', id: 'eeeeeeeeeeeeeeeeeeee' },
  { name: 'six', network: 'net1', addresses: ['fd00::6'], node: 'host2' },
  // Names are Docker's and of one host: another may have the same.
  { name: 'web', network: 'net1', addresses: ['192.168.0.7'] },
  { name: 'web', network: 'net1', addresses: ['192.168.1.7'], node: 'host2' },
  { name: 'web', network: 'net2', addresses: ['192.168.1.8'], node: 'host2' },
  // In two networks, asking from its address in the first.
  { name: 'both', network: 'net2', addresses: ['192.168.0.9'], id: 'bbbbbbbbbbbbbbbbbbbb' },
  { name: 'both', network: 'net3', addresses: ['192.168.0.10'], id: 'bbbbbbbbbbbbbbbbbbbb' },
  { name: 'my.app_1', network: 'My_Net', addresses: ['192.168.0.11'] },
  { network: 'net1', addresses: ['192.168.0.12'] },
]

const names = new Names('host1')
names.update(worldOf(CONTAINERS))

const A = '192.168.0.1'
const B = '192.168.0.2'
const BOTH = '192.168.0.9'

const TABLE: readonly (readonly [what: string, from: string, name: string, type: RecordType | 'ANY', wanted: string])[] = [
  ['a name with its network', A, 'workload-C.net1', 'A', 'ok 192.168.0.3'],
  ['a name alone', A, 'workload-C', 'A', 'ok 192.168.0.3'],
  ['a container of another host', A, 'workload-E.net1', 'A', 'ok 192.168.1.5'],
  ['the same, alone', A, 'workload-E', 'A', 'ok 192.168.1.5'],
  ['itself', A, 'workload-A', 'A', 'ok 192.168.0.1'],
  ['letters in any case', A, 'WORKLOAD-e.Net1', 'A', 'ok 192.168.1.5'],
  ['IPv6', A, 'workload-C.net1', 'AAAA', 'ok fd00::3'],
  ['IPv6 of what has none', A, 'workload-E.net1', 'AAAA', 'ok'],
  ['IPv4 of what has none', A, 'six', 'A', 'ok'],
  ['all types at once', A, 'workload-C', 'ANY', 'ok 192.168.0.3 fd00::3'],
  ['another type', A, 'workload-C', 'MX', 'ok'],
  ['several of a name', A, 'web', 'A', 'ok 192.168.0.7 192.168.1.7'],
  ['several of a name, in the network', A, 'web.net1', 'A', 'ok 192.168.0.7 192.168.1.7'],
  ['the beginning of an id, as Docker shows it', A, 'cccccccccccc', 'A', 'ok 192.168.0.3'],
  ['an id that is not whole', A, 'ccccccccccc', 'A', 'none'],
  ['a network that it is not in', A, 'workload-B.net2', 'A', 'none'],
  ['a name of a network that it is not in', A, 'workload-B', 'A', 'none'],
  ['a name that is in another network too', A, 'web.net2', 'A', 'none'],
  ['the other way round', B, 'workload-C.net1', 'A', 'none'],
  ['a name that nobody has', A, 'nobody.net1', 'A', 'none'],
  ['a name that nobody has, alone', A, 'nobody', 'AAAA', 'none'],
  ['a name below a container', A, 'www.workload-C.net1', 'A', 'none'],
  ['a network alone', A, 'net1', 'A', 'none'],
  ['a network that has no containers', A, 'x.lonely', 'A', 'none'],
  ['a name of the world', A, 'example.com', 'A', 'elsewhere'],
  ['a name that only ends like a network', A, 'mynet1.example', 'A', 'elsewhere'],
  ['the root', A, '.', 'NS', 'elsewhere'],
  ['networks of a container in two, the one', BOTH, 'workload-B', 'A', 'ok 192.168.0.2'],
  ['networks of a container in two, the other', BOTH, 'workload-D.net3', 'A', 'ok 192.168.1.4'],
  ['itself, in two', BOTH, 'both', 'A', 'ok 192.168.0.9 192.168.0.10'],
  ['itself, in one of two', BOTH, 'both.net3', 'A', 'ok 192.168.0.10'],
  ['a name with dots', '192.168.0.11', 'my.app_1', 'A', 'ok 192.168.0.11'],
  ['a network whose profile is called otherwise', '192.168.0.11', 'my.app_1.my_net', 'A', 'ok 192.168.0.11'],
  ['a network by its profile', '192.168.0.11', `my.app_1.${convertProfileName('My_Net')}`, 'A', 'ok 192.168.0.11'],
  ['a container that nobody has named yet asks too', '192.168.0.12', 'workload-A', 'A', 'ok 192.168.0.1'],
  ['whose an address is', A, '5.1.168.192.in-addr.arpa', 'PTR', 'ok workload-E.net1'],
  ['whose an IPv6 address is', A, `6.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`, 'PTR', 'ok six.net1'],
  ['the same, another type', A, '5.1.168.192.in-addr.arpa', 'A', 'ok'],
  ['whose an address of another network is', A, '2.0.168.192.in-addr.arpa', 'PTR', 'none'],
  ['whose an address of nobody here is', A, '8.8.8.8.in-addr.arpa', 'PTR', 'elsewhere'],
  ['an address that is none', A, '5.1.168.999.in-addr.arpa', 'PTR', 'elsewhere'],
  ['who is in none of our networks, a name of theirs', 'neighbour', 'workload-A.net1', 'A', 'none'],
  ['who is in none of our networks, a name of the world', 'neighbour', 'example.com', 'A', 'elsewhere'],
  ['a stranger', 'stranger', 'workload-A.net1', 'A', 'refused'],
  ['a stranger, a name of the world', 'stranger', 'example.com', 'A', 'refused'],
  ['a container of another host, which asks its own host', '192.168.1.5', 'workload-A', 'A', 'refused'],
]

describe('names of containers', () => {
  for (const [what, from, name, type, wanted] of TABLE) {
    it(`${what}: ${name} ${type}`, () => {
      const query = encode({ type: 'query', id: 77, flags: 0x100, questions: [{ type: type as RecordType, name }] })
      for (const transport of ['udp', 'tcp'] as const) assert.equal(told(query, from, transport), wanted)
    })
  }

  it('says that it knows, that others could be asked, and what was asked', () => {
    const query = encode({ type: 'query', id: 77, flags: 0x100, questions: [{ type: 'A', name: 'Workload-C.NET1' }] })
    const reply = replyTo(query, A)
    assert.deepEqual([reply.id, reply.flag_aa, reply.flag_rd, reply.flag_ra, reply.flag_tc], [77, true, true, true, false])
    assert.deepEqual(reply.questions, [{ name: 'Workload-C.NET1', type: 'A', class: 'IN' }])
    assert.equal(reply.answers?.[0]?.name, 'Workload-C.NET1')
  })

  it('knows nothing of other classes', () => {
    assert.equal(told(encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'workload-C', class: 'CH' }] }), A), 'ok')
  })

  it('leaves away what the asker cannot take, and says so; over TCP nothing is left away', () => {
    const many = new Names('host1')
    const addresses = Array.from({ length: 100 }, (_, index) => `10.0.0.${index + 1}`)
    many.update(worldOf(addresses.map((address) => ({ name: 'web', network: 'net1', addresses: [address] }))))
    const asker = many.asker('10.0.0.1') ?? assert.fail('nobody')
    const counts = ([undefined, 4096, 100] as const).map((udpPayloadSize) => {
      const opt: OptAnswer = {
        type: 'OPT',
        name: '.',
        udpPayloadSize: udpPayloadSize ?? 0,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      }
      const query = encode({
        type: 'query',
        id: 1,
        questions: [{ type: 'A', name: 'web' }],
        additionals: udpPayloadSize === undefined ? [] : [opt],
      })
      const verdict = answerQuery(query, asker, many, 'udp')
      assert.ok(typeof verdict === 'object' && 'reply' in verdict)
      const reply = decode(verdict.reply)
      assert.equal(reply.flag_tc, true)
      assert.equal(reply.additionals?.length, udpPayloadSize === undefined ? 0 : 1)
      assert.ok(verdict.reply.length <= (udpPayloadSize === 4096 ? 1232 : 512))
      return reply.answers?.length
    })
    assert.deepEqual(counts, [25, 63, 25])
    const verdict = answerQuery(encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'web' }] }), asker, many, 'tcp')
    assert.ok(typeof verdict === 'object' && 'reply' in verdict)
    assert.equal(decode(verdict.reply).answers?.length, 100)
    assert.equal(decode(verdict.reply).flag_tc, false)
  })

  it('names follow the world', () => {
    const changing = new Names('host1')
    assert.equal(changing.asker(A), undefined)
    changing.update(worldOf(CONTAINERS))
    assert.ok(changing.asker(A))
    changing.update(worldOf(CONTAINERS.slice(1)))
    assert.equal(changing.asker(A), undefined)
    assert.equal(changing.addresses('workload-a', { networks: new Set(['net1']) }), undefined)
    assert.equal(changing.isOurs('workload-a.net1'), true)
  })

  it('what changes is taken in as if all were read anew', () => {
    const random = generator(7)
    const builder = new WorldBuilder()
    const changing = new Names('host1')
    const profiles = resourcesOf([])
    const endpoints = resourcesOf(CONTAINERS).filter(({ kind }) => kind === 'WorkloadEndpoint')
    const addresses = CONTAINERS.flatMap(({ addresses }) => addresses)
    const questions = TABLE.map(([, , name]) => name.toLowerCase())
    for (let round = 0; round < 300; round++) {
      const pool = random() % 8 === 0 ? profiles : endpoints
      const resource = pool[random() % pool.length] ?? assert.fail()
      if (random() % 3 === 0) builder.remove({ kind: resource.kind, ...resource.metadata })
      else builder.put({ resource, origin: { key: '', revision: '1' } })
      const fresh = new Names('host1')
      for (const names of [changing, fresh]) names.update(builder.world())
      const all = (names: Names) =>
        addresses.map((from) => {
          const asker = names.asker(from)
          const texts = (name: string) => asker && names.addresses(name, asker)?.map(formatIp).sort()
          return (
            asker && [
              [...asker.networks].sort(),
              questions.map(texts),
              addresses.map((address) => names.namesOf(address, asker)?.toSorted()),
              questions.map((name) => names.isOurs(name)),
            ]
          )
        })
      assert.deepEqual(all(changing), all(fresh))
    }
  })

  for (const [what, query, wanted] of [
    ['nothing', Buffer.alloc(0), 'ignored'],
    ['less than a header', Buffer.alloc(11), 'ignored'],
    ['an answer', encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'workload-C' }] }), 'ignored'],
    ['no question', encode({ type: 'query', id: 1, questions: [] }), 'malformed'],
    [
      'two questions',
      encode({
        type: 'query',
        id: 1,
        questions: [
          { type: 'A', name: 'a' },
          { type: 'A', name: 'b' },
        ],
      }),
      'malformed',
    ],
    ['a header that promises a question', Buffer.from('000101000001000000000000', 'hex'), 'malformed'],
    ['a name that ends in the middle', Buffer.from('00010100000100000000000005776f', 'hex'), 'malformed'],
    ['a name that points to itself', Buffer.from('000101000001000000000000c00c00010001', 'hex'), 'malformed'],
    ['a label of a kind that there is not', Buffer.from('0001010000010000000000004161000001', 'hex'), 'malformed'],
    [
      'a name that is too long',
      Buffer.concat([Buffer.from('000101000001000000000000', 'hex'), Buffer.from('0161'.repeat(140), 'hex'), Buffer.from('0000010001', 'hex')]),
      'malformed',
    ],
    ['a notification', Buffer.from('0001200000010000000000000161000001000100', 'hex'), 'not implemented'],
    ['a dot within a label', Buffer.from('0001010000010000000000000f776f726b6c6f61642d432e6e6574310000010001', 'hex'), 'none'],
  ] as const) {
    it(`a packet with ${what}`, () => assert.equal(told(query, A), wanted))
  }

  it('no packet makes it fail, be it as broken as can be', () => {
    const random = generator(20_261_128)
    const good = CONTAINERS.map(({ name = 'x', network }) =>
      encode({
        type: 'query',
        id: 5,
        questions: [{ type: 'A', name: `${name}.${network}` }],
        additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
      }),
    )
    for (let round = 0; round < 50_000; round++) {
      const packet = Buffer.from(good[random() % good.length] ?? [])
      for (let change = random() % 6; change >= 0; change--) packet[random() % packet.length] = random() % 256
      const cut = random() % 4 === 0 ? packet.subarray(0, random() % packet.length) : packet
      const asker = [names.asker(A) ?? 'stranger', 'neighbour', 'stranger'] as const
      const verdict = answerQuery(cut, asker[random() % 3] ?? 'stranger', names, random() % 2 === 0 ? 'udp' : 'tcp')
      if (typeof verdict === 'string' || 'forward' in verdict) continue
      const reply = decode(verdict.reply)
      assert.equal(reply.type, 'response')
      assert.equal(reply.id, cut.readUInt16BE(0))
    }
  })
})

// --- internal ---

function told(query: Buffer, from: string, transport: 'udp' | 'tcp' = 'udp'): string {
  const asker = from === 'neighbour' || from === 'stranger' ? from : (names.asker(from) ?? 'stranger')
  const verdict = answerQuery(query, asker, names, transport)
  if (verdict === 'ignore') return 'ignored'
  if ('forward' in verdict) return 'elsewhere'
  const { answers = [] } = decode(verdict.reply)
  const rcode = ['ok', 'malformed', 'failed', 'none', 'not implemented', 'refused'][verdict.reply.readUInt8(3) & 0xf] ?? 'other'
  return [rcode, ...answers.flatMap((answer) => ('data' in answer && typeof answer.data === 'string' ? [answer.data] : [])).sort(naturally)].join(' ')
}

function replyTo(query: Buffer, from: string) {
  const verdict = answerQuery(query, names.asker(from) ?? assert.fail('nobody'), names, 'udp')
  return typeof verdict === 'object' && 'reply' in verdict ? decode(verdict.reply) : assert.fail('no reply')
}

function naturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function worldOf(containers: readonly Container[]) {
  return buildWorld(resourcesOf(containers).map((resource) => ({ resource, origin: { key: '', revision: '1' } })))
}

function resourcesOf(containers: readonly Container[]): Resource[] {
  const networks = new Set([...CONTAINERS, ...containers].map(({ network }) => network)).add('lonely')
  const profiles = [...networks].map((network) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Profile',
    metadata: { name: convertProfileName(network) },
    spec: { labelsToApply: { [network]: '' } },
  }))
  const endpoints = containers.map(({ name, network, node = 'host1', addresses, id }, index) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: {
      name: `${node}-libnetwork-libnetwork-e${index}`,
      namespace: 'libnetwork',
      ...(name === undefined ? {} : { annotations: { [CONTAINER_ANNOTATION]: name } }),
    },
    spec: {
      orchestrator: 'libnetwork',
      workload: 'libnetwork',
      node,
      endpoint: `e${index}`,
      interfaceName: `cali${index}`,
      ipNetworks: addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
      profiles: [convertProfileName(network)],
      ...(id === undefined ? {} : { containerID: id }),
    },
  }))
  return [...profiles, ...endpoints]
}

/** Numbers that look random and are the same in each run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
}
