import { compareBytes } from '../model/json.ts'
import type { Problem } from '../model/problem.ts'
import type { ManifestInput, ReadOptions } from './manifest.ts'

export interface SourceFile {
  /** As the user wrote it, or the directory as written with the file's path below it; `-` for standard input. */
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The files that `-f` values name, in that order, one read at a time: a file, `-`, or a directory's `.yaml`, `.yml` and `.json` files in lexical order, with
 * `recursive` those of the directories below too (`reference/calicoctl.md 3.1`). What cannot be read is a problem, the others are read all the same.
 */
export async function* readSources(
  values: readonly string[],
  input: ManifestInput,
  options: ReadOptions,
  report: (problem: Problem) => void,
): AsyncGenerator<SourceFile> {
  for (const value of values) {
    try {
      if (value === '-') yield { name: '-', bytes: await input.stdin.read() }
      else if (await input.files.isDirectory(value)) yield* readDirectory(value, input, options, report)
      else yield { name: value, bytes: await input.files.readFile(value) }
    } catch (error) {
      report(unreadable(value, error))
    }
  }
}

// --- internal ---

const ENDINGS = /\.(?:yaml|yml|json)$/i

async function* readDirectory(
  directory: string,
  input: ManifestInput,
  options: ReadOptions,
  report: (problem: Problem) => void,
): AsyncGenerator<SourceFile> {
  let found = 0
  for await (const path of listManifests(directory, input, options.recursive ?? false, report)) {
    found++
    try {
      yield { name: path, bytes: await input.files.readFile(path) }
    } catch (error) {
      report(unreadable(path, error))
    }
  }
  if (found > 0 || options.skipEmpty) return
  report({
    code: 'no-resources',
    severity: 'error',
    message: `no resources specified in directory ${directory}`,
    file: directory,
    help: options.recursive
      ? 'files ending in .yaml, .yml or .json are read'
      : 'files ending in .yaml, .yml or .json are read; with --recursive also those of the directories below',
  })
}

async function* listManifests(
  directory: string,
  input: ManifestInput,
  recursive: boolean,
  report: (problem: Problem) => void,
): AsyncGenerator<string> {
  const entries = [...(await input.files.readDirectory(directory))].sort((a, b) => compareBytes(a.name, b.name))
  for (const { name, isDirectory } of entries) {
    const path = `${directory.replace(/(?<=.)\/+$/, '')}/${name}`.replace(/^\/\//, '/')
    if (!isDirectory) {
      if (ENDINGS.test(name)) yield path
    } else if (recursive) {
      try {
        yield* listManifests(path, input, recursive, report)
      } catch (error) {
        report(unreadable(path, error))
      }
    }
  }
}

function unreadable(path: string, error: unknown): Problem {
  const code = (error as { code?: unknown } | null)?.code
  const reason = typeof code === 'string' ? (REASONS[code] ?? code) : String(error instanceof Error ? error.message : error)
  return { code: 'unreadable-file', severity: 'error', message: `cannot read ${path}: ${reason}`, file: path }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'no such file or directory (a part of the path is no directory)',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ERR_FS_FILE_TOO_LARGE: 'the file is too large',
}
