import type { DecidingName } from '../../model/deciding.ts'
import { formatIp } from '../../model/net.ts'
import type { Problem } from '../../model/problem.ts'
import { type ConnectionSet, type ConnectionSpace, NOTHING } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import type { Verdict } from '../interpreter/walk.ts'
import { findSubject, isSubjectFault, type Subject, type SubjectFault } from '../subject.ts'
import { type End, examine, type Examined, isWithinHost } from '../why/examine.ts'
import { criteriaOf, followed } from '../why/judge.ts'
import { cut } from '../why/parts.ts'
import type { Endpoint, World } from '../world/world.ts'
import { decidedBy, missingName } from './by.ts'
import { type Asked, type Ends, endsOf } from './ends.ts'
import { decidingNameOf, type Entry, packetsOf } from './entry.ts'

export type EntryResult =
  | { readonly status: 'passed' }
  /** `unknown`: it could not be told. */
  | { readonly status: 'failed' | 'unknown'; readonly reason: Reason }

/** Why an entry did not pass. */
export type Reason =
  /** A word stands for nothing, or for several things. */
  | { readonly type: 'subject'; readonly end: 'from' | 'to'; readonly index: number; readonly fault: SubjectFault }
  /** The words of an end pick no endpoint and no address; without `end`: no packet between them is asked about. */
  | { readonly type: 'nothing'; readonly end?: 'from' | 'to' }
  | { readonly type: 'no-address'; readonly endpoint: Endpoint }
  /** The expected rule is nowhere. */
  | { readonly type: 'no-rule'; readonly help?: string }
  /** A packet for which the entry is not true, and between how many pairs there is such a one. */
  | { readonly type: 'packet'; readonly example: Examined; readonly pairs: number }
  /** The verdict is as expected, but something else decides. */
  | { readonly type: 'decided-otherwise'; readonly example: Examined; readonly pairs: number }
  /** A resource that policy may hang on cannot be understood. */
  | { readonly type: 'set-aside'; readonly problem: Problem }

/**
 * Whether what an entry says is true: for every packet and every pair of those it names, told by the engine for all of them at once. An endpoint is not asked
 * about itself, nor addresses outside about each other: Calico has no say there.
 */
export function checkEntry(asked: Asked, entry: Entry): EntryResult {
  const resolved = resolveEnds(asked, entry)
  if ('status' in resolved) return resolved
  const { from, to, silent } = resolved
  const name = entry.by === undefined ? undefined : decidingNameOf(entry.by)
  const missing = name && missingName(asked.world, name)
  if (missing) return { status: 'failed', reason: { type: 'no-rule', ...missing } }
  const tally = checkPairs(asked, entry, name, from, to)
  const [first] = silent
  const aside = asked.world.setAside.find(({ kind }) => kind !== 'Node' && kind !== 'FelixConfiguration')
  if (tally.failed) return { status: 'failed', reason: tally.failed }
  if (tally.unknown) return { status: 'unknown', reason: tally.unknown }
  if (first) return { status: 'unknown', reason: { type: 'no-address', endpoint: first } }
  if (tally.asked === 0) return { status: 'failed', reason: { type: 'nothing' } }
  return aside ? { status: 'unknown', reason: { type: 'set-aside', problem: aside.problem } } : { status: 'passed' }
}

export interface ResolvedEnds {
  readonly from: readonly Ends[]
  readonly to: readonly Ends[]
  /** Endpoints without an address, about which nothing can be told. */
  readonly silent: readonly Endpoint[]
}

/** What the words of an entry stand for; or the result when one stands for nothing. */
export function resolveEnds(asked: Asked, entry: Entry): ResolvedEnds | (EntryResult & { readonly reason: Reason }) {
  const found: Record<'from' | 'to', readonly Ends[]> = { from: [], to: [] }
  const silent: Endpoint[] = []
  for (const end of ['from', 'to'] as const) {
    const subjects: Subject[] = []
    for (const [index, word] of entry[end].entries()) {
      const subject = findSubject(asked.world, word)
      if (isSubjectFault(subject)) {
        const status = subject.code === 'unknown-name' ? 'failed' : 'unknown'
        return { status, reason: { type: 'subject', end, index, fault: subject } }
      }
      subjects.push(subject)
    }
    const places = endsOf(asked, subjects)
    if (places.ends.length === 0 && places.silent.length === 0) return { status: 'failed', reason: { type: 'nothing', end } }
    found[end] = places.ends
    silent.push(...places.silent)
  }
  return { ...found, silent }
}

/** Everything that an entry asks: each pair of places between which there can be packets, and which packets. */
export function* pairsOf(asked: Asked, entry: Entry, from: readonly Ends[], to: readonly Ends[]): Generator<Pairs> {
  const { list } = asked.engine.places
  const packets = new Map<string, ConnectionSet>()
  for (const source of from) {
    const family = list[source.place]?.family ?? 4
    const isWorkload = source.members[0]?.endpoint?.kind === 'workload'
    const key = `${family}${isWorkload}`
    let wanted = packets.get(key)
    if (wanted === undefined) packets.set(key, (wanted = packetsOf(asked.engine.space, entry, family, isWorkload)))
    if (wanted === NOTHING) continue
    for (const destination of to) {
      if (list[destination.place]?.family !== family) continue
      // Most are different in their first members.
      const isEasy = source.members[0]?.endpoint !== destination.members[0]?.endpoint
      if (isEasy || differentMembers(source, destination)) yield { from: source, to: destination, packets: wanted }
    }
  }
}

/** All pairs of two places. */
export interface Pairs {
  readonly from: Ends
  readonly to: Ends
  readonly packets: ConnectionSet
}

/** Where hosts have a say of their own: one packet followed for each part of the packets that any rule on the way can tell apart. */
export function partsAtHosts(
  { engine, understood, withHosts }: Asked,
  { from, to, packets }: Pairs,
): 'none' | 'too many' | ReturnType<typeof followed> {
  const { space } = engine
  const example = withHosts ? differentMembers(from, to) : undefined
  if (!example || !hangsOnHosts(space, understood, example, packets)) return 'none'
  const parts = cut(space, packets, criteriaOf(space, understood, ...example))
  return parts ? followed(space, understood, ...example, parts) : 'too many'
}

// --- internal ---

interface Tally {
  readonly failed: Reason | undefined
  readonly unknown: Reason | undefined
  /** How many pairs of places were asked about. */
  readonly asked: number
}

function checkPairs(asked: Asked, entry: Entry, name: DecidingName | undefined, from: readonly Ends[], to: readonly Ends[]): Tally {
  const { space } = asked.engine
  const wrong = new Finding(asked, entry.expect === 'allow' ? 'deny' : 'allow')
  const doubtful = new Finding(asked, 'unknown')
  const otherwise = new Finding(asked, entry.expect)
  const otherwiseDoubtful = new Finding(asked, undefined)
  const verdicts = new Verdicts(asked)
  /** Most pairs come to one of a few verdicts. */
  const judged = new Map<number, { readonly wrong: ConnectionSet; readonly doubtful: ConnectionSet }>()
  let count = 0
  for (const pairs of pairsOf(asked, entry, from, to)) {
    const { packets } = pairs
    count++
    const { allowed, unknown } = verdicts.of(pairs)
    const key = (allowed * BELOW + unknown) * BELOW + packets
    let found = judged.get(key)
    if (!found) {
      const good = entry.expect === 'allow' ? allowed : space.complement(space.union(allowed, unknown))
      const rest = space.subtract(packets, good)
      found = { wrong: space.subtract(rest, unknown), doubtful: space.intersect(rest, unknown) }
      if (allowed < BELOW && unknown < BELOW && packets < BELOW) judged.set(key, found)
    }
    if (found.wrong !== NOTHING) wrong.note(pairs, found.wrong)
    if (found.doubtful !== NOTHING) doubtful.note(pairs, found.doubtful)
    if (!name || found.wrong !== NOTHING || found.doubtful !== NOTHING) continue
    const { decided, doubt } = decidedBy(asked, name, entry.expect, pairs.from.place, pairs.to.place)
    const others = space.subtract(packets, decided)
    if (others === NOTHING) continue
    otherwise.note(pairs, space.subtract(others, doubt))
    otherwiseDoubtful.note(pairs, space.intersect(others, doubt))
  }
  return {
    failed: wrong.reason('packet') ?? otherwise.reason('decided-otherwise'),
    unknown: doubtful.reason('packet') ?? otherwiseDoubtful.reason('decided-otherwise'),
    asked: count,
  }
}

/** Three numbers below this make one that JavaScript holds exactly. */
const BELOW = 2 ** 17

/** What of the packets of pairs may pass; those of one source are told together. */
class Verdicts {
  readonly #asked: Asked
  readonly #allowed: Int32Array
  readonly #unknown: Int32Array
  #source: number | undefined

  constructor(asked: Asked) {
    const { length } = asked.engine.places.list
    this.#asked = asked
    this.#allowed = new Int32Array(length)
    this.#unknown = new Int32Array(length)
  }

  of(pairs: Pairs): { readonly allowed: ConnectionSet; readonly unknown: ConnectionSet } {
    const { engine } = this.#asked
    const { space } = engine
    const parts = partsAtHosts(this.#asked, pairs)
    if (parts === 'too many') return { allowed: NOTHING, unknown: pairs.packets }
    if (parts === 'none') {
      if (this.#source !== pairs.from.place) engine.row((this.#source = pairs.from.place), this.#allowed, this.#unknown)
      return { allowed: this.#allowed[pairs.to.place] ?? NOTHING, unknown: this.#unknown[pairs.to.place] ?? NOTHING }
    }
    let [allowed, unknown] = [NOTHING, NOTHING]
    for (const part of parts) {
      if (part.example.verdict === 'allow') allowed = space.union(allowed, part.connections)
      if (part.example.verdict === 'unknown') unknown = space.union(unknown, part.connections)
    }
    return { allowed, unknown }
  }
}

function hangsOnHosts(space: ConnectionSpace, world: World, [from, to]: readonly [End, End], packets: ConnectionSet): boolean {
  const header = witness(space, packets)
  return isWithinHost(from.endpoint, to.endpoint) || (header !== undefined && examine(world, from, to, header).forwards.length > 0)
}

/** The first pair and packet of a sort, and how many pairs there are. */
class Finding {
  readonly #asked: Asked
  readonly #verdict: Verdict | undefined
  #example: Examined | undefined
  #pairs = 0
  /** The last source, and who is there. */
  #counted: Ends | undefined
  #senders: ReadonlySet<Endpoint | undefined> = new Set()

  /** `verdict`: what the interpreter must say about each example. */
  constructor(asked: Asked, verdict: Verdict | undefined) {
    this.#asked = asked
    this.#verdict = verdict
  }

  note({ from, to }: Pairs, packets: ConnectionSet): void {
    if (packets === NOTHING) return
    this.#pairs += this.#count(from, to)
    if (this.#example) return
    const header = witness(this.#asked.engine.space, packets)
    const example = differentMembers(from, to)
    if (!header || !example) return
    const followed = examine(this.#asked.understood, ...example, header)
    if (this.#verdict !== undefined && followed.verdict !== this.#verdict) {
      const [source, destination] = example.map(({ endpoint, ip }) => endpoint?.id ?? formatIp(ip))
      throw new Error(`the engines disagree: ${this.#verdict} and ${followed.verdict} for ${JSON.stringify(header)} from ${source} to ${destination}`)
    }
    this.#example = followed
  }

  /** How many pairs two places make, none of an endpoint with itself. */
  #count(from: Ends, to: Ends): number {
    if (this.#counted !== from) {
      this.#counted = from
      this.#senders = new Set(from.members.map(({ endpoint }) => endpoint))
    }
    let same = 0
    for (const { endpoint } of to.members) if (this.#senders.has(endpoint)) same++
    return from.members.length * to.members.length - same
  }

  reason(type: 'packet' | 'decided-otherwise'): Reason | undefined {
    return this.#example && { type, example: this.#example, pairs: this.#pairs }
  }
}

/** A member of each, not the same endpoint and not both outside; undefined when there are no such. */
function differentMembers(from: Ends, to: Ends): readonly [End, End] | undefined {
  for (const source of from.members.slice(0, 2)) {
    const destination = to.members.find(({ endpoint }) => endpoint !== source.endpoint)
    if (destination) return [source, destination]
  }
  return undefined
}
