import { ProgramError, runProgram } from '../host/program.ts'
import type { Log } from '../log.ts'

/**
 * Lets what our rules allow pass Docker's own, which drop what is forwarded and not Docker's (`reference/docker-e2e.md 5`): in the chain that Docker keeps for this.
 * Nothing to do where there is no such chain.
 */
export async function acceptForwarding(log: Log): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) {
    try {
      await runProgram([program, '-w', '-n', '-L', CHAIN])
    } catch (error) {
      if (error instanceof ProgramError) continue
      throw error
    }
    for (const direction of ['-i', '-o']) {
      const rule = [CHAIN, direction, 'cali+', '-j', 'ACCEPT']
      try {
        await runProgram([program, '-w', '-C', ...rule])
      } catch {
        try {
          await runProgram([program, '-w', '-I', ...rule])
          log('info', "Docker's rules let workloads' traffic pass now: what may pass is decided by policy", { program, rule: rule.join(' ') })
        } catch (error) {
          log('error', "Docker's rules cannot be made to let workloads' traffic pass", {
            program,
            why: error instanceof Error ? error.message : String(error),
          })
        }
      }
    }
  }
}

// --- internal ---

const CHAIN = 'DOCKER-USER'
