import type { Resource } from '../model/kind.ts'
import type { Path } from '../model/problem.ts'

/** Where results of earlier runs are kept, by name. What is lost is only computed again. */
export interface CacheStore {
  /** Tells the program that wrote from another one: an entry of another is not read. */
  readonly version: string
  read(name: string): Uint8Array | undefined
  write(name: string, bytes: Uint8Array): void
}

/** One resource as it was read, and the document where it stands. */
export interface CachedItem {
  readonly kind: string
  readonly resource: Resource
  readonly document: number
  readonly start: number
  readonly end: number
  readonly place: Path
}

/**
 * What good manifests came to, kept for the next run: reading YAML costs far more than asking a question about it. An entry counts only for a file whose
 * bytes are the same, one by one; so it can never be out of date.
 */
export class ManifestCache {
  readonly #store: CacheStore
  readonly #name: string
  #known: ReadonlyMap<string, Entry> | undefined
  readonly #next = new Map<string, Entry>()
  #changed = false

  /** `name`: what these manifests are called in the store. */
  constructor(store: CacheStore, name: string) {
    this.#store = store
    this.#name = name
  }

  get(file: string, bytes: Uint8Array): readonly CachedItem[] | undefined {
    this.#known ??= this.#load()
    const entry = this.#known.get(file)
    if (!entry || !areEqual(entry.bytes, bytes)) return undefined
    this.#next.set(file, entry)
    return entry.items
  }

  put(file: string, bytes: Uint8Array, items: () => readonly CachedItem[]): void {
    this.#changed = true
    this.#next.set(file, { bytes, items: items() })
  }

  /** Keeps what this run read, if that is something new. */
  save(): void {
    if (!this.#changed) return
    const files = [...this.#next].map(([name, { bytes, items }]) => ({ name, length: bytes.length, items }))
    const texts = [...this.#next.values()].map(({ bytes }) => bytes)
    const size = texts.reduce((sum, { length }) => sum + length, 0)
    if (size > MOST_BYTES) return
    let head: Buffer
    try {
      head = Buffer.from(JSON.stringify({ version: this.#store.version, files }))
    } catch {
      // A number beyond what JSON holds exactly.
      return
    }
    this.#store.write(this.#name, Buffer.concat([Buffer.from(`${head.length}\n`), head, ...texts]))
  }

  // --- internal ---

  #load(): ReadonlyMap<string, Entry> {
    const found = this.#store.read(this.#name)
    const entries = new Map<string, Entry>()
    if (!found) return entries
    const kept = Buffer.from(found.buffer, found.byteOffset, found.length)
    const line = kept.indexOf(10)
    const end = line + 1 + Number(kept.toString('latin1', 0, line))
    const head = parseHead(kept.toString('utf8', line + 1, end))
    if (head?.version !== this.#store.version) return entries
    let at = end
    for (const { name, length, items } of head.files) {
      entries.set(name, { bytes: kept.subarray(at, at + length), items })
      at += length
    }
    return entries
  }
}

// --- internal ---

/** More manifests than this are read anew each time. */
const MOST_BYTES = 16_000_000

interface Entry {
  readonly bytes: Uint8Array
  readonly items: readonly CachedItem[]
}

interface Head {
  readonly version: string
  readonly files: readonly { readonly name: string; readonly length: number; readonly items: readonly CachedItem[] }[]
}

/** Undefined for what a crash or another program left. */
function parseHead(text: string): Head | undefined {
  try {
    return JSON.parse(text) as Head
  } catch {
    return undefined
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}
