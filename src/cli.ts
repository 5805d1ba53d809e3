import { Command, CommanderError } from 'commander'
import { settleArguments, splitAtCommand } from './commands/arguments.ts'
import { type Context, EXIT } from './commands/context.ts'
import { commandList } from './commands/list.ts'
import { addGlobalOptions } from './commands/options.ts'
import { programHelp } from './commands/program-help.ts'
import { commandModules, type Run } from './commands/table.ts'
import { UsageError } from './commands/usage-error.ts'
import { didYouMean } from './model/suggest.ts'

// What other files of the bundle take from this one (see esbuild.config.mjs).
export { DatastoreError } from './store/datastore.ts'
export { compactedError, futureError, lostLeaseError, refuseTransaction } from './store/drivers/limits.ts'
export { openStore } from './store/open.ts'

/**
 * The program: arguments and a context to an exit code. Only the command that is asked for is loaded and only its options are built, since
 * starting up is most of what a short command costs.
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  const { before, name, after } = splitAtCommand(argv)
  const debug = /(?:^|\s)(?:-l|--log-level)[ =]debug(?:\s|$)/.test(argv.join(' '))
  try {
    if (name === undefined) return helpOrUnknownOption(before, context)
    if (name === 'help') return await help(after, context)
    return await runCommand(name, [...before, ...after], context)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
    const { reportError } = await import('./commands/report.ts')
    const entry = commandList.find((row) => row.name === name)
    const code = await reportError(error, context, { name: entry?.name, debug })
    // To a question, 1 is an answer.
    return entry?.group === 'policy' ? EXIT.unknown : code
  }
}

// --- internal ---

async function runCommand(name: string, args: readonly string[], context: Context): Promise<number> {
  const entry = commandList.find((row) => row.name === name)
  if (!entry) throw unknownCommand(name)
  let code: number = EXIT.ok
  const run: Run =
    (action) =>
    async (...values) => {
      code = await action(context, ...values)
    }
  const command = new Command(`calicoctl ${entry.name}`).description(entry.summary)
  command.exitOverride().allowExcessArguments(false).showSuggestionAfterError(true)
  command.configureOutput({
    writeOut: (text) => context.stdout.write(text),
    // The error is thrown too, and told once, by `reportError`.
    writeErr: () => {},
  })
  const { define } = await commandModules[entry.name]()
  define(command, run)
  addGlobalOptions(command)
  await command.parseAsync(settleArguments(command, args), { from: 'user' })
  return code
}

function helpOrUnknownOption(before: readonly string[], context: Context): number {
  const unknown = before.find((word) => !['-h', '--help'].includes(word))
  if (unknown !== undefined) throw new UsageError(`unknown option '${unknown}'`, 'see: calicoctl --help')
  context.stdout.write(programHelp())
  return EXIT.ok
}

/** `calicoctl help [command]`. */
async function help(words: readonly string[], context: Context): Promise<number> {
  const [name] = words
  if (name !== undefined) return runCommand(name, ['--help'], context)
  context.stdout.write(programHelp())
  return EXIT.ok
}

function unknownCommand(name: string): UsageError {
  const names = commandList.map((entry) => entry.name)
  const suggestion = didYouMean(name, names)
  return new UsageError(
    `unknown command "${name}" for "calicoctl"`,
    suggestion === undefined ? `commands are: ${names.join(', ')}` : `did you mean "${suggestion}"?`,
  )
}
