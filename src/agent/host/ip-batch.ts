import { runProgram } from './program.ts'

/**
 * Carries out lines of `ip`'s own language in one process, which starts slower than it works. @throws ProgramError at the first line that fails: those after it are
 * not carried out, unless `goOn`
 */
export async function runIpBatch(lines: readonly string[], options: { readonly goOn?: boolean } = {}): Promise<void> {
  if (lines.length === 0) return
  await runProgram(['ip', ...(options.goOn ? ['-force'] : []), '-batch', '-'], { input: `${lines.join('\n')}\n` })
}
