import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { LOOPBACK } from './etcd.ts'

/** A wire between a client and a server that a test can cut. */
export interface Proxy {
  readonly endpoint: string
  /** Breaks all connections; new ones are taken. */
  cut(): void
  /** From now on nothing that the server says arrives, until the next cut. */
  mute(): void
  close(): Promise<void>
}

export async function startProxy(endpoint: string): Promise<Proxy> {
  const { hostname, port } = new URL(endpoint)
  const sockets = new Set<Socket>()
  let muted = false
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    }
    client.on('data', (bytes) => upstream.write(bytes)).on('close', () => upstream.destroy())
    upstream.on('data', (bytes) => muted || client.write(bytes)).on('close', () => muted || client.destroy())
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const cut = () => {
    muted = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    endpoint: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    cut,
    mute: () => void (muted = true),
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
