import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import type { CacheStore } from './manifest/cache.ts'

/** The folder of the launcher's compiled code, `~/.cache/calicoctl`, as a store; like that for the user alone. `version`: of this very build. */
export function cacheIn(env: Readonly<Record<string, string | undefined>>, version: string): CacheStore {
  const home = env['XDG_CACHE_HOME'] || (env['HOME'] && `${env['HOME']}/.cache`)
  const folder = `${home}/calicoctl`
  return {
    version,
    read: (name) => (home ? readOwn(`${folder}/${name}`) : undefined),
    write(name, bytes) {
      if (!home) return
      const path = `${folder}/${name}`
      for (const parent of [home, folder]) attempt(() => mkdirSync(parent, { mode: 0o700 }))
      attempt(() => {
        writeFileSync(`${path}.${process.pid}`, bytes, { mode: 0o600 })
        renameSync(`${path}.${process.pid}`, path)
        forgetOldest(folder)
      })
    },
  }
}

// --- internal ---

/** How many sets of manifests are kept. */
const KEPT = 32

/** A cache that cannot be written only costs the speed-up. */
function attempt(action: () => void): void {
  try {
    action()
  } catch {}
}

function forgetOldest(folder: string): void {
  const names = readdirSync(folder).filter((name) => name.startsWith('manifests-'))
  if (names.length <= KEPT) return
  const entries = names.map((name) => ({ path: `${folder}/${name}`, time: statSync(`${folder}/${name}`).mtimeMs }))
  for (const { path } of entries.sort((a, b) => b.time - a.time).slice(KEPT)) unlinkSync(path)
}

/** Only a file that nobody else can have written. */
function readOwn(path: string): Uint8Array | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const { uid, mode } = fstatSync(descriptor)
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? readFileSync(descriptor) : undefined
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
