import { UserError } from '../model/user-error.ts'

/** Who waits for the kernel to know an interface. */
export class Programmed {
  #known: ReadonlyMap<string, unknown> = new Map()
  #revision = 0
  readonly #waiting = new Set<() => void>()

  /** The kernel has the rules for these interfaces, as the datastore had them at a revision. */
  reached(workloads: ReadonlyMap<string, unknown>, revision: number): void {
    this.#known = workloads
    this.#revision = revision
    for (const look of this.#waiting) look()
  }

  /**
   * Resolves when the kernel knows an interface of a workload by its name, as a revision of the datastore, or a later one, has it.
   * @throws UserError when that takes too long
   */
  async waitFor(name: string, revision = 0): Promise<void> {
    const isThere = () => this.#known.has(name) && this.#revision >= revision
    if (isThere()) return
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        end()
      }
      const look = () => {
        if (isThere()) settle(resolve)
      }
      const timer = setTimeout(
        () => settle(() => reject(new UserError(`the rules for ${name} are not in force yet`, 'see the log of the agent'))),
        PROGRAM_MILLISECONDS,
      )
      this.#waiting.add(look)
    })
  }
}

// --- internal ---

/** How long Docker is kept waiting for the rules of a container. */
const PROGRAM_MILLISECONDS = 10_000
