import { isObject } from '../decode.ts'
import type { Path } from '../problem.ts'
import type { V1Document } from './kind.ts'

/** Looks into a parsed document; field names in any letter case, as the decoder takes them. */
export function documentOf(raw: Readonly<Record<string, unknown>>): V1Document {
  const get = (...path: Path): unknown => path.reduce<unknown>(step, raw)
  return { get, has: (...path) => get(...path) !== undefined }
}

// --- internal ---

function step(value: unknown, name: string | number): unknown {
  if (typeof name === 'number') return Array.isArray(value) ? (value as unknown[])[name] : undefined
  if (!isObject(value)) return undefined
  if (Object.hasOwn(value, name)) return value[name]
  const key = Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : value[key]
}
