import type { DecidingName } from '../../model/deciding.ts'
import type { Problem } from '../../model/problem.ts'
import type { Header } from '../connections/packet.ts'
import { type ConnectionSet, NOTHING } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import { type Walk, walk } from '../interpreter/walk.ts'
import { findSubject, isSubjectFault, type Subject, type SubjectFault } from '../subject.ts'
import type { Endpoint } from '../world/world.ts'
import { decidedBy, missingName } from './by.ts'
import { type Asked, type End, endsOf, type Where } from './ends.ts'
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
  | { readonly type: 'packet'; readonly example: Example; readonly pairs: number }
  /** The verdict is as expected, but something else decides. */
  | { readonly type: 'decided-otherwise'; readonly example: Example; readonly pairs: number }
  /** A resource that policy may hang on cannot be understood. */
  | { readonly type: 'set-aside'; readonly problem: Problem }

export interface Example {
  readonly from: Where
  readonly to: Where
  readonly walk: Walk
}

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
  const aside = asked.world.setAside.find(({ kind }) => kind !== 'Node')
  if (tally.failed) return { status: 'failed', reason: tally.failed }
  if (tally.unknown) return { status: 'unknown', reason: tally.unknown }
  if (first) return { status: 'unknown', reason: { type: 'no-address', endpoint: first } }
  if (tally.asked === 0) return { status: 'failed', reason: { type: 'nothing' } }
  return aside ? { status: 'unknown', reason: { type: 'set-aside', problem: aside.problem } } : { status: 'passed' }
}

export interface ResolvedEnds {
  readonly from: readonly End[]
  readonly to: readonly End[]
  /** Endpoints without an address, about which nothing can be told. */
  readonly silent: readonly Endpoint[]
}

/** What the words of an entry stand for; or the result when one stands for nothing. */
export function resolveEnds(asked: Asked, entry: Entry): ResolvedEnds | (EntryResult & { readonly reason: Reason }) {
  const found: Record<'from' | 'to', readonly End[]> = { from: [], to: [] }
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
export function* pairsOf(
  asked: Asked,
  entry: Entry,
  from: readonly End[],
  to: readonly End[],
): Generator<{ readonly from: End; readonly to: End; readonly packets: ConnectionSet }> {
  const { list } = asked.engine.places
  const packets = new Map<string, ConnectionSet>()
  for (const source of from) {
    const family = list[source.place]?.family ?? 4
    const isWorkload = source.members[0]?.endpoint?.kind === 'workload'
    const key = `${family}${isWorkload}`
    let wanted = packets.get(key)
    if (wanted === undefined) packets.set(key, (wanted = packetsOf(asked.engine.space, entry, family, isWorkload)))
    if (wanted === NOTHING) continue
    for (const destination of to)
      if (list[destination.place]?.family === family && differentMembers(source, destination))
        yield { from: source, to: destination, packets: wanted }
  }
}

// --- internal ---

interface Tally {
  readonly failed: Reason | undefined
  readonly unknown: Reason | undefined
  /** How many pairs of places were asked about. */
  readonly asked: number
}

function checkPairs(asked: Asked, entry: Entry, name: DecidingName | undefined, from: readonly End[], to: readonly End[]): Tally {
  const { engine } = asked
  const { space } = engine
  const wrong = new Finding(asked, entry.expect === 'allow' ? 'deny' : 'allow')
  const doubtful = new Finding(asked, 'unknown')
  const otherwise = new Finding(asked, entry.expect)
  const otherwiseDoubtful = new Finding(asked, undefined)
  let count = 0
  for (const { from: source, to: destination, packets } of pairsOf(asked, entry, from, to)) {
    count++
    const { allowed, unknown } = engine.verdict(source.place, destination.place)
    const good = entry.expect === 'allow' ? allowed : space.complement(space.union(allowed, unknown))
    const rest = space.subtract(packets, good)
    if (rest !== NOTHING) {
      wrong.note(source, destination, space.subtract(rest, unknown))
      doubtful.note(source, destination, space.intersect(rest, unknown))
    } else if (name) {
      const { decided, doubt } = decidedBy(asked, name, entry.expect, source.place, destination.place)
      const others = space.subtract(packets, decided)
      otherwise.note(source, destination, space.subtract(others, doubt))
      otherwiseDoubtful.note(source, destination, space.intersect(others, doubt))
    }
  }
  return {
    failed: wrong.reason('packet') ?? otherwise.reason('decided-otherwise'),
    unknown: doubtful.reason('packet') ?? otherwiseDoubtful.reason('decided-otherwise'),
    asked: count,
  }
}

/** The first pair and packet of a sort, and how many pairs there are. */
class Finding {
  readonly #asked: Asked
  readonly #verdict: Walk['verdict'] | undefined
  #example: Example | undefined
  #pairs = 0

  /** `verdict`: what the interpreter must say about each example. */
  constructor(asked: Asked, verdict: Walk['verdict'] | undefined) {
    this.#asked = asked
    this.#verdict = verdict
  }

  note(from: End, to: End, packets: ConnectionSet): void {
    if (packets === NOTHING) return
    this.#pairs += countPairs(from, to)
    if (this.#example) return
    const header = witness(this.#asked.engine.space, packets)
    const pair = differentMembers(from, to)
    if (header && pair) this.#example = exampleOf(this.#asked, ...pair, header, this.#verdict)
  }

  reason(type: 'packet' | 'decided-otherwise'): Reason | undefined {
    return this.#example && { type, example: this.#example, pairs: this.#pairs }
  }
}

/** The packet's way, by the plain interpreter, which must come to what the engine said. */
function exampleOf(asked: Asked, from: Where, to: Where, header: Header, verdict: Walk['verdict'] | undefined): Example {
  const way = walk(asked.world, from.endpoint, to.endpoint, { ...header, source: from.ip, destination: to.ip })
  if (verdict !== undefined && way.verdict !== verdict)
    throw new Error(
      `the engines disagree: ${verdict} and ${way.verdict} for ${JSON.stringify(header)} from ${from.endpoint?.id} to ${to.endpoint?.id}`,
    )
  return { from, to, walk: way }
}

/** A member of each end, not the same endpoint and not both outside; undefined when there are no such. */
function differentMembers(from: End, to: End): [Where, Where] | undefined {
  for (const source of from.members.slice(0, 2)) {
    const destination = to.members.find(({ endpoint }) => endpoint !== source.endpoint)
    if (destination) return [source, destination]
  }
  return undefined
}

function countPairs(from: End, to: End): number {
  const sources = new Set(from.members.map(({ endpoint }) => endpoint))
  return from.members.length * to.members.length - to.members.filter(({ endpoint }) => sources.has(endpoint)).length
}
