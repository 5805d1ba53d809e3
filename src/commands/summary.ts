import { describeResult, type Verb } from '../output/results.ts'
import type { Outcome } from '../store/resources/write.ts'
import { type Context, EXIT } from './context.ts'

/** Prints the closing words of a verb whose failures have been shown; gives the exit code. */
export function summarize(verb: Verb, kinds: readonly string[], outcomes: readonly Outcome[], context: Context): number {
  const done = outcomes.filter((outcome) => outcome.type !== 'failed' && outcome.type !== 'not-tried').length
  const { stdout, stderr } = describeResult({ verb, kinds, total: outcomes.length, done, errors: [] })
  context.stdout.write(stdout)
  context.stderr.write(stderr)
  return done === outcomes.length ? EXIT.ok : EXIT.failure
}
