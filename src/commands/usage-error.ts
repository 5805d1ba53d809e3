/** The command line itself is wrong. The message says how; `help` what to do. Ends with exit code 1, as in the peer. */
export class UsageError extends Error {
  readonly help: string | undefined

  constructor(message: string, help?: string) {
    super(message)
    this.help = help
  }
}
