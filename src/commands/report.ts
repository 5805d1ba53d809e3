import { CommanderError } from 'commander'
import { InputError, type Problem } from '../model/problem.ts'
import { escapeLinesForTerminal } from '../output/escape.ts'
import { UserError } from '../model/user-error.ts'
import { formatFrames, summarizeProblems } from '../output/problems/frame.ts'
import { themeFor } from '../output/theme.ts'
import { ResourceError } from '../store/resources/failure.ts'
import { type Context, EXIT } from './context.ts'
import { failureProblems } from './problems.ts'
import type { GlobalOptions } from './options.ts'

export interface ProblemReport {
  /** The text of a file that was read, for source frames. */
  readonly source?: (file: string) => string | undefined
  /** How many files were read. */
  readonly files?: number
  /** What follows for the user: `nothing was applied`. Without it no closing line is printed. */
  readonly consequence?: string
}

/** Prints problems with their source frames to stderr. Gives the exit code of a command that fails for them. */
export async function printProblems(
  context: Context,
  options: Pick<Partial<GlobalOptions>, 'color'>,
  problems: readonly Problem[],
  report: ProblemReport,
): Promise<number> {
  const theme = await themeFor(context.stderr, context.env, options.color)
  context.stderr.write(formatFrames(problems, { theme, source: report.source ?? (() => undefined), width: context.stderr.columns }))
  if (report.consequence !== undefined) context.stderr.write(`${summarizeProblems(problems, report.files ?? 1)}; ${report.consequence}.\n`)
  return EXIT.failure
}

/** Tells the user about an error that ended a command, in a sentence and perhaps a hint; the stack only with `--log-level debug`. Gives the exit code. */
export async function reportError(
  error: unknown,
  context: Context,
  command: { readonly name: string | undefined; readonly debug: boolean },
): Promise<number> {
  if (error instanceof InputError) return printProblems(context, {}, error.problems, {})
  if (error instanceof ResourceError) return printProblems(context, {}, failureProblems(error.failure), {})
  const { message, help } = describeError(error, command.name)
  context.stderr.write(`${escapeLinesForTerminal(message)}\n`)
  if (help !== undefined) context.stderr.write(`${escapeLinesForTerminal(help)}\n`)
  if (command.debug && error instanceof Error) context.stderr.write(`${error.stack ?? ''}\n`)
  return EXIT.failure
}

// --- internal ---

function describeError(error: unknown, command: string | undefined): { message: string; help?: string | undefined } {
  if (error instanceof CommanderError) {
    return { message: error.message.replace(/^error: /, ''), help: `see: calicoctl ${command === undefined ? '' : `${command} `}--help` }
  }
  if (error instanceof UserError) return { message: error.message, help: error.help }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { message: `internal error: ${text}`, help: 'this is a fault of calicoctl; --log-level debug shows where' }
}
