import { promises, readFileSync, statSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { isatty } from 'node:tty'
import type { Context, Output } from './commands/context.ts'
import { programHelp } from './commands/program-help.ts'
import type { Datastore } from './store/datastore.ts'
import { COMMIT, VERSION } from './version.ts'

/**
 * Binds the program to the real process: the one place that knows `process`, besides the launcher. What needs no program (`--help`, `version --client`) is
 * answered here; parts of Node that cost milliseconds to load are touched when they are needed.
 */
const interrupt = new AbortController()
const opened: Promise<Datastore>[] = []

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  stdin: { isTerminal: isatty(0), read: readInput },
  stdout: output(1, () => process.stdout),
  stderr: output(2, () => process.stderr),
  files: {
    readFile: async (path) => readFileSync(path),
    async readDirectory(path) {
      const entries = await promises.readdir(path, { withFileTypes: true })
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    },
    isDirectory: async (path) => statSync(path).isDirectory(),
  },
  clock: {
    now: () => new Date(),
    timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
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
    process.stderr.write('\ncalicoctl: interrupted; what was written before stays written\n')
    process.exit(130)
  })
}

void run(process.argv.slice(2))

// --- internal ---

async function run(argv: readonly string[]): Promise<void> {
  const answer = quickAnswer(argv.join(' '))
  if (answer !== undefined) return context.stdout.write(answer)
  const { main } = await import('./cli.ts')
  process.exitCode = await main(argv, context)
  await Promise.allSettled(opened.map(async (store) => (await store).close()))
}

/** What can be said without loading the program. */
function quickAnswer(line: string): string | undefined {
  if (line === '' || line === '-h' || line === '--help' || line === 'help') return programHelp()
  return line === 'version --client' ? `Client Version:    v${VERSION}\nGit commit:        ${COMMIT}\n` : undefined
}

/** A stream of the process, made when something is written to it. */
function output(descriptor: number, stream: () => NodeJS.WriteStream): Output {
  let ready: NodeJS.WriteStream | undefined
  return {
    isTerminal: isatty(descriptor),
    get columns() {
      return stream().columns
    },
    write(text) {
      if (!ready) {
        ready = stream()
        ready.on('error', (error: NodeJS.ErrnoException) => {
          // The reader went away (`| head`): nobody is left to tell.
          if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
          throw error
        })
      }
      ready.write(text)
    },
  }
}

/** All of standard input. */
async function readInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
