import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../store/resources/clock.ts'
import { ProgramError, ProgramLost, runProgram } from '../host/program.ts'
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
  readonly clock: Pick<Clock, 'now' | 'pause'>
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
  #opening: Promise<BirdConnection> | undefined
  #keeping: Promise<void> | undefined
  #wanted: string | undefined
  /** What it refused last, which is told once. */
  #refused: string | undefined
  /** What the BIRD that is connected was last told. */
  #told: string | undefined

  constructor(options: BirdOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    signal.addEventListener('abort', () => this.#connection?.close(), { once: true })
  }

  /** Makes BIRD do what the text says. What it refuses is told, and it goes on as before. */
  async configure(text: string): Promise<void> {
    if (this.#signal.aborted || !(await this.#accept(text))) return
    this.#wanted = text
    this.#keeping ??= this.#keep()
    await this.#opening?.catch(() => {})
    await this.#tell()
  }

  /** Resolves when it has let go of BIRD, after the signal has aborted. */
  async closed(): Promise<void> {
    await this.#keeping
  }

  // --- internal ---

  get #file(): string {
    return join(this.#options.folder, 'bird.cfg')
  }

  /** Writes the text into BIRD's file if BIRD can read it. */
  async #accept(text: string): Promise<boolean> {
    if (text === this.#wanted) return true
    if (text === this.#refused) return false
    await mkdir(this.#options.folder, { recursive: true })
    if ((await readFile(this.#file, 'utf8').catch(() => undefined)) === text) return true
    const fresh = `${this.#file}.new`
    // There are passwords in it.
    await rm(fresh, { force: true })
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx' })
    try {
      await runProgram(['bird', '-p', '-c', fresh])
    } catch (error) {
      if (!(error instanceof ProgramError) || error instanceof ProgramLost) throw error
      this.#refused = text
      this.#options.log('error', 'BIRD refuses its configuration: it goes on with the one before', { why: error.message, file: fresh })
      return false
    }
    await rename(fresh, this.#file)
    return true
  }

  /** Holds on to BIRD until the signal aborts: when the connection ends, BIRD has ended, and another is started. */
  async #keep(): Promise<void> {
    const { log, clock } = this.#options
    let complaint: string | undefined
    await this.#warnOfOther()
    while (!this.#signal.aborted) {
      const begun = clock.now().getTime()
      this.#opening = this.#open()
      try {
        this.#connection = await this.#opening
        complaint = undefined
        if (this.#signal.aborted) this.#connection.close()
        await this.#tell()
        await this.#connection.closed
        this.#connection = undefined
        if (!this.#signal.aborted) log('error', 'BIRD has ended: it is started again, the routes in the kernel stay')
      } catch (error) {
        const why = messageOf(error)
        if (why !== complaint) log('error', 'BIRD cannot be started', { why })
        complaint = why
      }
      // One that ends again and again is not started in a frenzy.
      if (!this.#signal.aborted && clock.now().getTime() - begun < PAUSE) await clock.pause(PAUSE)
    }
  }

  /** Two BIRDs take each other's routes out of the kernel. The Debian package starts one by itself. */
  async #warnOfOther(): Promise<void> {
    const { folder, log } = this.#options
    if (birdSocket(folder) === SYSTEM_SOCKET) return
    const other = await BirdConnection.open(SYSTEM_SOCKET).catch(() => undefined)
    if (!other) return
    other.close()
    log('error', 'another BIRD runs on this host, and takes away the routes of this one', {
      socket: SYSTEM_SOCKET,
      help: 'systemctl disable --now bird',
    })
  }

  /** Takes over the BIRD that runs, or starts one. */
  async #open(): Promise<BirdConnection> {
    const { folder, log } = this.#options
    const path = birdSocket(folder)
    this.#told = undefined
    const running = await BirdConnection.open(path).catch(() => undefined)
    if (running) {
      if (/^BIRD [2-9]/.test(running.banner)) return running
      running.close()
      throw new Error(`"${running.banner}" answers at ${path}, and BIRD 2 is needed`)
    }
    // It takes the routes that an earlier one left in the kernel for valid until its peers have told theirs; where there are none, nothing is to be waited for.
    const recovers = await hasRoutes()
    const text = this.#wanted
    await runProgram(['bird', '-c', this.#file, '-s', path, '-P', join(folder, 'bird.pid'), ...(recovers ? ['-R'] : [])])
    const connection = await BirdConnection.open(path)
    log('info', 'BIRD was started', { socket: path, says: connection.banner, recovers })
    this.#told = text
    return connection
  }

  async #tell(): Promise<void> {
    const { folder, log } = this.#options
    const [connection, text] = [this.#connection, this.#wanted]
    if (!connection || this.#told === text) return
    try {
      const answer = await connection.ask('configure')
      const { code = 0, text: said = '' } = answer.at(-1) ?? {}
      if (!RECONFIGURED.includes(code)) throw new Error(said)
      this.#told = text
      log('debug', 'BIRD has its configuration', { folder })
    } catch (error) {
      if (!this.#signal.aborted) log('error', 'BIRD does not take its configuration', { why: messageOf(error) })
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether BIRD has left routes in the kernel. */
async function hasRoutes(): Promise<boolean> {
  for (const family of ['-4', '-6']) if ((await runProgram(['ip', family, 'route', 'show', 'proto', 'bird'])).trim() !== '') return true
  return false
}

/** Where the BIRD of the distribution answers. */
const SYSTEM_SOCKET = '/run/bird/bird.ctl'
/** Codes of BIRD's answers: reconfigured, or about to be. */
const RECONFIGURED = [3, 4, 5]
/** Milliseconds from one attempt to start BIRD to the next, at least. */
const PAUSE = 1000
