import { spawn } from 'node:child_process'
import type { RunResult } from '../context.ts'

export interface ShellOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

/** Runs a bash script to its end, without input. */
export function shell(script: string, options: ShellOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [...(options.args ?? []), '-c', script], { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, stdout: String(Buffer.concat(out)), stderr: String(Buffer.concat(err)) }))
  })
}
