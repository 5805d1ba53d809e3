/**
 * What a template works with. A whole number is a Go `int` and any other number a `float64`, as it is in JSON; `GoFloat` is a `float64` that happens to
 * be whole. `undefined` is a value that is not there (`<no value>`), null a pointer to nothing (`<nil>`).
 */
export type Value = undefined | null | boolean | number | bigint | string | GoFloat | readonly Value[] | ValueMap

export interface ValueMap {
  readonly [key: string]: Value
}

export class GoFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

export type ValueType = 'nil' | 'bool' | 'int' | 'float' | 'string' | 'list' | 'map'

export function typeOf(value: Value): ValueType {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'int' : 'float'
    case 'string':
      return 'string'
    default:
      if (value === undefined || value === null) return 'nil'
      if (value instanceof GoFloat) return 'float'
      return Array.isArray(value) ? 'list' : 'map'
  }
}

/** The name of a value's Go type, for messages and `%T`. */
export function goTypeName(value: Value): string {
  return GO_TYPE_NAMES[typeOf(value)]
}

const GO_TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  nil: '<nil>',
  bool: 'bool',
  int: 'int',
  float: 'float64',
  string: 'string',
  list: '[]interface {}',
  map: 'map[string]interface {}',
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof GoFloat)
}

/** The number in an int or float; undefined for anything else. */
export function numberIn(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return value instanceof GoFloat ? value.value : undefined
}

/** Whether a value counts as true in `if`, `with`, `and`, `or` and `not`: false, 0, nothing and what is empty do not. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0
  if (isMap(value)) {
    for (const _ in value) return true
    return false
  }
  const number = numberIn(value)
  // eslint-disable-next-line eqeqeq
  return number === undefined ? Boolean(value) : number !== 0 && number !== 0n
}
