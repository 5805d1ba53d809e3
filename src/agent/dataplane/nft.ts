import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { ProgramError, runProgram, startProgram } from '../host/program.ts'
import { TABLE } from './ruleset.ts'

/** The kernel did not take a transaction; nothing of it happened. */
export class NftError extends Error {}

/** Runs the `nft` program. */
export class Nft {
  readonly #command: readonly string[]
  /** Processes of ours, so that what they change is told from what others do. Numbers come round again: only the last ones count. */
  readonly #own = new Set<number>()

  /** `command`: what to run instead of `nft`, such as one that runs it in another network namespace. */
  constructor(command: readonly string[] = ['nft']) {
    this.#command = command
  }

  /** Carries out one transaction. @throws NftError */
  async change(text: string): Promise<void> {
    if (text !== '') await this.#run(['-f', '-'], text)
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
      return await this.#run(['-s', 'list', 'table', ...TABLE.split(' ')], '')
    } catch (error) {
      if (error instanceof NftError && /No such file or directory/.test(error.message)) return undefined
      throw error
    }
  }

  /**
   * Tells of each transaction of another program that changed our table, until the signal aborts. `started` is called when changes are seen from now on, and again
   * when the kernel had to leave some out: then anything may have changed.
   */
  async watch(signal: AbortSignal, started: () => void, changed: () => void): Promise<void> {
    while (!signal.aborted) {
      const child = startProgram([...this.#command, 'monitor'], signal)
      child.stdin?.end()
      let [touched, hears] = [false, false]
      const knocking = this.#knock(() => hears || signal.aborted || child.exitCode !== null || child.pid === undefined)
      if (child.stdout) {
        for await (const line of createInterface(child.stdout)) {
          if (!hears) started()
          hears = true
          const [, by] = /^# new generation \d+ by process (\d+)/.exec(line) ?? []
          if (by === undefined) touched ||= line.includes(` ${TABLE} `) || line.endsWith(` ${TABLE}`)
          else {
            if (touched && !this.#own.has(Number(by))) changed()
            touched = false
          }
        }
      }
      await knocking
    }
  }

  // --- internal ---

  /** A monitor does not say when it has begun to listen: something happens until it was heard. */
  async #knock(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.change(`add table inet ${KNOCK}\ndelete table inet ${KNOCK}\n`).catch(() => {})
      await pause(KNOCK_MILLISECONDS)
    }
  }

  async #run(args: readonly string[], input: string): Promise<string> {
    try {
      return await runProgram([...this.#command, ...args], { input, onStart: (pid) => this.#remember(pid) })
    } catch (error) {
      throw error instanceof ProgramError ? new NftError(error.message) : error
    }
  }

  #remember(pid: number): void {
    this.#own.add(pid)
    const [oldest] = this.#own
    if (this.#own.size > KEPT && oldest !== undefined) this.#own.delete(oldest)
  }
}

// --- internal ---

const KEPT = 256
const KNOCK = 'calico-monitor'
const KNOCK_MILLISECONDS = 20
