import { watch } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { main } from '../src/cli.ts'
import type { Context } from '../src/commands/context.ts'
import type { Datastore } from '../src/store/datastore.ts'
import { openStore } from '../src/store/open.ts'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly stdin?: string | Uint8Array
  /** Whether somebody watches stderr. */
  readonly watched?: boolean
  /** A clock other than the machine's. */
  readonly now?: () => Date
  /** A store to use instead of the one that flags and environment name; it stays open. */
  readonly store?: Datastore
  /** Aborts as Ctrl-C would. */
  readonly signal?: AbortSignal
  /** Sees each text as it is written, to whichever stream. */
  readonly onWrite?: (text: string) => void
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program in this process, as a test would run the binary: arguments in, streams and exit code out. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const out: string[] = []
  const err: string[] = []
  const opened: Promise<Datastore>[] = []
  const note = (texts: string[], text: string): void => {
    texts.push(text)
    options.onWrite?.(text)
  }
  const context: Context = {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    stdin: {
      isTerminal: false,
      read: async () => bytesOf(options.stdin),
      async *chunks() {
        yield bytesOf(options.stdin)
      },
    },
    stdout: { isTerminal: false, write: (text) => note(out, text) },
    stderr: { isTerminal: options.watched ?? false, write: (text) => note(err, text) },
    files: {
      readFile: (path) => readFile(resolve(options.cwd ?? '/', path)),
      readDirectory: async (path) =>
        (await readdir(resolve(options.cwd ?? '/', path), { withFileTypes: true })).map((entry) => ({
          name: entry.name,
          isDirectory: entry.isDirectory(),
        })),
      isDirectory: async (path) => (await stat(resolve(options.cwd ?? '/', path))).isDirectory(),
      watch: (directory, onChange) => {
        const watcher = watch(resolve(options.cwd ?? '/', directory), (_, name) => onChange(name ?? undefined))
        watcher.on('error', () => onChange(undefined))
        return () => watcher.close()
      },
    },
    clock: {
      now: options.now ?? (() => new Date()),
      timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
      uuid: () => globalThis.crypto.randomUUID(),
      pause: async (milliseconds) => await pause(milliseconds),
    },
    user: 'tester',
    host: 'testhost',
    signal: options.signal ?? new AbortController().signal,
    endByItself() {},
    openStore(flags) {
      if (options.store) return Promise.resolve(options.store)
      const store = openStore(flags, context)
      opened.push(store)
      return store
    },
  }
  const code = await main(args, context)
  await Promise.allSettled(opened.map(async (store) => (await store).close()))
  return { code, stdout: out.join(''), stderr: err.join('') }
}

// --- internal ---

function bytesOf(input: RunOptions['stdin']): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : (input ?? new Uint8Array())
}
