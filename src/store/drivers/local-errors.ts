import { DatastoreError } from '../datastore.ts'

/** What an error of SQLite or the file system means for the user. */
export function toLocalError(error: unknown, path: string): DatastoreError {
  if (error instanceof DatastoreError) return error
  const text = error instanceof Error ? error.message : String(error)
  const failed = (code: DatastoreError['code'], message: string, help: string) => new DatastoreError(code, message, { help, cause: error })
  const another = 'name another file with --datastore or CALICOCTL_DATASTORE'
  if (/database is locked|SQLITE_BUSY/i.test(text))
    return failed('busy', `the local datastore at ${path} is busy: another process has been writing for too long`, 'try again')
  if (/readonly|EROFS|EACCES|EPERM|read-only/i.test(text))
    return failed('read-only', `cannot write the local datastore at ${path}: no permission, or the file system is read-only`, another)
  if (/disk is full|ENOSPC|SQLITE_FULL/i.test(text))
    return failed('full', `the disk is full: nothing was written to the local datastore at ${path}`, 'free some space and try again')
  if (/not a database|malformed|corrupt/i.test(text)) return failed('corrupt', `${path} is not a datastore of calicoctl, or it is damaged`, another)
  if (/ENOTDIR|ENOENT|EISDIR|unable to open/i.test(text)) return failed('unreachable', `cannot open the local datastore at ${path}: ${text}`, another)
  return failed('other', `the local datastore at ${path}: ${text}`, another)
}
