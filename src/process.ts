import { readdir, readFile, stat } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { main } from './cli.ts'
import type { Context, Output } from './commands/context.ts'
import type { Datastore } from './store/datastore.ts'

/** Binds the program to the real process: the one place that knows `process`, besides the launcher. */
const interrupt = new AbortController()
const opened: Promise<Datastore>[] = []

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  stdin: { isTerminal: process.stdin.isTTY ?? false, read: readAll },
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  files: {
    readFile,
    async readDirectory(path) {
      const entries = await readdir(path, { withFileTypes: true })
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    },
    isDirectory: async (path) => (await stat(path)).isDirectory(),
  },
  clock: {
    now: () => new Date(),
    timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: async (milliseconds) => void (await pause(milliseconds)),
  },
  get user() {
    try {
      return userInfo().username
    } catch {
      return String(process.getuid?.() ?? 'unknown')
    }
  },
  get host() {
    return hostname()
  },
  signal: interrupt.signal,
  openStore(flags) {
    const store = import('./store/open.ts').then(({ openStore }) => openStore(flags, context))
    opened.push(store)
    return store
  },
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second one does not wait for anything.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort()
    process.stderr.write(`\ncalicoctl: interrupted; what was written before stays written\n`)
    process.exit(130)
  })
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader went away (`| head`): nobody is left to tell.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
}

void run()

// --- internal ---

async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), context)
  await Promise.allSettled(opened.map(async (store) => (await store).close()))
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    isTerminal: stream.isTTY ?? false,
    get columns() {
      return stream.columns
    },
    write: (text) => void stream.write(text),
  }
}

async function readAll(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
