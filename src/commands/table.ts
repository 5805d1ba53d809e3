import type { Command } from 'commander'
import type { Context } from './context.ts'

/** Declares a command's arguments and options on `command`, and what it does; `finish` takes the exit code. */
export type Define = (command: Command, run: Run) => void

/** Wraps a command's action: gives it the context and keeps the exit code it returns. */
export type Run = <Args extends unknown[]>(action: (context: Context, ...args: Args) => Promise<number> | number) => (...args: Args) => Promise<void>

export interface CommandEntry {
  readonly name: string
  readonly group: 'resources' | 'manifests' | 'about'
  readonly summary: string
  readonly load: () => Promise<{ readonly define: Define }>
}

/** Every command, in the order in which `--help` lists them. Modules are loaded when they are asked for. */
export const commandTable: readonly CommandEntry[] = [
  { name: 'get', group: 'resources', summary: 'Show resources', load: () => import('./get.ts') },
  { name: 'apply', group: 'resources', summary: 'Create resources, or change those that exist', load: () => import('./apply.ts') },
  { name: 'create', group: 'resources', summary: 'Create resources that do not exist yet', load: () => import('./create.ts') },
  { name: 'replace', group: 'resources', summary: 'Replace resources that exist', load: () => import('./replace.ts') },
  { name: 'delete', group: 'resources', summary: 'Delete resources', load: () => import('./delete.ts') },
  { name: 'patch', group: 'resources', summary: 'Change some fields of a resource', load: () => import('./patch.ts') },
  { name: 'label', group: 'resources', summary: 'Set, change or remove labels of a resource', load: () => import('./label.ts') },
  { name: 'validate', group: 'manifests', summary: 'Check manifests without a datastore', load: () => import('./validate.ts') },
  { name: 'convert', group: 'manifests', summary: 'Convert manifests between API versions v1 and v3', load: () => import('./convert.ts') },
  { name: 'version', group: 'about', summary: 'Show the versions of the program and of the cluster', load: () => import('./version.ts') },
]
