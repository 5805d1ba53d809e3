import { type ChildProcess, spawn } from 'node:child_process'

/** A program that ended with another status than 0, or did not come to its end. `message` is what it said. */
export class ProgramError extends Error {}

/** A program that has said neither yes nor no: it could not be started, was killed, or hung. */
export class ProgramLost extends ProgramError {}

export interface ProgramOptions {
  /** What it reads from standard input; nothing by default. */
  readonly input?: string
  /** Milliseconds after which it is killed; by default a minute. */
  readonly patience?: number
}

/** Runs a program to its end, without a shell, and gives what it printed. @throws ProgramError */
export async function runProgram(command: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const child = startProgram(command)
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  // A program that ends without reading all of its input says why.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  const patience = options.patience ?? PATIENCE
  let timer: NodeJS.Timeout | undefined
  const status = await new Promise<number>((resolve, reject) => {
    const lost = (why: string) => reject(new ProgramLost(why))
    timer = setTimeout(() => {
      child.kill('SIGKILL')
      // One that the kernel holds ends later than that.
      lost(`${command[0]} did not end within ${patience / 1000} s`)
    }, patience)
    child.on('error', (error) => lost(`cannot run ${command[0]}: ${error.message}`))
    child.once('close', (code, signal) => (code === null ? lost(`${command[0]} was ended by ${signal}`) : resolve(code)))
  }).finally(() => clearTimeout(timer))
  if (status !== 0) throw new ProgramError(Buffer.concat(err).toString('utf8').trim() || `${command[0]} ended with ${status}`)
  return Buffer.concat(out).toString('utf8')
}

/** Starts a program whose output is read as it comes; it is ended when the signal aborts. */
export function startProgram(command: readonly string[], signal?: AbortSignal): ChildProcess {
  const [program = '', ...args] = command
  // What it says is read: it is to say it in one language.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
  if (signal) {
    // A program that cannot be started is told by its end.
    child.on('error', () => {})
    if (signal.aborted) child.kill()
    else signal.addEventListener('abort', () => child.kill(), { once: true })
  }
  return child
}

// --- internal ---

/** Milliseconds: the largest of transactions take seconds. */
const PATIENCE = 60_000
