import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
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
      const child = this.#spawn(['monitor'], signal)
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
    const child = this.#spawn(args)
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    // A program that ends without reading all of its input says why.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (status !== 0) throw new NftError(Buffer.concat(err).toString('utf8').trim() || `nft ended with ${status}`)
    return Buffer.concat(out).toString('utf8')
  }

  #spawn(args: readonly string[], signal?: AbortSignal): ChildProcess {
    const [program = 'nft', ...rest] = this.#command
    const child = spawn(program, [...rest, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    // The error of a program that is aborted, or cannot be started, is told by its end.
    if (signal) {
      child.on('error', () => {})
      signal.addEventListener('abort', () => child.kill(), { once: true })
    }
    if (child.pid !== undefined) {
      this.#own.add(child.pid)
      const [oldest] = this.#own
      if (this.#own.size > KEPT && oldest !== undefined) this.#own.delete(oldest)
    }
    return child
  }
}

// --- internal ---

const KEPT = 256
const KNOCK = 'calico-monitor'
const KNOCK_MILLISECONDS = 20
