import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { PROGRAM } from './built.ts'

/** The checkout that the tests belong to. */
export const CHECKOUT = dirname(dirname(PROGRAM))

/** A folder of its own for a test, which is removed when `work` is done. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-system-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The environment of somebody who has just come: a home of their own in `folder`, nothing configured, the built program on the PATH. */
export function newcomer(folder: string): Record<string, string> {
  return { HOME: folder, PATH: `${dirname(PROGRAM)}:${process.env['PATH'] ?? ''}`, LANG: 'C.UTF-8' }
}

/** Copies what git would: the checkout without what is installed or built. */
export async function copyCheckout(to: string): Promise<void> {
  const made = (path: string) => dirname(path) === CHECKOUT && /^(?:node_modules|dist|schemas|coverage|\.git|\.build.*|.*\.tgz)$/.test(basename(path))
  await cp(CHECKOUT, to, { recursive: true, filter: (path) => !made(path) })
}
