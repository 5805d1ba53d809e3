/** Why a template cannot be read or carried out. Thrown inside the engine only; `renderGoTemplate` turns it into a value. */
export class TemplateFault extends Error {
  /** Where in the template, as an index into its text; a function does not know and leaves it to its caller. */
  readonly offset: number | undefined
  readonly help: string | undefined

  constructor(message: string, offset?: number, help?: string) {
    super(message)
    this.offset = offset
    this.help = help
  }
}

/** How deep actions, parentheses and templates may stand in one another. Go has no limit for the first two. */
export const MAX_DEPTH = 400

/** How many actions one run may carry out, and how much text it may make: a template can be written that never ends. */
export const MAX_STEPS = 10_000_000
export const MAX_TEXT = 256 * 1024 * 1024
