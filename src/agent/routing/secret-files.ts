import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Passwords } from './bgp.ts'

/** Where secrets are by default. */
export const SECRETS_FOLDER = '/etc/calico/bgp-secrets'

/**
 * Passwords of BGP sessions, which resources name by a secret and a key in it: without Kubernetes these are a folder and a file, `FOLDER/NAME/KEY`, that nobody but its
 * owner may read. A line feed at the end is not part of it. Each is read anew when it is asked for.
 */
export function secretFiles(folder: string): Passwords {
  return ({ name = '', key = '' }) => {
    if (![name, key].every((part) => PART.test(part))) return { why: `"${name}/${key}" does not name a secret` }
    const path = join(folder, name, key)
    try {
      if ((statSync(path).mode & 0o077) !== 0) return { why: `others than its owner may read or write ${path}` }
      return { password: readFileSync(path, 'utf8').replace(/\r?\n$/, '') }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return { why: code === 'ENOENT' ? `there is no ${path}` : message }
    }
  }
}

// --- internal ---

/** What Kubernetes allows for either, which leads out of no folder. */
const PART = /^(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}$/
