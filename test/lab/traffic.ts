// Runs in the network of a container: traffic that shows whether anything was ever cut, or ever let through.
//   serve ADDRESS   answers whatever comes
//   send ADDRESS    until its input ends: datagrams, each from a port of its own (so each is a connection of its own), and one long TCP connection; then prints a `Traffic`
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface Traffic {
  readonly sent: number
  /** Datagrams that were answered. */
  readonly answered: number
  readonly streamSent: number
  readonly streamReturned: number
  readonly streamIsOpen: boolean
}

const PORT = 7000
const INTERVAL_MILLISECONDS = 25
/** How long an answer may take on a busy machine. */
const PATIENCE_MILLISECONDS = 5000

const [, , role = '', address = ''] = process.argv
if (role === 'serve') serve()
else await send()

// --- internal ---

function serve(): void {
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address: from }) => socket.send(message, port, from))
  socket.bind(PORT, address)
  createServer((connection) => connection.on('error', () => {}).pipe(connection)).listen(PORT, address, () => process.stdout.write('ready\n'))
  process.stdin.resume().once('end', () => process.exit(0))
}

async function send(): Promise<void> {
  const seen = { sent: 0, answered: 0, streamSent: 0, streamReturned: 0 }
  const over = new AbortController()
  const stream = connect(PORT, address)
  stream.on('error', () => {})
  stream.on('data', (bytes: Buffer) => void (seen.streamReturned += bytes.length))
  stream.once('connect', () => process.stdout.write('ready\n'))
  process.stdin.resume().once('end', () => over.abort())
  while (!over.signal.aborted) {
    const socket = createSocket('udp4')
    socket.on('error', () => {})
    const heard = once(socket, 'message').then(() => seen.answered++)
    socket.send(String(seen.sent++), PORT, address)
    void Promise.race([heard, pause(PATIENCE_MILLISECONDS, undefined, { ref: false })]).finally(() => socket.close())
    if (!stream.connecting && stream.writable) {
      stream.write('.')
      seen.streamSent++
    }
    await pause(INTERVAL_MILLISECONDS)
  }
  const isWhole = () => seen.answered === seen.sent && seen.streamReturned === seen.streamSent
  for (let waited = 0; waited < PATIENCE_MILLISECONDS && !isWhole(); waited += INTERVAL_MILLISECONDS) await pause(INTERVAL_MILLISECONDS)
  process.stdout.write(`${JSON.stringify({ ...seen, streamIsOpen: stream.writable && !stream.connecting } satisfies Traffic)}\n`)
  process.exit(0)
}
