import { Command, CommanderError } from 'commander'
import { commandTable } from './commands/table.ts'
import { type Context, EXIT } from './commands/context.ts'
import { globalOptions } from './commands/options.ts'
import { reportError } from './commands/report.ts'
import { programHelp } from './commands/help.ts'
import { normalizeArguments } from './commands/arguments.ts'

/**
 * The program: arguments and a context to an exit code. Only the command that is asked for is loaded and only its options are built,
 * since starting up is most of what a short command costs.
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  const { before, name, after } = splitAtCommand(argv)
  const entry = commandTable.find((row) => row.name === name)
  try {
    if (!entry) return unknownCommand(name, before, context)
    const program = new Command('calicoctl')
    let code: number = EXIT.ok
    const command = program.command(entry.name).description(entry.summary)
    for (const each of [program, command]) {
      each.exitOverride().configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
        outputError: () => {},
      })
    }
    const { define } = await entry.load()
    define(command, context, (result) => {
      code = result
    })
    globalOptions(command)
    await program.parseAsync([entry.name, ...normalizeArguments(command, [...before, ...after])], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
    return reportError(error, context, { command: entry?.name, debug: isDebug(argv) })
  }
}
