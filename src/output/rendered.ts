import { TemplateFault } from './go-template/fault.ts'

/** What is wrong with a template, and where: the message holds line and column, counted from 1. */
interface TemplateProblem {
  readonly message: string
  readonly help?: string
}

/** What came of a template. */
export type Rendered = { readonly text: string } | { readonly problem: TemplateProblem }

/** The problem that a fault met on the way is; whatever is no fault of the template goes on. */
export function renderedFault(language: string, template: string, error: unknown): Rendered {
  if (error instanceof TemplateFault) {
    const message = `${language}:${placeOf(template, error.offset ?? 0)}: ${error.message}`
    return { problem: error.help === undefined ? { message } : { message, help: error.help } }
  }
  // The stack or the longest string there can be: data that nests without end, a text that doubles and doubles.
  if (error instanceof RangeError) return { problem: { message: `${language}: this takes more memory than there is` } }
  throw error
}

// --- internal ---

function placeOf(template: string, offset: number): string {
  const before = template.slice(0, offset).split('\n')
  return `${before.length}:${Array.from(before.at(-1) ?? '').length + 1}`
}
