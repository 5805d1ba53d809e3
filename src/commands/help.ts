import type { Command, Option } from 'commander'

/** Puts examples first into a command's help. */
export function withExamples(command: Command, examples: readonly (readonly [line: string, what: string])[]): void {
  const width = Math.max(...examples.map(([line]) => line.length)) + 3
  const text = examples.map(([line, what]) => `  ${line.padEnd(width)}${what}`).join('\n')
  command.addHelpText('before', `${command.description()}\n\nExamples:\n${text}\n`)
  command.configureHelp({ commandDescription: () => '', optionDescription: describeOption })
}

// --- internal ---

/** An option's text with its choices and its default, where it has one worth telling. */
function describeOption(option: Option): string {
  const choices = option.argChoices ? `: ${option.argChoices.join(', ')}` : ''
  const value: unknown = option.defaultValue
  return `${option.description}${choices}${typeof value === 'string' ? ` (default: ${value})` : ''}`
}
