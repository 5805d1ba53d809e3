import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { DatastoreError } from '../datastore.ts'

/** What an error of SQLite or the file system means for the user. */
export function toLocalError(error: unknown, path: string): DatastoreError {
  if (error instanceof DatastoreError) return error
  const text = error instanceof Error ? error.message : String(error)
  // The system's codes, not its texts: those quote the path, which may say anything.
  const { code = '', syscall } = error as NodeJS.ErrnoException
  const is = (codes: readonly string[], words: RegExp) => (syscall === undefined ? words.test(text) : codes.includes(code))
  const failed = (kind: DatastoreError['code'], message: string, help: string) => new DatastoreError(kind, message, { help, cause: error })
  const another = 'name another file with --datastore or CALICOCTL_DATASTORE'
  if (is([], /database (table )?is locked/i)) {
    return failed('busy', `the local datastore at ${path} is busy: another process has been writing for too long`, 'try again')
  }
  if (is(['EROFS', 'EACCES', 'EPERM'], /readonly|read-only/i) || (is([], /unable to open/i) && !isWritable(dirname(path)))) {
    return failed('read-only', `cannot write the local datastore at ${path}: no permission, or the file system is read-only`, another)
  }
  if (is(['ENOSPC', 'EDQUOT'], /disk is full/i)) {
    return failed('full', `the disk is full: nothing was written to the local datastore at ${path}`, 'free some space and try again')
  }
  if (is([], /not a database|malformed|corrupt/i)) {
    return failed('corrupt', `${path} is not a datastore of calicoctl, or it is damaged`, another)
  }
  if (syscall !== undefined || /unable to open/i.test(text)) {
    return failed(
      'unreachable',
      `cannot open the local datastore at ${path}: ${REASONS[code] ?? (syscall === undefined ? 'SQLite cannot open the file' : code)}`,
      another,
    )
  }
  return failed('other', `the local datastore at ${path}: ${text}`, another)
}

// --- internal ---

/** SQLite does not say why it cannot open a file: beside it, a log is to be made. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: 'what should be a folder on the way there is a file',
  ENOENT: 'no folder can be made there',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'symbolic links lead round in circles',
}
