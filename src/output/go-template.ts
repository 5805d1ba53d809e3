import { execute } from './go-template/execute.ts'
import { TemplateFault } from './go-template/fault.ts'
import { functions } from './go-template/functions.ts'
import { parseTemplate } from './go-template/parse.ts'
import type { Value } from './go-template/value.ts'

/** What is wrong with a template, and where: the message holds line and column, counted from 1. */
export interface TemplateProblem {
  readonly message: string
  readonly help?: string
}

export type Rendered = { readonly text: string } | { readonly problem: TemplateProblem }

/**
 * Carries out a template of Go's text/template on plain JSON data (`reference/calicoctl.md 2.2`, kubectl's `-o go-template`).
 *
 * Everything of the language is there but complex numbers, methods and `call`. Resources read like the Go structs that the peer's templates see
 * (`go-template/fields.ts`), everything else like maps. Gentler than Go in three things: numbers compare by value whether they are whole or not, a field of
 * something that is not there is not there either, and objects print as maps. Ends in bounded time and memory whatever the template.
 */
export function renderGoTemplate(template: string, data: unknown): Rendered {
  try {
    return { text: execute(parseTemplate(template, FUNCTION_NAMES), data as Value) }
  } catch (error) {
    if (error instanceof TemplateFault) {
      const message = `template:${placeOf(template, error.offset ?? 0)}: ${error.message}`
      return { problem: error.help === undefined ? { message } : { message, help: error.help } }
    }
    // The stack or the longest string there can be: data that nests without end, a text that doubles and doubles.
    if (error instanceof RangeError) return { problem: { message: 'template: this takes more memory than there is' } }
    throw error
  }
}

// --- internal ---

const FUNCTION_NAMES: ReadonlySet<string> = new Set(functions.keys())

function placeOf(template: string, offset: number): string {
  const before = template.slice(0, offset).split('\n')
  return `${before.length}:${Array.from(before.at(-1) ?? '').length + 1}`
}
