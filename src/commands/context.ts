import type { CacheStore } from '../manifest/cache.ts'
import type { Datastore } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'

/**
 * All that a command may touch of the world. A command is a function of its options and this to an exit code; nothing reads `process` below
 * `bin/` and `cli.ts`, and a test makes one in a line.
 */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths of the user start here. */
  readonly cwd: string
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  readonly files: Files
  /** Where what can be computed again is kept between runs; absent where there is no such place. */
  readonly cache?: CacheStore
  readonly clock: Clock
  /** Who is at work, for change records. */
  readonly user: string
  readonly host: string
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** From now on the first Ctrl-C or SIGTERM only aborts `signal`: the command sees to its end. A second one ends the program. */
  endByItself(): void
  /** Opens the datastore that flags, environment and files point at. The caller need not close it: the program does at its end. */
  openStore(flags: StoreFlags): Promise<Datastore>
}

export interface StoreFlags {
  /** `--config`: where the client configuration is, if not in the usual place. */
  readonly config?: string
  /** `--datastore`: path of a local datastore. */
  readonly datastore?: string
}

export interface Input {
  readonly isTerminal: boolean
  read(): Promise<Uint8Array>
  /** The same as it arrives. */
  chunks(): AsyncIterable<Uint8Array>
}

export interface Output {
  readonly isTerminal: boolean
  /** Width in characters, when it is a terminal. */
  readonly columns?: number
  write(text: string): void
}

export interface Files {
  readFile(path: string): Promise<Uint8Array>
  readDirectory(path: string): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>
  isDirectory(path: string): Promise<boolean>
  /**
   * Tells of changes in a directory, not in those below it: the name of what was written, made, renamed or removed, where the system says it. A change may be
   * told several times. Gives what ends it. @throws when the directory cannot be watched
   */
  watch(directory: string, onChange: (name: string | undefined) => void): () => void
}

/** How commands end (`DESIGN 3.3`). */
export const EXIT = {
  ok: 0,
  /** Something failed; for commands that ask a question: the answer is no. */
  failure: 1,
  /** Commands that ask a question: it could not be told. */
  unknown: 2,
  interrupted: 130,
} as const
