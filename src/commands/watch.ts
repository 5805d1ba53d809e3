import { basename, dirname, join } from 'node:path'
import { escapeForTerminal } from '../output/escape.ts'
import { type Context, EXIT } from './context.ts'

/**
 * Does some work, and again whenever one of the files that it reads changes, until the user ends it. `paths`: files and directories it reads now; directories
 * are watched with all below them, files by way of their directory, since editors put new files in the place of old ones. Gives the exit code.
 */
export async function watchAndRepeat(context: Context, paths: () => Promise<readonly string[]>, work: () => Promise<number>): Promise<number> {
  context.endByItself()
  const watched = new Map<string, () => void>()
  const changes = new Changes(context.signal)
  try {
    for (let isFirst = true; !context.signal.aborted; isFirst = false) {
      // Watching comes before reading: what changes in between is seen.
      const { directories, isOurs } = await placesOf(context, await paths())
      changes.isOurs = isOurs
      for (const [directory, stop] of watched) {
        if (directories.has(directory)) continue
        stop()
        watched.delete(directory)
      }
      for (const directory of directories)
        if (!watched.has(directory))
          watched.set(
            directory,
            context.files.watch(directory, (name) => changes.note(directory, name)),
          )
      if (!isFirst) context.stdout.write('\n')
      await work()
      context.stderr.write('waiting for changes; Ctrl-C ends it\n')
      const changed = await changes.next()
      if (changed === undefined) break
      // Editors write in several steps.
      await context.clock.pause(SETTLE)
      changes.forget()
      context.stderr.write(`${escapeForTerminal(changed)} changed\n`)
    }
  } finally {
    for (const stop of watched.values()) stop()
  }
  return EXIT.interrupted
}

// --- internal ---

/** Milliseconds. */
const SETTLE = 50

interface Places {
  readonly directories: ReadonlySet<string>
  /** Whether a change of something in a directory may change what is read. */
  readonly isOurs: (directory: string, name: string) => boolean
}

async function placesOf(context: Context, paths: readonly string[]): Promise<Places> {
  const whole = new Set<string>()
  const files = new Map<string, Set<string>>()
  for (const path of paths) {
    if (await isDirectory(context, path)) await addBelow(context, path, whole)
    else {
      const directory = dirname(path)
      files.set(directory, (files.get(directory) ?? new Set()).add(basename(path)))
    }
  }
  // A file in a directory that is not there yet cannot be waited for.
  const holding: string[] = []
  for (const directory of files.keys()) if (await isDirectory(context, directory)) holding.push(directory)
  return {
    directories: new Set([...whole, ...holding]),
    // What has no ending may be a directory.
    isOurs: (directory, name) => (files.get(directory)?.has(name) ?? false) || (whole.has(directory) && /\.(?:ya?ml|json)$|^[^.]+$/i.test(name)),
  }
}

async function addBelow(context: Context, directory: string, found: Set<string>): Promise<void> {
  found.add(directory)
  for (const { name, isDirectory } of await context.files.readDirectory(directory).catch(() => []))
    if (isDirectory) await addBelow(context, join(directory, name), found)
}

async function isDirectory(context: Context, path: string): Promise<boolean> {
  return context.files.isDirectory(path).catch(() => false)
}

/** Changes that nobody has asked for yet. */
class Changes {
  readonly #signal: AbortSignal
  isOurs: Places['isOurs'] = () => false
  #changed: string | undefined
  #wake: (() => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  note(directory: string, name: string | undefined): void {
    if (name !== undefined && !this.isOurs(directory, name)) return
    this.#changed ??= name === undefined ? directory : join(directory, name)
    this.#wake?.()
  }

  forget(): void {
    this.#changed = undefined
  }

  /** What has changed, as soon as something has; undefined when the user ended it. */
  async next(): Promise<string | undefined> {
    if (this.#changed === undefined && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return this.#signal.aborted ? undefined : this.#changed
  }
}
