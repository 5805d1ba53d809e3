import { isObject } from '../../model/decode.ts'
import type { Kind } from '../../model/kind.ts'
import { storedUnderName } from '../../model/policy.ts'
import { kinds } from '../../model/registry.ts'
import { arrangeResource, decodeResource } from '../../model/resource.ts'
import { goJson } from '../../model/json.ts'
import type { Datastore, KeyValue } from '../datastore.ts'
import { type Author, type ChangedKey, recordChanges } from './changes.ts'
import type { Clock } from './clock.ts'
import { isTiered, kindRange, parseResourceKey, resourceKey } from './keys.ts'
import { readStored } from './stored.ts'

export interface Migration {
  readonly migrated: number
  /** Keys that stay: what they hold changed meanwhile, or a policy of the new name is there already. */
  readonly left: readonly string[]
}

/**
 * Moves policies that releases up to v3.31 kept as `default.<name>` to the key of the name that users see (`reference/model.md 4.5`). Each moves in one
 * transaction, so that no agent sees it missing or twice.
 */
export async function migratePolicyNames(datastore: Datastore, options: { readonly author: Author; readonly clock: Clock }): Promise<Migration> {
  const left: string[] = []
  let migrated = 0
  for (const kind of kinds.filter(isTiered)) {
    const { keyValues } = await datastore.range(kindRange(kind))
    for (const old of keyValues) {
      const move = moveOf(kind, old)
      if (!move) continue
      const changes: ChangedKey[] = [
        { key: old.key, before: old.value, beforeRevision: old.modRevision },
        { key: move.key, before: null, beforeRevision: 0 },
      ]
      const done = await datastore.txn({
        compare: [
          { key: old.key, target: 'mod', equals: old.modRevision },
          { key: move.key, target: 'mod', equals: 0 },
        ],
        then: [
          { type: 'put', key: move.key, value: move.value },
          { type: 'delete', range: { start: old.key } },
          recordChanges(options.author, changes, options.clock),
        ],
      })
      if (done.succeeded) migrated++
      else left.push(old.key)
    }
  }
  return { migrated, left }
}

// --- internal ---

/** Where a policy belongs and what is to be there; undefined when it is in its place, or cannot be read. */
function moveOf(kind: Kind, old: KeyValue): { readonly key: string; readonly value: string } | undefined {
  const place = parseResourceKey(kind, old.key)
  const name = readStored(kind, old)?.resource.metadata.name
  if (place === undefined || name === undefined || place.name !== `default.${name}`) return undefined
  const raw: unknown = JSON.parse(old.value)
  if (!isObject(raw)) return undefined
  const policy = storedUnderName(decodeResource(kind, raw, { stored: true, report: () => {} }), name)
  return { key: resourceKey({ kind, ...place, name }), value: goJson(arrangeResource(kind, policy)) }
}
