import { formatIp, type Ip } from '../../model/net.ts'
import type { Endpoint } from '../../policy/world/world.ts'
import { ProgramError, runProgram } from './program.ts'
import type { Log } from '../log.ts'

/**
 * Forgets the connections of addresses that leave the host: whoever gets an address next has not made them, and policy is to decide about them anew
 * (`reference/felix.md 1.4`).
 */
export class Connections {
  readonly #log: Log
  #addresses = new Map<string, Ip>()
  #isMissing = false

  constructor(log: Log) {
    this.#log = log
  }

  /** Takes in which endpoints the host has now. */
  async update(workloads: ReadonlyMap<string, Endpoint>): Promise<void> {
    const now = new Map([...workloads.values()].flatMap(({ addresses }) => addresses.map((ip) => [formatIp(ip), ip] as const)))
    const gone = [...this.#addresses].filter(([address]) => !now.has(address))
    this.#addresses = now
    for (const [address, { family }] of gone) {
      for (const direction of ['-s', '-d', '-r', '-q']) await this.#forget(['-f', family === 4 ? 'ipv4' : 'ipv6', direction, address])
    }
  }

  // --- internal ---

  async #forget(which: readonly string[]): Promise<void> {
    if (this.#isMissing) return
    try {
      await runProgram(['conntrack', '-D', ...which])
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      // It fails when there was nothing to forget, too.
      this.#isMissing = /ENOENT/.test(error.message)
      if (this.#isMissing) this.#log('warning', 'connections of containers that are gone cannot be forgotten: conntrack is not installed')
    }
  }
}
