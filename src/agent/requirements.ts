import { UserError } from '../model/user-error.ts'
import { ProgramError, runProgram } from './host/program.ts'

/** Sees to it that the programs are there that the agent runs. @throws UserError for one that is not, with the package that has it */
export async function requirePrograms({ bird }: { readonly bird: boolean }): Promise<void> {
  for (const { command, from } of bird ? [...PROGRAMS, BIRD] : PROGRAMS) {
    try {
      await runProgram(command)
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      throw new UserError(`the agent needs the program ${command[0]}: ${error.message}`, `on Debian: apt-get install ${from}`)
    }
  }
}

// --- internal ---

interface Requirement {
  readonly command: readonly string[]
  /** The Debian package that has it. */
  readonly from: string
}

const PROGRAMS: readonly Requirement[] = [
  { command: ['nft', '--version'], from: 'nftables' },
  { command: ['ip', '-Version'], from: 'iproute2' },
]
const BIRD: Requirement = { command: ['bird', '--version'], from: 'bird2' }
