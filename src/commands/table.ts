import type { Command } from 'commander'
import type { Context } from './context.ts'
import type { CommandName } from './list.ts'

/** Declares a command's arguments and options on `command`, and what it does; `run` wraps its action. */
export type Define = (command: Command, run: Run) => void

/** Wraps a command's action: gives it the context and keeps the exit code it returns. */
export type Run = <Args extends unknown[]>(action: (context: Context, ...args: Args) => Promise<number> | number) => (...args: Args) => Promise<void>

/** Where each command is; loaded when it is asked for. */
export const commandModules: Readonly<Record<CommandName, () => Promise<{ readonly define: Define }>>> = {
  get: () => import('./get.ts'),
  apply: () => import('./apply.ts'),
  create: () => import('./create.ts'),
  replace: () => import('./replace.ts'),
  delete: () => import('./delete.ts'),
  patch: () => import('./patch.ts'),
  label: () => import('./label.ts'),
  why: () => import('./why.ts'),
  reach: () => import('./reach.ts'),
  exposure: () => import('./exposure.ts'),
  applies: () => import('./applies.ts'),
  selects: () => import('./selects.ts'),
  diff: () => import('./diff.ts'),
  test: () => import('./test.ts'),
  lint: () => import('./lint.ts'),
  validate: () => import('./validate.ts'),
  convert: () => import('./convert.ts'),
  node: () => import('./node.ts'),
  ipam: () => import('./ipam.ts'),
  datastore: () => import('./datastore.ts'),
  version: () => import('./version.ts'),
}
