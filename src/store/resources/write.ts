import type { Kind, Resource } from '../../model/kind.ts'
import { completeResource, encodeResource, validateResource } from '../../model/resource.ts'
import type { Fault } from '../../model/decode.ts'
import type { Datastore, KeyValue } from '../datastore.ts'
import { type Facts, loadFacts, refuseDelete, refuseReadOnly, refuseWrite } from './admission.ts'
import { isBuiltin } from './builtin.ts'
import { type Author, pruneChanges } from './changes.ts'
import type { Clock } from './clock.ts'
import { commit, type PendingWrite } from './commit.ts'
import { alreadyExists, doesNotExist, invalid, notSupported, type ResourceFailure, tooLarge, updateConflict } from './failure.ts'
import { isTiered, kindRange, parseResourceKey, possibleKeys, resourceKey, type Target } from './keys.ts'
import { getMany, nameOf, pickStored } from './read.ts'
import type { StoredResource } from './stored.ts'

/** What is to happen to one resource. Resources come completed and validated. */
export type Intent =
  | { readonly type: 'create' | 'apply' | 'replace'; readonly target: Target; readonly resource: Resource }
  | { readonly type: 'delete'; readonly target: Target; readonly resourceVersion?: string }
  | { readonly type: 'modify'; readonly target: Target; readonly modify: (current: Resource) => Resource | ResourceFailure }

export interface WriteOptions {
  readonly author: Author
  readonly clock: Clock
  /** All in one transaction or nothing. @throws AtomicLimitError when there are too many for one transaction */
  readonly atomic?: boolean
  /** Called as work gets done, with the number of resources dealt with so far. */
  readonly onProgress?: (done: number) => void
}

export type Outcome =
  | { readonly type: 'written'; readonly resource: Resource; readonly revision: number }
  /** The store already held exactly this: nothing was written. */
  | { readonly type: 'unchanged'; readonly resource: Resource }
  | { readonly type: 'deleted' }
  /** There (or not there) already, and the caller said that this is fine. */
  | { readonly type: 'skipped' }
  | { readonly type: 'failed'; readonly failure: ResourceFailure }
  /** `atomic`: this one was fine, another was not. */
  | { readonly type: 'not-tried' }

/**
 * Carries out intents in as few transactions as the limits allow, each guarded by the revisions that were read, each with its change record.
 * Every resource stands for itself; the outcomes stand in the order of the intents. Of several intents for one resource the later ones see what
 * the earlier ones did.
 *
 * A write that lost a race is planned again on what is there now, unless the user named a resourceVersion.
 */
export async function writeResources(datastore: Datastore, intents: readonly Intent[], options: WriteOptions): Promise<Outcome[]> {
  const outcomes = Array.from<Outcome | undefined>({ length: intents.length })
  let open = intents.map((_, index) => index)
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt > 0) await options.clock.pause(Math.min(200, 5 * 2 ** attempt))
    const planned = await planOpen(datastore, intents, open, options.clock, outcomes)
    // The first are written while the others are still planned, unless it takes all of them to know what to write.
    const writes = options.atomic ? [...planned] : planned
    if (options.atomic && outcomes.some((outcome) => outcome?.type === 'failed')) {
      return outcomes.map((outcome) => (outcome?.type === 'failed' ? outcome : { type: 'not-tried' }))
    }
    const unwritten = await commit(datastore, writes, { ...options, onWritten: (write, revision) => noteRevision(write, revision, outcomes) })
    open = []
    for (const { write, error } of unwritten) {
      for (const index of write.intents) {
        const intent = intents[index] as Intent
        if (error) outcomes[index] = { type: 'failed', failure: tooLarge(nameOf(intent.target), error.message) }
        else if (namesRevision(intent) || attempt >= ATTEMPTS) outcomes[index] = { type: 'failed', failure: updateConflict(nameOf(intent.target)) }
        else open.push(index)
      }
    }
    if (options.atomic && open.length > 0) open = intents.map((_, index) => index)
  }
  if (Math.random() < PRUNE_CHANCE) await pruneChanges(datastore)
  return outcomes as Outcome[]
}

/** What `writeResources` would come to if it began now; nothing is written, and what is written has no revision yet. */
export async function planResources(datastore: Datastore, intents: readonly Intent[], clock: Clock): Promise<Outcome[]> {
  const outcomes = Array.from<Outcome | undefined>({ length: intents.length })
  const all = intents.map((_, index) => index)
  for (const _ of await planOpen(datastore, intents, all, clock, outcomes));
  return outcomes as Outcome[]
}

// --- internal ---

const ATTEMPTS = 20
const PRUNE_CHANCE = 1 / 32
/** From so many of one kind on, reading the whole kind is cheaper than asking for each. */
const MANY_OF_A_KIND = 200
/** So many intents are planned at once. */
const RUN = 100

interface Chosen {
  readonly index: number
  readonly intent: Intent
}

/** Plans the intents with these numbers on what is in the store now: their outcomes are known when the writes have been gone through, once. */
async function planOpen(
  datastore: Datastore,
  intents: readonly Intent[],
  open: readonly number[],
  clock: Clock,
  outcomes: (Outcome | undefined)[],
): Promise<Iterable<PendingWrite>> {
  const chosen = open.map((index) => ({ index, intent: intents[index] as Intent }))
  const [state, facts] = await Promise.all([
    loadState(
      datastore,
      chosen.map((item) => item.intent),
    ),
    loadFacts(datastore, intents),
  ])
  const planned = (items: readonly Chosen[]) => plan(items, state, facts, clock, outcomes)
  return haveKeysInCommon(chosen) ? planned(chosen) : inRuns(chosen, planned)
}

/** Whether what becomes of one intent may depend on another. */
function haveKeysInCommon(chosen: readonly Chosen[]): boolean {
  const keys = chosen.flatMap(({ intent }) => possibleKeys(intent.target))
  return new Set(keys).size < keys.length
}

function* inRuns<T, R>(items: readonly T[], make: (run: readonly T[]) => readonly R[]): Iterable<R> {
  for (let at = 0; at < items.length; at += RUN) yield* make(items.slice(at, at + RUN))
}

/** The current pairs that the intents are about. */
async function loadState(datastore: Datastore, intents: readonly Intent[]): Promise<Map<string, KeyValue>> {
  const byKind = groupByKind(intents)
  const state = new Map<string, KeyValue>()
  const single: string[] = []
  const whole: Kind[] = []
  for (const [kind, group] of byKind) {
    if (group.length >= MANY_OF_A_KIND) whole.push(kind)
    else for (const intent of group) single.push(...possibleKeys(intent.target))
  }
  const [found, ...ranges] = await Promise.all([getMany(datastore, [...new Set(single)]), ...whole.map((kind) => datastore.range(kindRange(kind)))])
  for (const [key, keyValue] of found) state.set(key, keyValue)
  for (const range of ranges) for (const keyValue of range.keyValues) state.set(keyValue.key, keyValue)
  return state
}

function groupByKind(intents: readonly Intent[]): Map<Kind, Intent[]> {
  const groups = new Map<Kind, Intent[]>()
  for (const intent of intents) {
    const group = groups.get(intent.target.kind)
    if (group) group.push(intent)
    else groups.set(intent.target.kind, [intent])
  }
  return groups
}

/** Decides each intent against the state as it is and as earlier intents leave it; gives the writes that bring it about, one for each key. */
function plan(
  chosen: readonly Chosen[],
  state: Map<string, KeyValue>,
  facts: Facts,
  clock: Clock,
  outcomes: (Outcome | undefined)[],
): PendingWrite[] {
  const pending = new Map<string, PendingWrite>()
  const lookup = (key: string): KeyValue | undefined => {
    const write = pending.get(key)
    if (!write) return state.get(key)
    // Not written yet: the revision is the one that will be compared, so that a second change of the same key passes.
    return write.value === undefined ? undefined : { key, value: write.value, createRevision: 0, modRevision: write.baseRevision, version: 0 }
  }
  for (const { index, intent } of chosen) {
    const decision = decide(intent, lookup, facts, clock)
    if ('failure' in decision) {
      outcomes[index] = { type: 'failed', failure: decision.failure }
      continue
    }
    const { key, value, resource, current } = decision
    const before = state.get(key)
    const write: PendingWrite = pending.get(key) ?? { key, value, before, baseRevision: before?.modRevision ?? 0, intents: [] }
    write.value = value
    write.intents.push(index)
    facts.note(intent.target, current, resource)
    if (value === before?.value) {
      pending.delete(key)
      outcomes[index] = resource ? { type: 'unchanged', resource } : { type: 'deleted' }
    } else {
      pending.set(key, write)
      outcomes[index] = resource ? { type: 'written', resource, revision: 0 } : { type: 'deleted' }
    }
  }
  return [...pending.values()]
}

function noteRevision({ intents }: PendingWrite, revision: number, outcomes: (Outcome | undefined)[]): void {
  for (const index of intents) {
    const outcome = outcomes[index]
    if (outcome?.type === 'written') outcomes[index] = { ...outcome, revision }
  }
}

type Lookup = (key: string) => KeyValue | undefined

type Decision = { failure: ResourceFailure } | { key: string; value: string | undefined; resource?: Resource; current?: Resource | undefined }

function decide(intent: Intent, lookup: Lookup, facts: Facts, clock: Clock): Decision {
  const { target } = intent
  const name = nameOf(target)
  if (isBuiltin(target)) {
    const reason = `the profile "${target.name}" is provided by Calico and cannot be changed`
    if (intent.type === 'create') return { failure: { ...alreadyExists(name), help: reason } }
    return { failure: notSupported(intent.type, name, reason) }
  }
  const readOnly = refuseReadOnly(intent.type, target)
  if (readOnly) return { failure: readOnly }
  const current = pickStored(target, possibleKeys(target), lookup)
  if (intent.type === 'delete') return decideDelete(intent, current, facts, lookup)
  if (current && 'code' in current && intent.type === 'modify') return { failure: current }
  const stored = current && 'code' in current ? undefined : current
  const damaged = current !== undefined && 'code' in current
  if (intent.type === 'create' && current) return { failure: alreadyExists(name) }
  if ((intent.type === 'replace' || intent.type === 'modify') && !current) return { failure: doesNotExist(name) }

  let wanted: Resource
  if (intent.type === 'modify') {
    const changed = intent.modify(structuredClone((stored as StoredResource).resource))
    if ('code' in changed) return { failure: changed }
    wanted = changed
    completeResource(target.kind, wanted)
    const faults: Fault[] = []
    validateResource(target.kind, wanted, (fault) => void faults.push(fault))
    if (faults.length > 0) return { failure: invalid(name, faults) }
  } else {
    wanted = intent.resource
  }
  const given = wanted.metadata.resourceVersion
  if (given && stored && given !== String(stored.keyValue.modRevision)) return { failure: updateConflict(name) }

  const refusal = refuseWrite({ intent, wanted, current: stored?.resource }, facts)
  if (refusal) return { failure: refusal }

  const resource = stored ? merged(wanted, stored.resource, clock) : created(wanted, clock)
  const key = stored?.keyValue.key ?? (damaged ? occupiedKey(target, lookup) : resourceKey(target))
  return { key, value: encodeAt(target.kind, key, resource), resource, current: stored?.resource }
}

function decideDelete(
  intent: Intent & { type: 'delete' },
  current: StoredResource | ResourceFailure | undefined,
  facts: Facts,
  lookup: Lookup,
): Decision {
  const name = nameOf(intent.target)
  if (!current) return { failure: doesNotExist(name) }
  const given = intent.resourceVersion
  if (given && !/^\d+$/.test(given)) {
    const fault = {
      code: 'bad-value',
      path: ['metadata', 'resourceVersion'],
      message: `error with field ResourceVersion = '${given}'`,
      help: 'it is a whole number, as `get` shows it',
    }
    return { failure: invalid(name, [fault]) }
  }
  if ('code' in current) {
    // Whatever lies there, deleting it is how to get rid of it.
    return { key: occupiedKey(intent.target, lookup), value: undefined }
  }
  if (given && given !== String(current.keyValue.modRevision)) return { failure: updateConflict(name) }
  const refusal = refuseDelete(intent.target, current.resource, facts)
  return refusal ? { failure: refusal } : { key: current.keyValue.key, value: undefined, current: current.resource }
}

function namesRevision(intent: Intent): boolean {
  if (intent.type === 'delete') return intent.resourceVersion !== undefined
  return intent.type !== 'modify' && Boolean(intent.resource.metadata.resourceVersion)
}

/** A new object keeps of the user's metadata what the peer keeps: name, namespace, labels, annotations. */
function created(wanted: Resource, clock: Clock): Resource {
  const { name, namespace, labels, annotations } = wanted.metadata
  return { ...wanted, metadata: { name, namespace, uid: clock.uuid(), creationTimestamp: clock.timestamp(), labels, annotations } }
}

/** A changed object keeps the stored metadata, but for labels and annotations (`reference/model.md 2.0`); what old releases left out is mended. */
function merged(wanted: Resource, stored: Resource, clock: Clock): Resource {
  const { labels, annotations } = wanted.metadata
  const kept = stored.metadata
  return {
    ...wanted,
    metadata: {
      ...kept,
      resourceVersion: undefined,
      name: wanted.metadata.name,
      uid: kept.uid || clock.uuid(),
      creationTimestamp: kept.creationTimestamp || clock.timestamp(),
      labels,
      annotations,
    },
  }
}

/** The bytes to store under a key: a policy that lies under an older release's key keeps that name inside, and the user's in its annotation. */
function encodeAt(kind: Kind, key: string, resource: Resource): string {
  if (!isTiered(kind)) return encodeResource(kind, resource)
  const storedName = parseResourceKey(kind, key)?.name
  return encodeResource(kind, resource, storedName === resource.metadata.name ? undefined : storedName)
}

function occupiedKey(target: Target, lookup: Lookup): string {
  return possibleKeys(target).find((key) => lookup(key) !== undefined) ?? resourceKey(target)
}
