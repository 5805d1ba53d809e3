import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes the file, and the folders above it, readable by their owner alone. One folder at a time: a recursive mkdir spins below /proc on Node 20. */
export function makePrivate(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  // A folder goes on to be opened, which tells it in the system's words; SQLite's do not say why.
  if (found && !found.isDirectory()) return
  const missing: string[] = []
  for (let folder = dirname(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder)
  for (const folder of missing) makeFolder(folder)
  closeSync(openSync(path, 'a', 0o600))
}

// --- internal ---

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process may have been faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
