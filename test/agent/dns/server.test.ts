import assert from 'node:assert/strict'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type DecodedPacket, decode, encode } from 'dns-packet'
import { frame, Frames } from '../../../src/agent/dns/frames.ts'
import { Names } from '../../../src/agent/dns/names.ts'
import { NameServer } from '../../../src/agent/dns/server.ts'
import type { Upstream } from '../../../src/agent/dns/upstream.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'

/** The server on real sockets, and servers of the world that answer as they like. */

const HERE = '127.0.0.1'

describe('the name server', () => {
  let server: NameServer
  let upstreams: Upstream[]
  let port: number
  let isNeighbour: boolean
  let logged: string[]
  let changes: number
  let changed: () => void
  const worlds: World[] = []

  beforeEach(async () => {
    port = await freePort()
    upstreams = []
    isNeighbour = true
    logged = []
    changes = 0
    changed = () => {}
    server = new NameServer({
      address: HERE,
      port,
      names: new Names('host1'),
      isNeighbour: () => isNeighbour,
      upstreams: async () => upstreams,
      log: (level, event, fields) => void logged.push(`${level}: ${event} ${JSON.stringify(fields)}`),
      changed: () => {
        changes++
        changed()
      },
    })
  })
  afterEach(async () => {
    await server.close()
    for (const world of worlds.splice(0)) world.close()
  })

  /** A server of the world; `undefined` from its function is silence. */
  const world = async (answer: (name: string, transport: 'udp' | 'tcp') => { readonly address?: string; readonly rcode?: number } | undefined) => {
    const one = await World.open(answer)
    worlds.push(one)
    upstreams.push({ address: HERE, port: one.port })
    return one
  }

  for (const transport of ['udp', 'tcp'] as const) {
    const ask = async (name: string) => summary(await (transport === 'udp' ? askByUdp : askByTcp)(port, query(name)))

    it(`asks others by ${transport} about what is theirs, by the same way`, async () => {
      const other = await world((_, way) => (way === transport ? { address: '192.0.2.1' } : undefined))
      await server.start()
      assert.equal(await ask('Example.COM'), '0 192.0.2.1')
      assert.deepEqual(other.asked, ['Example.COM'])
    })

    it(`asks nobody by ${transport} about names that can only be ours`, async () => {
      const other = await world(() => ({ address: '192.0.2.1' }))
      await server.start()
      assert.equal(await ask('workload-A'), '3')
      assert.deepEqual(other.asked, [])
    })

    it(`refuses strangers by ${transport}`, async () => {
      const other = await world(() => ({ address: '192.0.2.1' }))
      isNeighbour = false
      await server.start()
      assert.equal(await ask('example.com'), '5')
      assert.deepEqual(other.asked, [])
    })

    it(`asks the next by ${transport} when one does not answer, fails or is not there`, async () => {
      await world(() => undefined)
      await world(() => ({ rcode: 2 }))
      upstreams.push({ address: HERE, port: await freePort() })
      const good = await world(() => ({ address: '192.0.2.4' }))
      upstreams.splice(1, 0, ...upstreams.splice(3))
      await server.start()
      assert.equal(await ask('example.com'), '0 192.0.2.4')
      upstreams.reverse()
      assert.equal(await ask('example.com'), '0 192.0.2.4')
      assert.equal(good.asked.length, 2)
    })

    it(`says by ${transport} that it failed when nobody answers, and answers others meanwhile`, async () => {
      const other = await world((name) => (name === 'quick.example' ? { address: '192.0.2.2' } : undefined))
      await server.start()
      const slow = ask('slow.example')
      await other.isAsked('slow.example')
      assert.equal(await ask('quick.example'), '0 192.0.2.2')
      assert.equal(await slow, '2')
    })

    it(`says by ${transport} that it failed when there is nobody to ask`, async () => {
      await server.start()
      assert.equal(await ask('example.com'), '2')
    })

    it(`takes a failure by ${transport} when that is all there is`, async () => {
      await world(() => ({ rcode: 5 }))
      await server.start()
      assert.equal(await ask('example.com'), '5')
    })
  }

  it('takes no answer to another question, and none from elsewhere', async () => {
    const other = await world(() => ({ address: '192.0.2.1' }))
    other.before = (message, reply) => {
      const wrongId = Buffer.from(message)
      wrongId.writeUInt16BE((message.readUInt16BE(0) + 1) % 0x1_0000, 0)
      reply(answerTo(wrongId, { address: '192.0.2.66' }))
      const id = message.readUInt16BE(0)
      reply(answerTo(encode({ type: 'query', id, questions: [{ type: 'A', name: 'other.example' }] }), { address: '192.0.2.66' }))
      reply(message)
      reply(Buffer.alloc(3))
    }
    await server.start()
    assert.equal(summary(await askByUdp(port, query('example.com'))), '0 192.0.2.1')
  })

  it('lets one who floods it wait alone', async () => {
    const other = await world(() => undefined)
    await server.start()
    const socket = createSocket('udp4')
    for (let index = 0; index < 100; index++) socket.send(query(`slow${index}.example`), port, HERE)
    const failed = once(socket, 'message') as Promise<[Buffer]>
    await other.isAsked('slow99.example')
    socket.send(query('more.example'), port, HERE)
    const [answer] = await failed
    assert.equal(decode(answer).questions?.[0]?.name, 'more.example')
    assert.equal(summary(answer), '2')
    socket.close()
  })

  it('lets no more than a thousand wait, however many seem to ask: open files are needed for other things too', async () => {
    const other = await world(() => undefined)
    await server.start()
    const sockets: UdpSocket[] = []
    for (let asker = 1; asker <= 10; asker++) {
      const socket = createSocket('udp4')
      socket.bind(0, `127.0.1.${asker}`)
      await once(socket, 'listening')
      sockets.push(socket)
      for (let index = 0; index < 100; index++) socket.send(query(`slow${asker}-${index}.example`), port, HERE)
      await other.isAsked(`slow${asker}-99.example`)
    }
    const socket = createSocket('udp4')
    const failed = once(socket, 'message') as Promise<[Buffer]>
    socket.send(query('more.example'), port, HERE)
    assert.equal(summary((await failed)[0]), '2')
    for (const one of [...sockets, socket]) one.close()
  })

  it('answers several questions on one connection, in pieces of any size', async () => {
    await server.start()
    const socket = connect(port, HERE)
    const bytes = Buffer.concat(['a', 'b', 'c'].map((name) => frame(query(name))))
    const frames = new Frames()
    const answers: string[] = []
    const done = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        answers.push(...frames.push(chunk).map((packet) => decode(packet).questions?.[0]?.name ?? ''))
        if (answers.length === 3) resolve()
      })
    })
    socket.setNoDelay(true)
    for (const byte of bytes) socket.write(Buffer.of(byte))
    await done
    assert.deepEqual(answers, ['a', 'b', 'c'])
    socket.destroy()
  })

  it('is there still after whatever was thrown at it', async () => {
    await server.start()
    const socket = createSocket('udp4')
    const pipe = connect(port, HERE)
    for (let length = 0; length < 200; length++) {
      const junk = Buffer.alloc(length, length * 7)
      socket.send(junk, port, HERE)
      pipe.write(frame(junk))
    }
    pipe.write(Buffer.alloc(70_000, 0xff))
    assert.equal(summary(await askByTcp(port, query('a'))), '3')
    assert.equal(summary(await askByUdp(port, query('a'))), '3')
    assert.deepEqual(
      logged.filter((line) => !line.startsWith('info')),
      [],
    )
    socket.close()
    pipe.destroy()
  })

  it('says so when the port is taken, and listens when it is free', async () => {
    const other = createServer()
    other.listen(port, HERE)
    await once(other, 'listening')
    await server.start()
    assert.equal(server.isListening, false)
    assert.match(server.failure ?? '', /another program has port \d+ of 127\.0\.0\.1/)
    assert.match(logged.join('\n'), /^error: names of containers on other hosts are not answered .*another program has port/)
    const listens = new Promise<void>((resolve) => (changed = resolve))
    other.close()
    await listens
    assert.equal(server.isListening, true)
    assert.equal(server.failure, undefined)
    assert.equal(changes, 1)
    assert.equal(summary(await askByUdp(port, query('a'))), '3')
  })

  it('says so when the address is not of this host', async () => {
    const away = new NameServer({
      address: '192.0.2.1',
      port,
      names: new Names('host1'),
      isNeighbour: () => true,
      upstreams: async () => [],
      log: () => {},
      changed: () => {},
    })
    await away.start()
    assert.match(away.failure ?? '', /EADDRNOTAVAIL/)
    await away.close()
  })

  it('answers members of a network', async () => {
    const names = new Names('host1')
    const endpoint = (node: string, id: string, address: string) => ({
      apiVersion: 'projectcalico.org/v3',
      kind: 'WorkloadEndpoint',
      metadata: { name: id, namespace: 'libnetwork', annotations: { 'docker.projectcalico.org/container': id } },
      spec: { orchestrator: 'libnetwork', node, endpoint: id, interfaceName: id, ipNetworks: [`${address}/32`], profiles: ['net1'] },
    })
    const resources = [endpoint('host1', 'me', HERE), endpoint('host2', 'other', '10.0.0.2')]
    names.update(buildWorld(resources.map((resource) => ({ resource, origin: { key: '', revision: '1' } }))))
    const own = new NameServer({
      address: HERE,
      port,
      names,
      isNeighbour: () => false,
      upstreams: async () => [],
      log: () => {},
      changed: () => {},
    })
    await own.start()
    assert.equal(summary(await askByUdp(port, query('other.net1'))), '0 10.0.0.2')
    assert.equal(summary(await askByTcp(port, query('OTHER'))), '0 10.0.0.2')
    await own.close()
  })
})

// --- internal ---

function query(name: string): Buffer {
  return encode({ type: 'query', id: 4711, flags: 0x100, questions: [{ type: 'A', name }] })
}

/** Its code, and its addresses. */
function summary(packet: Buffer): string {
  const answer: DecodedPacket = decode(packet)
  assert.equal(answer.id, 4711)
  return [packet.readUInt8(3) & 0xf, ...(answer.answers ?? []).map((record) => (record.type === 'A' ? record.data : ''))].join(' ')
}

function answerTo(message: Buffer, { address, rcode = 0 }: { readonly address?: string; readonly rcode?: number }): Buffer {
  const { id, questions = [] } = decode(message)
  const name = questions[0]?.name ?? ''
  return encode({
    type: 'response',
    id: id ?? 0,
    flags: rcode,
    questions,
    answers: address === undefined ? [] : [{ type: 'A', name, data: address, ttl: 1 }],
  })
}

async function askByUdp(port: number, packet: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4')
  socket.send(packet, port, HERE)
  const [answer] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return answer
}

async function askByTcp(port: number, packet: Buffer): Promise<Buffer> {
  const socket = connect(port, HERE)
  const frames = new Frames()
  socket.write(frame(packet))
  for await (const chunk of socket) {
    const [answer] = frames.push(chunk as Buffer)
    if (answer) return answer
  }
  assert.fail('the connection was ended')
}

/** A port that neither UDP nor TCP has. */
async function freePort(): Promise<number> {
  for (;;) {
    const udp = createSocket('udp4').bind(0, HERE)
    await once(udp, 'listening')
    const { port } = udp.address()
    const tcp = createServer().listen(port, HERE)
    const free = await Promise.race([once(tcp, 'listening').then(() => true), once(tcp, 'error').then(() => false)])
    await new Promise<void>((resolve) => udp.close(resolve))
    tcp.close()
    if (free) return port
  }
}

/** A server that knows all names, or none. */
class World {
  readonly port: number
  readonly asked: string[] = []
  /** Answers before the right one. */
  before: ((message: Buffer, reply: (packet: Buffer) => void) => void) | undefined
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections = new Set<Socket>()
  #heard: (() => void) | undefined

  static async open(answer: (name: string, transport: 'udp' | 'tcp') => { readonly address?: string; readonly rcode?: number } | undefined) {
    const port = await freePort()
    const udp = createSocket('udp4').bind(port, HERE)
    const tcp = createServer().listen(port, HERE)
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
    return new World(port, udp, tcp, answer)
  }

  private constructor(
    port: number,
    udp: UdpSocket,
    tcp: Server,
    answer: (name: string, transport: 'udp' | 'tcp') => { readonly address?: string; readonly rcode?: number } | undefined,
  ) {
    this.port = port
    this.#udp = udp
    this.#tcp = tcp
    const handle = (message: Buffer, transport: 'udp' | 'tcp', reply: (packet: Buffer) => void) => {
      const name = decode(message).questions?.[0]?.name ?? ''
      this.asked.push(name)
      this.#heard?.()
      this.before?.(message, reply)
      const what = answer(name, transport)
      if (what) reply(answerTo(message, what))
    }
    udp.on('message', (message, from) => handle(message, 'udp', (packet) => udp.send(packet, from.port, from.address)))
    tcp.on('connection', (socket) => {
      const frames = new Frames()
      this.#connections.add(socket)
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        for (const message of frames.push(chunk)) handle(message, 'tcp', (packet) => socket.write(frame(packet)))
      })
    })
  }

  async isAsked(name: string): Promise<void> {
    while (!this.asked.includes(name)) await new Promise<void>((resolve) => (this.#heard = resolve))
  }

  close(): void {
    this.#udp.close()
    this.#tcp.close()
    for (const socket of this.#connections) socket.destroy()
  }
}
