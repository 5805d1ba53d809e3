import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { ProgramError, ProgramLost, runProgram, startProgram } from '../host/program.ts'
import { TABLE } from './ruleset.ts'

/** The kernel did not take a transaction; nothing of it happened. */
export class NftError extends Error {}

export interface NftListener {
  started(): void
  changed(): void
  elsewhere(): void
}

/** Runs the `nft` program. */
export class Nft {
  readonly #command: readonly string[]
  /** The marks of our last transactions, so that what they change is told from what others do. */
  readonly #own = new Set<string>()

  /** `command`: what to run instead of `nft`, such as one that runs it in another network namespace. */
  constructor(command: readonly string[] = ['nft']) {
    this.#command = command
  }

  /** Carries out one transaction. @throws NftError */
  async change(text: string): Promise<void> {
    if (text !== '') await this.#run(['-f', '-'], `${text}${this.#mark()}`)
  }

  /** What would be wrong with a transaction; undefined when the kernel would take it. */
  async check(text: string): Promise<string | undefined> {
    try {
      await this.#run(['-c', '-f', '-'], text)
      return undefined
    } catch (error) {
      if (error instanceof NftError) return error.message
      throw error
    }
  }

  /** Our table as the kernel has it, without counters; undefined when it is not there. */
  async list(): Promise<string | undefined> {
    try {
      return withoutMarks(await this.#run(['-s', 'list', 'table', ...TABLE.split(' ')], ''))
    } catch (error) {
      if (error instanceof NftError && /No such file or directory/.test(error.message)) return undefined
      throw error
    }
  }

  /**
   * Tells of each transaction of another program, until the signal aborts: `changed` of those that changed our table, `elsewhere` of the others. `started` is called
   * when changes are seen from now on, and again when the kernel had to leave some out: then anything may have changed.
   */
  async watch(signal: AbortSignal, listener: NftListener): Promise<void> {
    while (!signal.aborted) {
      const child = startProgram([...this.#command, 'monitor'], signal)
      child.stdin?.end()
      let [touched, ours, hears] = [false, false, false]
      const knocking = this.#knock(() => hears || signal.aborted || child.exitCode !== null || child.pid === undefined)
      if (child.stdout) {
        for await (const line of createInterface(child.stdout)) {
          if (!hears) listener.started()
          hears = true
          const [, mark] = MARK_LINE.exec(line) ?? []
          if (mark !== undefined && this.#own.has(mark)) ours = true
          else if (line.includes(` inet ${KNOCK}`)) ours = true
          else if (!line.startsWith('# new generation')) touched ||= line.includes(` ${TABLE} `) || line.endsWith(` ${TABLE}`)
          else {
            if (!ours && touched) listener.changed()
            else if (!ours) listener.elsewhere()
            ours = touched = false
          }
        }
      }
      await knocking
      // Where no program can be started for the moment, nothing else is to be held up by trying.
      if (!signal.aborted) await pause(PAUSE_MILLISECONDS)
    }
  }

  // --- internal ---

  /** A monitor does not say when it has begun to listen: something happens until it was heard. */
  async #knock(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#run(['-f', '-'], `add table inet ${KNOCK}\ndelete table inet ${KNOCK}\n`).catch(() => {})
      await pause(KNOCK_MILLISECONDS)
    }
  }

  async #run(args: readonly string[], input: string): Promise<string> {
    try {
      return await runProgram([...this.#command, ...args], { input })
    } catch (error) {
      // One that was killed or could not be started has refused nothing.
      throw error instanceof ProgramError && !(error instanceof ProgramLost) ? new NftError(error.message) : error
    }
  }

  /** What tells a transaction as ours: an element of a set, which vanishes by itself. (The kernel tells a process too, but by a number that holds outside of containers only.) */
  #mark(): string {
    const mark = `0x${(Math.floor(Math.random() * 0xffff_ffff) + 1).toString(16).padStart(8, '0')}`
    this.#own.add(mark)
    const [oldest] = this.#own
    if (this.#own.size > KEPT && oldest !== undefined) this.#own.delete(oldest)
    return `add set ${TABLE} ${MARKS} { type mark; flags timeout; timeout 1m; }\nadd element ${TABLE} ${MARKS} { ${mark} }\n`
  }
}

// --- internal ---

const MARKS = 'ours'
const MARK_LINE = new RegExp(`^add element ${TABLE} ${MARKS} \\{ (0x[0-9a-f]+)`)
const KEPT = 256
const KNOCK = 'calico-monitor'
const KNOCK_MILLISECONDS = 20
/** From the end of a monitor to the start of the next. */
const PAUSE_MILLISECONDS = 100

/** The listing of a table without the set of marks. */
function withoutMarks(listing: string): string {
  return listing.replace(new RegExp(`\\tset ${MARKS} \\{\\n(?:\\t\\t.*\\n)*\\t\\}\\n\\n?`), '')
}
