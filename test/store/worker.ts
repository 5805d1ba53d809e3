import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Datastore } from '../../src/store/datastore.ts'
import { openEtcd } from '../../src/store/drivers/etcd.ts'
import { openLocal } from '../../src/store/drivers/local.ts'
import { openDatabase } from '../../src/store/drivers/sqlite.ts'
import { increment, put } from './contract.ts'

/** What a process of its own does with a store, until it is done or killed. */
export type Job = 'increment' | 'lease' | 'write' | 'lock' | 'watch'

/** Starts a process. `address` is a path or an endpoint. */
export function startWorker(job: Job, address: string, key: string, count = 0): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), job, address, key, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The next line of text that a process writes. */
export function nextLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8').trim()))
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)))
  })
}

/** The exit code of a process, -1 when it was killed. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.once('exit', (code) => resolve(code ?? -1))
  })
}

/** Ends a process at once, as a crash would. */
export async function crash(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await ended(child)
}

/** How many keys each transaction of a `write` job puts; all of them get the transaction's number. */
export const WRITTEN_TOGETHER = 20

// --- internal ---

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [job, address = '', key = '', count] = process.argv.slice(2)
  await work(job as Job, address, key, Number(count))
}

async function work(job: Job, address: string, key: string, count: number): Promise<void> {
  if (job === 'lock') return lock(address)
  const store: Datastore = address.startsWith('/') ? openLocal(address) : openEtcd({ endpoints: [address] })
  if (job === 'increment') await increment(store, key, count)
  if (job === 'lease') {
    const lease = await store.lease(count)
    await store.txn({ compare: [], then: [{ type: 'put', key, value: 'held', lease }] })
    console.log('ready')
    return stay()
  }
  if (job === 'write') {
    for (let i = 1; ; i++) {
      const value = String(i).repeat(100)
      const then = Array.from({ length: WRITTEN_TOGETHER }, (_, n) => ({ type: 'put', key: key + n, value }) as const)
      const { revision } = await store.txn({ compare: [], then })
      console.log(revision)
    }
  }
  if (job === 'watch') {
    const from = await put(store, `${key}ready`, '')
    console.log('ready')
    const end = new AbortController()
    let seen = 0
    for await (const { events } of store.watch({ start: key, end: `${key}~` }, from + 1, end.signal)) {
      seen += events.length
      if (seen >= count) end.abort()
    }
    console.log(seen)
  }
  await store.close()
}

/** Holds the lock for writing. */
function lock(path: string): Promise<void> {
  const database = openDatabase(path)
  database.exec('BEGIN IMMEDIATE')
  console.log('ready')
  // Held on to: a database that nobody holds is closed when memory is tidied up, and the lock is gone with it.
  return stay(database)
}

function stay(held?: object): Promise<void> {
  return new Promise((resolve) => setTimeout(() => resolve(void held), 600_000))
}
