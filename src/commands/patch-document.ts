import { applyPatch, type Operation } from 'rfc6902'
import { define, isObject } from '../model/decode.ts'
import { UserError } from '../model/user-error.ts'

export const PATCH_TYPES = ['strategic', 'merge', 'json'] as const
export type PatchType = (typeof PATCH_TYPES)[number]

/**
 * Applies a patch to a JSON document and gives the result; the document is not changed.
 * `strategic`: Kubernetes' strategic merge; the resources here declare no merge keys, so it merges maps and replaces lists, with the directives
 * `$patch` and `$retainKeys`. `merge`: RFC 7386. `json`: RFC 6902.
 * @throws PatchError with a sentence for the user
 */
export function patchDocument(document: unknown, patch: unknown, type: PatchType): unknown {
  if (type === 'json') return jsonPatch(document, patch)
  if (!isObject(patch)) throw new PatchError(`a ${type} patch is a JSON object, as in {"spec":{"order":10}}`)
  return merge(document, patch, type === 'strategic')
}

class PatchError extends UserError {}

// --- internal ---

function merge(target: unknown, patch: Record<string, unknown>, directives: boolean): unknown {
  if (directives && patch['$patch'] === 'replace') return withoutDirectives(patch)
  if (directives && patch['$patch'] === 'delete') return {}
  const retained = directives ? patch['$retainKeys'] : undefined
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(isObject(target) ? target : {})) {
    if (!Array.isArray(retained) || retained.includes(key)) define(result, key, value)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (directives && key.startsWith('$')) {
      if (key !== '$patch' && key !== '$retainKeys') throw new PatchError(`the directive ${key} is not supported; $patch and $retainKeys are`)
      continue
    }
    if (value === null) delete result[key]
    else if (isObject(value)) define(result, key, merge(result[key], value, directives))
    else define(result, key, value)
  }
  return result
}

function withoutDirectives(patch: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')))
}

function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch) || !patch.every(isOperation)) {
    throw new PatchError('a json patch is a list of operations, as in [{"op":"replace","path":"/spec/order","value":10}]')
  }
  const result = structuredClone(document)
  for (const [index, error] of applyPatch(result, patch).entries()) {
    if (error) throw new PatchError(`operation ${index + 1} (${patch[index]?.op} ${patch[index]?.path}): ${REASONS[error.name] ?? error.message}`)
  }
  return result
}

const REASONS: Record<string, string> = {
  MissingError: 'there is nothing at that path',
  TestError: 'the value there is another one',
  InvalidOperationError: 'unknown operation; add, remove, replace, move, copy and test are known',
}

function isOperation(value: unknown): value is Operation {
  return isObject(value) && typeof value['op'] === 'string' && typeof value['path'] === 'string'
}
