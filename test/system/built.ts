import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunOptions, RunResult } from '../context.ts'

/** The launcher of the built program, also when this runs compiled. */
export const PROGRAM = fileURLToPath(new URL(import.meta.url.includes('/.build') ? '../../../bin/calicoctl' : '../../bin/calicoctl', import.meta.url))

/** Runs the built program as a process of its own. */
export function runBuilt(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { child, ended } = startBuilt(args, options)
  child.stdin?.end(options.stdin ?? '')
  return ended
}

/** Starts the built program and leaves its standard input open. `ended` resolves when it is gone; killed by a signal, the code is -1. */
export function startBuilt(args: readonly string[], options: RunOptions = {}): { readonly child: ChildProcess; readonly ended: Promise<RunResult> } {
  const env = Object.fromEntries(Object.entries({ PATH: process.env['PATH'], ...options.env }).filter(([, value]) => value !== undefined))
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: options.cwd ?? '/', env })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  // A program that ends without reading its input is no fault of the test.
  child.stdin.on('error', () => {})
  const ended = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
    )
  })
  return { child, ended }
}
