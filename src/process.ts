import { fstatSync, readdirSync, readFileSync, statSync, watch, writeSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { cacheIn } from './cache-folder.ts'
import type { Context, Output } from './commands/context.ts'
import { programHelp } from './commands/program-help.ts'
import type { Datastore } from './store/datastore.ts'
import { BUILD, COMMIT, VERSION } from './version.ts'

/**
 * Binds the program to the real process: the one place that knows `process`, besides the launcher. What needs no program (`--help`, `version --client`) is
 * answered here; parts of Node that cost milliseconds to load are touched when they are needed.
 */
const interrupt = new AbortController()
/** The command looks at the signal and ends what it is at. */
let endsByItself = false
const opened: Promise<Datastore>[] = []

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  stdin: {
    get isTerminal() {
      return isTerminalAt(0)
    },
    read: readInput,
    chunks: () => process.stdin,
  },
  stdout: output(1),
  stderr: output(2),
  files: {
    readFile: async (path) => readFileSync(path),
    readDirectory: async (path) =>
      readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() })),
    isDirectory: async (path) => statSync(path).isDirectory(),
    watch(directory, onChange) {
      const watcher = watch(directory, (_, name) => onChange(name ?? undefined))
      // A directory that goes away ends its watcher; its parent tells of that.
      watcher.on('error', () => onChange(undefined))
      return () => watcher.close()
    },
  },
  cache: cacheIn(process.env, BUILD),
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
  endByItself: () => void (endsByItself = true),
  openStore(flags) {
    const store = import('./store/open.ts').then(({ openStore }) => openStore(flags, context))
    opened.push(store)
    return store
  },
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    // A second one does not wait for anything.
    if (interrupt.signal.aborted) process.exit(status)
    interrupt.abort()
    if (endsByItself) return
    context.stderr.write('\ncalicoctl: interrupted; what was written before stays written\n')
    process.exit(status)
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
  // A connection that never came about (a host that says nothing) would keep the process; whatever was written is out.
  process.exit()
}

/** What can be said without loading the program. */
function quickAnswer(line: string): string | undefined {
  if (line === '' || line === '-h' || line === '--help' || line === 'help') return programHelp()
  return line === 'version --client' ? `Client Version:    v${VERSION}\nGit commit:        ${COMMIT}\n` : undefined
}

/** Writes straight to a descriptor, as Node's own streams do for files and pipes, without what it costs to load those. */
function output(descriptor: number): Output {
  let terminal: boolean | undefined
  const isTerminal = () => (terminal ??= isTerminalAt(descriptor))
  return {
    get isTerminal() {
      return isTerminal()
    },
    get columns() {
      return isTerminal() ? (descriptor === 1 ? process.stdout : process.stderr).columns : undefined
    },
    write(text) {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSome(descriptor, bytes, at)
    },
  }
}

/** How many bytes were written. A message that nobody can get is let go of: the work goes on, and the exit code tells how it ended. */
function writeSome(descriptor: number, bytes: Buffer, from: number): number {
  try {
    return writeSync(descriptor, bytes, from)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN') {
      // A pipe that someone else made non-blocking, and that is full: wait a moment for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      return 0
    }
    if (descriptor === 2) return bytes.length - from
    // The reader went away (`| head`): nobody is left to tell.
    if (code === 'EPIPE') process.exit(process.exitCode ?? 0)
    context.stderr.write(`calicoctl: cannot write the output: ${message.replace(/, write$/, '')}\n`)
    process.exit(1)
  }
}

/** Linux' number for /dev/null and its like. */
const MEMORY_DEVICES = 1

/** Whether a person may be there. Files, pipes and /dev/null, the usual cases in scripts, are told apart without loading Node's terminal module. */
function isTerminalAt(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_DEVICES && isatty(descriptor)
  } catch {
    return false
  }
}

function isatty(descriptor: number): boolean {
  return (descriptor === 0 ? process.stdin : descriptor === 1 ? process.stdout : process.stderr).isTTY ?? false
}

/** All of standard input. */
async function readInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
