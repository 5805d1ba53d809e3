import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../store/resources/clock.ts'
import { ProgramError, runProgram } from '../host/program.ts'
import type { Log } from '../log.ts'
import { BirdConnection } from './bird-socket.ts'

/** Where BIRD is spoken with, below its folder. */
export function birdSocket(folder: string): string {
  return join(folder, 'bird.ctl')
}

/** Where BIRD writes what it has to say, below its folder. */
export function birdLog(folder: string): string {
  return join(folder, 'bird.log')
}

export interface BirdOptions {
  /** Where its files are. */
  readonly folder: string
  readonly clock: Pick<Clock, 'pause'>
  readonly log: Log
}

/**
 * The BIRD of this host. One that runs is taken over, otherwise one is started that outlives the agent: routes in the kernel stay what they are without the
 * agent, and also without BIRD. One that ends is started again.
 */
export class Bird {
  readonly #options: BirdOptions
  readonly #signal: AbortSignal
  #connection: BirdConnection | undefined
  #starting: Promise<BirdConnection> | undefined
  #wanted: string | undefined
  /** What the BIRD that is connected was last told. */
  #told: string | undefined

  constructor(options: BirdOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    signal.addEventListener('abort', () => this.#connection?.close(), { once: true })
  }

  /** Makes BIRD do what the text says. What it refuses is told, and it goes on as before. */
  async configure(text: string): Promise<void> {
    const { folder, log } = this.#options
    if (this.#signal.aborted || (this.#connection && this.#told === text)) return
    if (!(await this.#accept(text))) return
    this.#wanted = text
    try {
      const connection = await this.#connected()
      if (this.#told === text) return
      const answer = await connection.ask('configure')
      const { code = 0, text: said = '' } = answer.at(-1) ?? {}
      if (!RECONFIGURED.includes(code)) throw new Error(said)
      this.#told = text
      log('debug', 'BIRD has its configuration', { folder })
    } catch (error) {
      if (!this.#signal.aborted) log('error', 'BIRD does not take its configuration', { why: error instanceof Error ? error.message : String(error) })
    }
  }

  // --- internal ---

  get #file(): string {
    return join(this.#options.folder, 'bird.cfg')
  }

  /** Writes the text into BIRD's file if BIRD can read it. */
  async #accept(text: string): Promise<boolean> {
    await mkdir(this.#options.folder, { recursive: true })
    if ((await readFile(this.#file, 'utf8').catch(() => undefined)) === text) return true
    const fresh = `${this.#file}.new`
    // There are passwords in it.
    await rm(fresh, { force: true })
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx' })
    try {
      await runProgram(['bird', '-p', '-c', fresh])
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      this.#options.log('error', 'BIRD refuses its configuration: it goes on with the one before', { why: error.message, file: fresh })
      return false
    }
    await rename(fresh, this.#file)
    return true
  }

  async #connected(): Promise<BirdConnection> {
    if (this.#connection) return this.#connection
    this.#starting ??= this.#start().finally(() => void (this.#starting = undefined))
    return await this.#starting
  }

  async #start(): Promise<BirdConnection> {
    const { folder, log } = this.#options
    const path = birdSocket(folder)
    let connection = await BirdConnection.open(path).catch(() => undefined)
    if (connection) {
      this.#told = undefined
      log('info', 'BIRD runs already', { socket: path, says: connection.banner })
    } else {
      // It takes the routes that an earlier one left in the kernel for valid until its peers have told theirs; where there are none, nothing is to be waited for.
      const recovers = (await hasRoutes()) ? ['-R'] : []
      this.#told = this.#wanted
      await runProgram(['bird', '-c', this.#file, '-s', path, '-P', join(folder, 'bird.pid'), ...recovers])
      connection = await BirdConnection.open(path)
      log('info', 'BIRD was started', { socket: path, says: connection.banner, recovers: recovers.length > 0 })
    }
    this.#connection = connection
    void connection.closed.then(() => this.#ended(connection))
    return connection
  }

  /** BIRD is gone: another is started, as often as it takes. */
  async #ended(connection: BirdConnection): Promise<void> {
    if (this.#connection === connection) this.#connection = undefined
    const { log, clock } = this.#options
    let isTold = false
    while (!this.#signal.aborted && !this.#connection) {
      if (!isTold) log('error', 'BIRD has ended: it is started again, the routes in the kernel stay')
      isTold = true
      try {
        await this.#connected()
        if (this.#wanted !== undefined && this.#told !== this.#wanted) await this.configure(this.#wanted)
      } catch (error) {
        log('error', 'BIRD cannot be started', { why: error instanceof Error ? error.message : String(error) })
        await clock.pause(PAUSE)
      }
    }
  }
}

/** Whether BIRD has left routes in the kernel. */
async function hasRoutes(): Promise<boolean> {
  for (const family of ['-4', '-6']) if ((await runProgram(['ip', family, 'route', 'show', 'proto', 'bird'])).trim() !== '') return true
  return false
}

/** Codes of BIRD's answers: reconfigured, or about to be. */
const RECONFIGURED = [3, 4, 5]
/** Milliseconds before another attempt to start BIRD. */
const PAUSE = 1000
