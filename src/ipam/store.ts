import { type Net, formatNet, parseCidr } from '../model/net.ts'
import { UserError } from '../model/user-error.ts'
import { type Compare, type Datastore, DatastoreError, type KeyValue, type Operation } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'

/** What address management works on: the store, the time, and what keeps this process from racing with itself. */
export interface Ipam {
  readonly datastore: Datastore
  readonly clock: Clock
  /** A number from 0 up to but not including 1. */
  readonly random: () => number
  /** Key to the end of the line of those who want to change it. */
  readonly lines: Map<string, Promise<unknown>>
}

/** One for each store and process: what goes through it waits for its turn instead of losing races against itself; other processes are met with compares. */
export function createIpam(datastore: Datastore, clock: Clock, random: () => number = Math.random): Ipam {
  return { datastore, clock, random, lines: new Map() }
}

/** Why addresses could not be had or given back. */
export class IpamError extends UserError {
  readonly code: IpamErrorCode

  constructor(code: IpamErrorCode, message: string, help?: string) {
    super(message, help)
    this.code = code
  }
}

export type IpamErrorCode =
  | 'assigned'
  | 'missing'
  | 'conflict'
  | 'cooling'
  | 'block-limit'
  | 'no-pool'
  | 'no-such-pool'
  | 'not-allowed'
  | 'no-use'
  | 'no-block'
  | 'not-empty'
  | 'not-owner'
  | 'invalid'

export const BLOCKS = '/calico/ipam/v2/assignment/'
export const HOSTS = '/calico/ipam/v2/host/'
export const HANDLES = '/calico/ipam/v2/handle/'
export const CONFIG = '/calico/ipam/v2/config'

/** In keys the length stands behind a dash: `10.0.0.0-26`. */
export function blockKey(block: Net): string {
  return `${BLOCKS}ipv${block.family}/block/${formatNet(block).replace('/', '-')}`
}

export function affinityKey(host: string, block: Net): string {
  return `${HOSTS}${host}/ipv${block.family}/block/${formatNet(block).replace('/', '-')}`
}

export function handleKey(handle: string): string {
  return HANDLES + handle
}

/** The network at the end of the key of a block or affinity. */
export function netInKey(key: string): Net | undefined {
  return parseCidr(key.slice(key.lastIndexOf('/') + 1).replace(/-(\d+)$/, '/$1'))
}

/** A change of one key against what was read: put, delete, or only to be as it was. */
export interface Edit {
  readonly key: string
  readonly before: KeyValue | undefined
  /** Undefined: the key is to be absent. */
  readonly value: string | undefined
}

/** All edits in one transaction, if every key still is as it was read. */
export async function commit(ipam: Ipam, edits: readonly Edit[]): Promise<boolean> {
  const compare: Compare[] = edits.map(({ key, before }) => ({ key, target: 'mod', equals: before?.modRevision ?? 0 }))
  const then = edits.flatMap(({ key, before, value }): Operation[] => {
    if (value === before?.value) return []
    return [value === undefined ? { type: 'delete', range: { start: key } } : { type: 'put', key, value }]
  })
  return then.length === 0 || (await ipam.datastore.txn({ compare, then })).succeeded
}

/**
 * Tries on what is stored now until the attempt gives something; undefined means that another writer came between.
 * @throws DatastoreError when others always win
 */
export async function retry<T>(ipam: Ipam, key: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let count = 0; count < ATTEMPTS; count++) {
    if (count > 0) await ipam.clock.pause(Math.min(200, 2 ** count) * (0.5 + ipam.random() / 2))
    const result = await attempt()
    if (result !== undefined) return result
  }
  throw new DatastoreError('busy', `update conflict: ${key} changed ${ATTEMPTS} times while it was to be written`, {
    help: 'repeat it: others have been writing the same key all the time',
  })
}

/** One after another for each key. */
export async function inLine<T>(ipam: Ipam, key: string, work: () => Promise<T>): Promise<T> {
  const before = ipam.lines.get(key)
  const mine = before === undefined ? work() : before.then(work, work)
  ipam.lines.set(key, mine)
  try {
    return await mine
  } finally {
    if (ipam.lines.get(key) === mine) ipam.lines.delete(key)
  }
}

// --- internal ---

const ATTEMPTS = 100
