import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isObject } from '../model/decode.ts'
import type { Footprint, FootprintStore } from './dataplane/dataplane.ts'

/** Keeps the footprint in a file. One that is not there, or not to be understood, is none: then the kernel is written anew. */
export function footprintFile(path: string): FootprintStore {
  return {
    async read() {
      try {
        const value: unknown = JSON.parse(await readFile(path, 'utf8'))
        const { wanted, listed } = isObject(value) ? value : {}
        return typeof wanted === 'string' && typeof listed === 'string' ? { wanted, listed } : undefined
      } catch {
        return undefined
      }
    },
    async write(footprint: Footprint | undefined) {
      if (!footprint) return rm(path, { force: true })
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.new`, JSON.stringify(footprint), { mode: 0o600 })
      await rename(`${path}.new`, path)
    },
  }
}
