import { createRequire } from 'node:module'
import type { Database } from './sqlite.ts'

/** The package that brings Node's SQLite to versions without it. In the bundle a file of its own, which finds the compiled part at once. @throws when it is not installed */
export function sqlitePackage(): { readonly DatabaseSync: new (path: string) => Database } {
  return createRequire(import.meta.url)('@photostructure/sqlite') as { DatabaseSync: new (path: string) => Database }
}
