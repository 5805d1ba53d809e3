import { createHash } from 'node:crypto'
import { compareBytes } from '../json.ts'
import type { Selector } from './ast.ts'

/**
 * The one text of all selectors that parse to the same tree (`reference/model.md 7.3`). Parsed again it matches the same labels; printed again
 * it may differ, since `!(!has(a))` prints as `!!has(a)`. For ids and comparisons: the datastore keeps a selector as it was typed.
 */
export function canonicalSelector(ast: Selector): string {
  switch (ast.type) {
    case 'all':
      return 'all()'
    case 'global':
      return 'global()'
    case 'has':
      return `has(${ast.label})`
    case 'compare':
      return `${ast.label} ${ast.operator} ${quote(ast.value)}`
    case 'set': {
      const values = [...new Set(ast.values)].sort(compareBytes)
      return `${ast.label} ${ast.operator} {${values.map(quote).join(', ')}}`
    }
    case 'not':
      return `!${canonicalSelector(ast.operand)}`
    case 'and':
      return `(${ast.operands.map(canonicalSelector).join(' && ')})`
    case 'or':
      return `(${ast.operands.map(canonicalSelector).join(' || ')})`
  }
}

/**
 * The unique id of a selector as Calico's components write it (`reference/model.md 7.4`): `s:` and 38 characters of URL-safe Base64.
 * Another prefix goes where Calico uses one for another namespace of ids.
 */
export function selectorId(ast: Selector, prefix = 's'): string {
  return `${prefix}:${createHash('sha224')
    .update(`${prefix}:${canonicalSelector(ast)}`, 'utf8')
    .digest('base64url')}`
}

// --- internal ---

function quote(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`
}
