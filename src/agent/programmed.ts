import { UserError } from '../model/user-error.ts'

/** Who waits for the kernel to know an interface. */
export class Programmed {
  #known: ReadonlyMap<string, unknown> = new Map()
  readonly #waiting = new Map<string, Set<() => void>>()

  reached(workloads: ReadonlyMap<string, unknown>): void {
    this.#known = workloads
    for (const name of workloads.keys()) for (const wake of this.#waiting.get(name) ?? []) wake()
  }

  /** Resolves when the kernel knows an interface of a workload by its name. @throws UserError when that takes too long */
  async waitFor(name: string): Promise<void> {
    if (this.#known.has(name)) return
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting)
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        waiting.delete(wake)
        if (waiting.size === 0) this.#waiting.delete(name)
        end()
      }
      const wake = () => settle(resolve)
      const timer = setTimeout(
        () => settle(() => reject(new UserError(`the rules for ${name} are not in force yet`, 'see the log of the agent'))),
        PROGRAM_MILLISECONDS,
      )
      waiting.add(wake)
    })
  }
}

// --- internal ---

/** How long Docker is kept waiting for the rules of a container. */
const PROGRAM_MILLISECONDS = 10_000
