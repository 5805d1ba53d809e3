import type { Command } from 'commander'
import { UsageError } from './usage-error.ts'
import { VALUE_OPTIONS } from './options.ts'

/** Finds the command's name among the arguments: the first word that is neither an option nor an option's value. */
export function splitAtCommand(argv: readonly string[]): { readonly before: string[]; readonly name?: string; readonly after: string[] } {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? ''
    if (VALUE_OPTIONS.has(word)) i++
    else if (!word.startsWith('-') || word === '-') return { before: argv.slice(0, i), name: word, after: argv.slice(i + 1) }
  }
  return { before: [...argv], after: [] }
}

/**
 * What the peer's parser takes and ours does not: boolean options with a value (`--skip-exists=false`), which are set or left out, and short options
 * with an equals sign (`-o=json`).
 */
export function settleArguments(command: Command, argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  const settled = options.flatMap((word) => {
    const short = /^(-[A-Za-z])=(.*)$/s.exec(word)
    if (short && command.options.some((known) => known.short === short[1])) return [short[1] ?? '', short[2] ?? '']
    const [, flag = '', value = ''] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
    const option = command.options.find((known) => known.long === flag && known.isBoolean())
    if (!option) return [word]
    if (TRUE.has(value)) return [flag]
    if (FALSE.has(value)) return []
    throw new UsageError(`invalid argument "${value}" for "${flag}": write ${flag}=true or ${flag}=false`)
  })
  return end < 0 ? settled : [...settled, ...argv.slice(end)]
}

// --- internal ---

/** What Go's flag parser takes for a boolean. */
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
