import { escapeLinesForTerminal } from './escape.ts'

/** What a verb did to a number of resources. */
export interface Summary {
  readonly verb: Verb
  /** The kind of every resource that was given, in any order, repeated or not. */
  readonly kinds: readonly string[]
  /** How many resources were given. */
  readonly total: number
  /** How many of them are as the user wants them (those that were so before, or were forgiven, included). */
  readonly done: number
  /**
   * Why the others are not, one message for each. May be empty where the caller has shown them already (with source frames): then the sentences
   * stand without them.
   */
  readonly errors: readonly string[]
}

export type Verb = 'create' | 'apply' | 'replace' | 'delete' | 'patch' | 'validate'

/** What to print on each stream: empty, or whole lines. */
export interface Sentences {
  readonly stdout: string
  readonly stderr: string
}

/**
 * The closing words of a verb, as scripts know them from the peer (`reference/calicoctl.md 3.4`): the kind is named when there is only one.
 * Unlike the peer's, `replace` counts only what was replaced, and all errors are told, each on a line of its own.
 */
export function describeResult(summary: Summary): Sentences {
  const { verb, total, done } = summary
  const past = PAST[verb]
  const kind = new Set(summary.kinds).size === 1 ? `'${summary.kinds[0]}' ` : ''
  const errors = summary.errors.map(escapeLinesForTerminal)
  if (verb === 'delete') return describeDelete(kind, done, total, errors)
  if (done === total) {
    // The peer's `patch` takes one resource at a time, and says so.
    return { stdout: `Successfully ${past} ${done} ${kind}${verb === 'patch' ? 'resource' : 'resource(s)'}\n`, stderr: '' }
  }
  if (done > 0) {
    const stdout = `Partial success: ${past} ${done} out of ${total} ${kind}resources\n`
    return { stdout, stderr: errors.map((error) => `hit error: ${error}\n`).join('') }
  }
  const what = total === 1 ? `failed to ${verb} ${kind}resource` : `failed to ${verb} any ${kind}resources`
  if (errors.length <= 1) return { stdout: '', stderr: errors.length === 0 ? `${what}\n` : `${what}: ${errors[0]}\n` }
  return { stdout: '', stderr: `${what}:\n${errors.map((error) => `  ${error}\n`).join('')}` }
}

// --- internal ---

const PAST: Readonly<Record<Verb, string>> = {
  create: 'created',
  apply: 'applied',
  replace: 'replaced',
  delete: 'deleted',
  patch: 'patched',
  validate: 'validated',
}

/** What was deleted is told as a success even when other deletions failed; each failure has its own line. */
function describeDelete(kind: string, done: number, total: number, errors: readonly string[]): Sentences {
  const stdout = done > 0 || total === 0 ? `Successfully deleted ${done} ${kind}resource(s)\n` : ''
  if (errors.length > 0) return { stdout, stderr: errors.map((error) => `Failed to delete ${kind}resource: ${error}\n`).join('') }
  if (done === total) return { stdout, stderr: '' }
  const failed = total - done
  return { stdout, stderr: `failed to delete ${failed === 1 ? `${kind}resource` : `${failed} ${kind}resources`}\n` }
}
