import { PairTable } from '../connections/pair-table.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import type { RuleFacts } from '../facts.ts'
import type { Outcome, Outcomes } from './outcomes.ts'
import { PairPool } from './pool.ts'

/** What rules came to so far, for packets between two ends. The four sets may overlap where a rule may match or not. */
export interface State {
  readonly allowed: ConnectionSet
  readonly denied: ConnectionSet
  /** Not yet decided. */
  readonly open: ConnectionSet
  /** Passed on by a rule, to what follows the stage. */
  readonly passed: ConnectionSet
}

/** Number of something that happens to states: a rule that matches some headers, or the end of a stage. */
export type Event = number

/** Gives states and events numbers, and says what an event makes of a state. Each pair is computed once. State 0 is that everything is denied. */
export class States {
  readonly #space: ConnectionSpace
  readonly #outcomes: Outcomes
  readonly #pairs = new PairPool()
  readonly #ids = new PairPool()
  readonly #list: State[] = []
  readonly #ends: Outcome[] = []
  readonly #eventIds = new PairPool()
  readonly #events: { readonly kind: number; readonly headers: ConnectionSet }[] = []
  readonly #known = new PairTable()
  /** For each state, when it was last asked for and what it became then. */
  readonly #turns: number[] = []
  readonly #next: number[] = []
  #turn = 0

  constructor(space: ConnectionSpace, outcomes: Outcomes) {
    this.#space = space
    this.#outcomes = outcomes
    this.number(NOTHING, EVERYTHING, NOTHING, NOTHING)
  }

  number(allowed: ConnectionSet, denied: ConnectionSet, open: ConnectionSet, passed: ConnectionSet): number {
    const id = this.#ids.intern(this.#pairs.intern(allowed, denied), this.#pairs.intern(open, passed))
    if (id === this.#list.length) {
      this.#list.push({ allowed, denied, open, passed })
      this.#turns.push(0)
      this.#next.push(0)
      this.#ends.push(UNKNOWN)
    }
    return id
  }

  /** A rule matches these headers, or may match them. */
  rule({ action, maybe }: RuleFacts, headers: ConnectionSet): Event {
    return this.#event(KINDS[action] + (maybe ? MAYBE : 0), headers)
  }

  /** A stage ends. Deny: what is open is denied, but for what was passed on. Pass: all goes on. */
  stageEnd(end: 'Deny' | 'Pass'): Event {
    return this.#event(end === 'Deny' ? END_DENY : END_PASS, EVERYTHING)
  }

  /** Lets an event happen to the states of some cells; of all when no list of them is given. */
  happen(event: Event, cells: Int32Array, which?: readonly number[]): void {
    // What it makes of a state is looked up once, since few different ones are in many cells.
    const turn = ++this.#turn
    const count = which ? which.length : cells.length
    for (let i = 0; i < count; i++) {
      const cell = which ? (which[i] as number) : i
      const state = cells[cell] as number
      if (this.#turns[state] !== turn) {
        const next = this.#after(state, event)
        this.#turns[state] = turn
        this.#next[state] = next
      }
      cells[cell] = this.#next[state] as number
    }
  }

  /** Puts what they come to in the place of states, when nothing more happens: what is open is denied. */
  toOutcomes(cells: Int32Array): void {
    for (let i = 0; i < cells.length; i++) {
      const state = cells[i] as number
      const known = this.#ends[state] as number
      cells[i] = known === UNKNOWN ? this.#end(state) : known
    }
  }

  // --- internal ---

  #end(number: number): Outcome {
    const { allowed, denied, open } = this.#list[number] as State
    return (this.#ends[number] = this.#outcomes.intern(allowed, this.#space.union(denied, open)))
  }

  #after(state: number, event: Event): number {
    const known = this.#known.get(state, event)
    if (known !== -1) return known
    const next = this.#compute(state, event)
    this.#known.set(state, event, next)
    return next
  }

  #event(kind: number, headers: ConnectionSet): Event {
    const id = this.#eventIds.intern(kind, headers)
    if (id === this.#events.length) this.#events.push({ kind, headers })
    return id
  }

  #compute(number: number, event: Event): number {
    const space = this.#space
    const state = this.#list[number] as State
    const { kind, headers } = this.#events[event] as { kind: number; headers: ConnectionSet }
    const { allowed, denied, open, passed } = state
    if (kind === END_DENY) return this.number(allowed, space.union(denied, open), passed, NOTHING)
    if (kind === END_PASS) return this.number(allowed, denied, space.union(open, passed), NOTHING)
    const hit = space.intersect(open, headers)
    if (hit === NOTHING) return number
    const left = kind >= MAYBE ? open : space.subtract(open, hit)
    const action = kind % MAYBE
    if (action === KINDS.Allow) return this.number(space.union(allowed, hit), denied, left, passed)
    if (action === KINDS.Deny) return this.number(allowed, space.union(denied, hit), left, passed)
    return this.number(allowed, denied, left, space.union(passed, hit))
  }
}

// --- internal ---

/** Where it is not yet known what a state comes to. */
const UNKNOWN = -1
const KINDS = { Allow: 0, Deny: 1, Pass: 2, Log: 3 } as const
const [END_DENY, END_PASS] = [4, 5]
/** Added to the kind of a rule that may match or not. */
const MAYBE = 8
