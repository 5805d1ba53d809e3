import { createHash } from 'node:crypto'
import { type Nft, NftError } from './nft.ts'
import { type NftChain, type Ruleset, TABLE } from './ruleset.ts'
import { changeTable, EMPTY, replaceTable } from './transaction.ts'

/** What is noted of the kernel's state between two runs of the agent: that it was this, made of that. */
export interface Footprint {
  readonly wanted: string
  readonly listed: string
}

/** Where the footprint is kept. */
export interface FootprintStore {
  read(): Promise<Footprint | undefined>
  write(footprint: Footprint | undefined): Promise<void>
}

export interface DataplaneEvents {
  /** A chain that the kernel does not take: its policy or profile now drops everything, until it is changed. */
  refused(owner: string, why: string): void
  /** Someone else changed our table, or it was not as it should be: it was made right again. */
  repaired(): void
  /** Someone else changed another table. */
  elsewhere(): void
  /** The kernel takes nothing at all: the state from before stays. */
  failed(error: Error): void
}

/**
 * Keeps the kernel's table as it should be. Changes are carried out one after another, each in one transaction, the least that makes the difference; what others
 * do to the table is undone as soon as the kernel tells of it.
 */
export class Dataplane {
  readonly #nft: Nft
  readonly #footprints: FootprintStore
  readonly #events: DataplaneEvents
  /** Chains that the kernel refused, by their rules, and why. */
  readonly #refused = new Map<string, string>()
  #wanted: Ruleset | undefined
  /** What the kernel has; undefined when that is not known. */
  #programmed: Ruleset | undefined
  /** Of what was programmed last; undefined when that was not looked at since. */
  #settled: Footprint | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(nft: Nft, footprints: FootprintStore, events: DataplaneEvents) {
    this.#nft = nft
    this.#footprints = footprints
    this.#events = events
  }

  /** The policies and profiles that the kernel refused, as far as they act now: they are closed. */
  get refused(): readonly string[] {
    if (this.#refused.size === 0) return []
    return [...(this.#wanted?.chains.values() ?? [])].flatMap((chain) => (this.#isRefused(chain) ? [chain.owner ?? ''] : []))
  }

  /** Makes the kernel's table this ruleset. The first time, nothing is written when the kernel has it already. Gives whether the kernel has it
   * now; a failure was told. */
  apply(wanted: Ruleset): Promise<boolean> {
    return this.#next(async () => {
      const first = this.#wanted === undefined
      this.#wanted = wanted
      const taken = this.#withoutRefused(wanted)
      if (first && (await this.#isInKernel(taken))) this.#programmed = taken
      else await this.#program(taken)
    })
  }

  /**
   * Undoes what others do to the table, until the signal aborts; `over` resolves then. `ready` resolves when changes are seen: what is applied before may be changed
   * behind one's back.
   */
  guard(signal: AbortSignal): { readonly ready: Promise<void>; readonly over: Promise<void> } {
    let listens: () => void = () => {}
    const ready = new Promise<void>((resolve) => (listens = resolve))
    const over = this.#nft.watch(signal, {
      started: () => {
        listens()
        void this.#next(() => this.#lookForChanges())
      },
      changed: () => void this.#next(() => this.#repair()),
      elsewhere: () => this.#events.elsewhere(),
    })
    return { ready: Promise.race([ready, over]), over }
  }

  /** Notes what the kernel has, so that the next run need not write it again. To be called when nothing changes for a while, and at the end. */
  async settle(): Promise<void> {
    await this.#next(async () => {
      const listed = this.#programmed && (await this.#nft.list())
      this.#settled = this.#programmed && listed !== undefined ? footprintOf(this.#programmed, listed) : undefined
      await this.#footprints.write(this.#settled)
    })
  }

  // --- internal ---

  /** One after another. Gives whether it worked; a failure is told. */
  #next(work: () => Promise<void>): Promise<boolean> {
    const done = this.#queue.then(work).then(
      () => true,
      (error: unknown) => {
        this.#programmed = undefined
        this.#events.failed(error instanceof Error ? error : new Error(String(error)))
        return false
      },
    )
    this.#queue = done
    return done
  }

  async #isInKernel(wanted: Ruleset): Promise<boolean> {
    const noted = await this.#footprints.read()
    const listed = noted && (await this.#nft.list())
    if (!noted || listed === undefined) return false
    const found = footprintOf(wanted, listed)
    if (found.wanted !== noted.wanted || found.listed !== noted.listed) return false
    this.#settled = noted
    return true
  }

  async #program(wanted: Ruleset): Promise<void> {
    const text = this.#programmed ? changeTable(this.#programmed, wanted) : replaceTable(wanted)
    if (text !== '') this.#settled = undefined
    try {
      await this.#nft.change(text)
      this.#programmed = wanted
    } catch (error) {
      if (!(error instanceof NftError)) throw error
      await this.#programWithout(wanted, error)
    }
  }

  /** What the kernel refuses fails closed, and everything else is enforced: the table is written as a whole, for it may have been someone else's doing. */
  async #programWithout(wanted: Ruleset, error: NftError): Promise<void> {
    for (const [name, chain] of wanted.chains) {
      if (chain.owner === undefined || chain === this.#programmed?.chains.get(name)) continue
      const why = await this.#nft.check(`add table ${TABLE}\n${changeTable(EMPTY, alone(wanted, name, chain))}`)
      if (why === undefined) continue
      this.#refused.set(chain.rules.join('\n'), why)
      this.#events.refused(chain.owner, why)
    }
    const taken = this.#withoutRefused(wanted)
    try {
      await this.#nft.change(replaceTable(taken))
      this.#programmed = taken
    } catch (again) {
      throw again instanceof NftError ? error : again
    }
  }

  #withoutRefused(wanted: Ruleset): Ruleset {
    if (this.#refused.size === 0) return wanted
    const chains = [...wanted.chains].map(([name, chain]): [string, NftChain] => {
      return [name, this.#isRefused(chain) ? { ...chain, rules: ['drop'] } : chain]
    })
    return { ...wanted, chains: new Map(chains) }
  }

  #isRefused(chain: NftChain): boolean {
    return chain.owner !== undefined && this.#refused.has(chain.rules.join('\n'))
  }

  /** Something may have happened while nobody looked. */
  async #lookForChanges(): Promise<void> {
    if (!this.#wanted) return
    const listed = this.#settled && (await this.#nft.list())
    if (listed === undefined || hash(listed) !== this.#settled?.listed) await this.#repair()
  }

  async #repair(): Promise<void> {
    if (!this.#wanted) return
    this.#programmed = undefined
    await this.#program(this.#withoutRefused(this.#wanted))
    this.#events.repaired()
  }
}

// --- internal ---

function footprintOf(wanted: Ruleset, listed: string): Footprint {
  return { wanted: hash(replaceTable(wanted)), listed: hash(listed) }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** One chain, with the sets that it looks into, empty. */
function alone(wanted: Ruleset, name: string, chain: NftChain): Ruleset {
  const sets = [...wanted.sets].filter(([set]) => chain.rules.some((rule) => rule.includes(`@${set} `)))
  return {
    sets: new Map(sets.map(([set, value]) => [set, { ...value, elements: new Set<string>() }])),
    maps: new Map(),
    chains: new Map([[name, chain]]),
  }
}
