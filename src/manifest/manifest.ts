import type { CacheStore } from './cache.ts'
import type { Fault } from '../model/decode.ts'
import type { Kind, Resource } from '../model/kind.ts'
import type { Path, Problem, Range } from '../model/problem.ts'

/** What the reader may touch; `files` and `stdin` of a command's context fit. */
export interface ManifestInput {
  readonly files: {
    readFile(path: string): Promise<Uint8Array>
    readDirectory(path: string): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>
    isDirectory(path: string): Promise<boolean>
  }
  readonly stdin: { read(): Promise<Uint8Array> }
}

export interface ReadOptions {
  /** `-R`: directories below a directory too. */
  readonly recursive?: boolean
  /** `--skip-empty`: files and directories without resources are no problem. */
  readonly skipEmpty?: boolean
  /** Makes v3 resources of v1 ones; without it `apiVersion: v1` is unknown. */
  readonly convertV1?: ConvertV1
  /** The same, loaded only when something has to be read that is not in the cache. */
  readonly loadConvertV1?: () => Promise<ConvertV1>
  /** Only names matter (`delete -f`, `get -f`): faults of a resource outside `apiVersion`, `kind` and `metadata` are still reported, rules across fields are not run. */
  readonly namesOnly?: boolean
  /** With `namesOnly`: a resource without a name is no problem (`get -f` then lists its kind). */
  readonly nameless?: boolean
  /** Called now and then with the number of documents read so far. */
  readonly onProgress?: (documents: number) => void
  /** Where what was read is kept for the next run; only when resources are read in full. */
  readonly cache?: CacheStore
  /** Policy tests are no resources, but may lie beside them. */
  readonly passOverTests?: boolean
}

/**
 * Makes a raw v3 resource (what parsed YAML would give: `apiVersion`, `kind`, `metadata`, `spec`) of a raw v1 one, or several. Faults have paths in the v1
 * document; undefined when it could not be converted (then at least one fault was reported).
 */
export interface ConvertV1 {
  (raw: Record<string, unknown>, report: (fault: Fault) => void): readonly Record<string, unknown>[] | undefined
  /** The v1 kinds it knows, as files spell them (`policy`, `ipPool`, ...). */
  readonly kinds: readonly string[]
  /** Whether it takes documents of yet another API, such as Kubernetes' NetworkPolicy. */
  readonly takes?: (kind: string, apiVersion: string) => boolean
}

/** One resource of a manifest as parsed: only its `apiVersion` and `kind` are known to be good. */
export interface RawItem {
  readonly raw: Record<string, unknown>
  /** Makes a problem of a fault in it, with the fault's place in the file. */
  readonly problem: (fault: Fault) => Problem
}

/** What was read without being decoded: for conversion. */
export interface RawManifest extends Omit<Manifest, 'items'> {
  readonly items: readonly RawItem[]
}

/** One resource of a manifest, decoded, completed and validated. */
export interface ManifestItem {
  readonly resource: Resource
  readonly kind: Kind
  /** As in `Problem.file`: the path the user gave (with the file below a directory), `-` for standard input. */
  readonly file: string
  /** Which document of the file, from 0, empty ones counted. */
  readonly document: number
  /** Where in the document, `[]` for the document itself, `['items', 3]` in a list. */
  readonly place: Path
  /** Where a field of the resource stands: its value, or its name; the nearest field above when it is not written. Parses the document again: for messages only. */
  locate(path: Path, at?: 'value' | 'key'): Range
}

/** All that was read: nothing may be written when there is a problem of severity `error`. */
export interface Manifest {
  readonly items: readonly ManifestItem[]
  readonly problems: readonly Problem[]
  /** How many files were read, standard input included. */
  readonly files: number
  /** The text of a file that was read, by the name it has in `Problem.file`, for source frames. */
  readonly source: (file: string) => string | undefined
}
