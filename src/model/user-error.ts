/** A failure that is told to the user as it stands: a sentence, and perhaps what to do. Everything else that is thrown is a fault of the program. */
export class UserError extends Error {
  readonly help: string | undefined

  constructor(message: string, help?: string) {
    super(message)
    this.help = help
  }
}
