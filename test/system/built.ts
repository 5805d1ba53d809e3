import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunOptions, RunResult } from '../context.ts'

/** The launcher of the built program, also when this runs compiled. */
export const PROGRAM = fileURLToPath(new URL(import.meta.url.includes('/.build') ? '../../../bin/calicoctl' : '../../bin/calicoctl', import.meta.url))

/** Runs the built program as a process of its own. */
export function runBuilt(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const env = Object.fromEntries(Object.entries({ PATH: process.env['PATH'], ...options.env }).filter(([, value]) => value !== undefined))
    const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: options.cwd ?? '/', env })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
    )
    // A program that ends without reading its input is no fault of the test.
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin ?? '')
  })
}
