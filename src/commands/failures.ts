import type { ResourceFailure } from '../store/resources/failure.ts'
import type { Context } from './context.ts'
import { failureProblems } from './problems.ts'
import { printProblems } from './report.ts'

/** Prints why a command on one resource failed. */
export async function reportFailure(context: Context, headline: string, failure: ResourceFailure): Promise<void> {
  context.stderr.write(`${headline}\n`)
  await printProblems(context, {}, failureProblems(failure), {})
}
