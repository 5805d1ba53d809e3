import { duration } from '../duration.ts'
import { regexpFault } from '../regexp-syntax.ts'
import { type Field, flag, integer, text } from '../schema.ts'

/**
 * The words in which FelixConfiguration's fields are declared. Most of them are pointers in Go: false, 0 and "" are stored when given.
 * Descriptions name the value that Felix uses when a field is not set.
 */

/** A switch that is stored whenever it is given. */
export function toggle(description: string): Field<boolean> {
  return flag(description, { omit: 'absent' })
}

/** A number that is stored whenever it is given. */
export function number(description: string, limits: { readonly min?: number; readonly max?: number } = {}): Field<number> {
  return integer(description, { omit: 'absent', ...limits })
}

/** A period in whole units. Only a few fields take fractions too. */
export function period(description: string): Field<string> {
  return duration(description, { which: 'whole' })
}

/** Text that is stored whenever it is given, be it empty. */
export function setting(description: string): Field<string> {
  return text(description, { omit: 'absent' })
}

/** One of some words, exactly. */
export function choice(description: string, words: readonly string[], options: { readonly default?: string } = {}): Field<string> {
  return text(description, { omit: 'absent', oneOf: words, ...options })
}

/** One of some words, exactly; the empty text is as if not given. */
export function looseChoice(description: string, words: readonly string[]): Field<string> {
  return text(description, { oneOf: words })
}

/** One of some words, in any letter case; the empty text is as if not given. */
export function anyCaseChoice(description: string, words: readonly string[]): Field<string> {
  return text(description, { oneOf: words, anyCase: true })
}

/** How much to log. */
export function severity(description: string): Field<string> {
  return anyCaseChoice(description, ['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'])
}

/** A regular expression of Go. */
export function expression(description: string): Field<string> {
  return text(description, { check: regexpFault })
}

/** A mark mask or mark: 32 bits. */
export function mask(description: string): Field<number> {
  return number(description, { min: 0, max: 0xffff_ffff })
}
