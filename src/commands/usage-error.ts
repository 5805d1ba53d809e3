import { UserError } from '../model/user-error.ts'

/** The command line itself is wrong. Ends with exit code 1, as in the peer. */
export class UsageError extends UserError {}
