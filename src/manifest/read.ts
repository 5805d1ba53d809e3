import type { Fault } from '../model/decode.ts'
import { isObject } from '../model/decode.ts'
import type { Kind, Resource } from '../model/kind.ts'
import { checkMetadata } from '../model/names.ts'
import { isPolicyTest } from '../model/policy-test.ts'
import type { Path, Problem, Range, ResourceName } from '../model/problem.ts'
import { kindNamed } from '../model/registry.ts'
import { completeResource, decodeResource, validateResource } from '../model/resource.ts'
import { type CachedItem, ManifestCache } from './cache.ts'
import { openDocument, type RawResource } from './envelope.ts'
import type { ConvertV1, Manifest, ManifestInput, ManifestItem, RawItem, RawManifest, ReadOptions } from './manifest.ts'
import { type DocumentPlace, FileReader } from './reader.ts'
import { readSources, type SourceFile } from './sources.ts'

/**
 * Reads the manifests that `-f` values name: files, directories, `-` for standard input. Every resource is decoded, completed and validated, and every
 * problem of every file is told, with its place. Nothing is thrown for bad input.
 */
export async function readManifests(values: readonly string[], input: ManifestInput, options: ReadOptions = {}): Promise<Manifest> {
  const reading = new Reading(options)
  const cache = options.cache && new ManifestCache(options.cache, `manifests-${nameFor(values)}${options.passOverTests ? '-untested' : ''}`)
  for await (const source of readSources(values, input, options, (problem) => reading.problems.push(problem))) {
    // What comes by standard input is not kept.
    const kept = source.name === '-' ? undefined : cache
    if (kept && reading.recall(kept, source)) continue
    if (options.loadConvertV1) reading.convertV1 ??= await options.loadConvertV1()
    reading.read(source, kept)
  }
  cache?.save()
  return reading
}

/** Reads one manifest that is at hand as bytes. `name` is what problems call it. */
export function readManifest(name: string, bytes: Uint8Array, options: ReadOptions = {}): Manifest {
  const reading = new Reading(options)
  reading.read({ name, bytes })
  return reading
}

/** As `readManifests`, but the resources are left as parsed, those of version 1 too: `convert` has its own way with them. */
export async function readRawManifests(values: readonly string[], input: ManifestInput, options: ReadOptions): Promise<RawManifest> {
  const raws: RawItem[] = []
  const reading = new Reading(options, raws)
  for await (const source of readSources(values, input, options, (problem) => reading.problems.push(problem))) reading.read(source)
  return { items: raws, problems: reading.problems, files: reading.files, source: reading.source }
}

/** Decodes, completes and validates one resource of a document; of version 1 it may make several. Those with faults are left out. */
export function readResource(
  place: DocumentPlace,
  { raw, kind, version, place: at }: RawResource,
  options: ReadOptions,
  report: (problem: Problem) => void,
): ManifestItem[] {
  let faults = 0
  const name = nameOf(kind, raw)
  const tell = (fault: Fault): void => {
    faults++
    report(place.problem(fault, at, name))
  }
  const resources = version === 'v1' ? options.convertV1?.(raw, tell) : [raw]
  return (resources ?? []).flatMap((resource) => {
    const before = faults
    const item = decodeItem(place, at, resource, options, tell, () => faults > before)
    return item && faults === before ? [item] : []
  })
}

// --- internal ---

class Reading implements Manifest {
  readonly items: ManifestItem[] = []
  convertV1: ConvertV1 | undefined
  readonly #reader: FileReader
  readonly #options: ReadOptions
  readonly #raws: RawItem[] | undefined

  /** `raws`: where resources go undecoded. */
  constructor(options: ReadOptions, raws?: RawItem[]) {
    this.#options = options
    this.convertV1 = options.convertV1
    this.#raws = raws
    this.#reader = new FileReader((value, place) => this.#readDocument(value, place), options.onProgress)
  }

  get problems(): Problem[] {
    return this.#reader.problems
  }

  get files(): number {
    return this.#reader.files
  }

  get source(): (file: string) => string | undefined {
    return this.#reader.source
  }

  /** Takes what an earlier run read from the same bytes, if one did. */
  recall(cache: ManifestCache, source: SourceFile): boolean {
    const known = cache.get(source.name, source.bytes)
    if (!known) return false
    const placeOf = this.#reader.recall(source)
    let place: DocumentPlace | undefined
    for (const { kind: name, resource, document, start, end, place: at } of known) {
      const kind = kindNamed(name)
      if (place?.document !== document) place = placeOf({ start, end }, document)
      if (kind) this.items.push(new Item(kind, resource, place, at))
    }
    return true
  }

  /** `cache`: keeps what is good for the next run. */
  read(source: SourceFile, cache?: ManifestCache): void {
    const [problems, items] = [this.problems.length, this.items.length]
    const resources = this.#reader.read(source)
    if (resources === 0 && this.problems.length === problems && !this.#options.skipEmpty) {
      this.problems.push({
        code: 'no-resources',
        severity: 'error',
        message: `no resources specified in file ${source.name}`,
        file: source.name,
        help: 'a manifest needs at least one document with "apiVersion" and "kind"; --skip-empty passes over files without any',
      })
    }
    const isGood = this.problems.length === problems
    if (isGood) cache?.put(source.name, source.bytes, () => (this.items.slice(items) as Item[]).map((item) => item.toCache()))
  }

  /** How many resources the document has, faulty ones counted. */
  #readDocument(value: unknown, place: DocumentPlace): number {
    if (this.#options.passOverTests && isPolicyTest(value)) return 1
    const raws = openDocument(value, this.convertV1, (fault) => this.problems.push(place.problem(fault, [], undefined)))
    for (const raw of raws) this.#readResource(place, raw)
    return raws.length
  }

  #readResource(place: DocumentPlace, raw: RawResource): void {
    const report = (problem: Problem) => void this.problems.push(problem)
    if (!this.#raws) {
      const options = this.convertV1 ? { ...this.#options, convertV1: this.convertV1 } : this.#options
      this.items.push(...readResource(place, raw, options, report))
    } else {
      const name = nameOf(raw.kind, raw.raw)
      this.#raws.push({ raw: raw.raw, problem: (fault) => place.problem(fault, raw.place, name) })
    }
  }
}

function decodeItem(
  place: DocumentPlace,
  at: Path,
  raw: Record<string, unknown>,
  options: ReadOptions,
  report: (fault: Fault) => void,
  isFaulty: () => boolean,
): ManifestItem | undefined {
  const kind = kindNamed(String(raw['kind']))
  if (!kind) throw new Error(`conversion made a ${String(raw['kind'])}`)
  const resource = decodeResource(kind, raw, { report })
  // Rules over a resource that lost fields would blame what is not wrong.
  if (isFaulty()) return undefined
  completeResource(kind, resource)
  if (!options.namesOnly) validateResource(kind, resource, report)
  else if (!resource.metadata.name && !options.nameless) checkMetadata(kind, resource.metadata, report)
  return new Item(kind, resource, place, at)
}

class Item implements ManifestItem {
  readonly kind: Kind
  readonly resource: Resource
  readonly place: Path
  readonly #document: DocumentPlace

  constructor(kind: Kind, resource: Resource, document: DocumentPlace, place: Path) {
    this.kind = kind
    this.resource = resource
    this.place = place
    this.#document = document
  }

  get file(): string {
    return this.#document.file.name
  }

  toCache(): CachedItem {
    const { chunk, document } = this.#document
    return { kind: this.kind.kind, resource: this.resource, document, start: chunk.start, end: chunk.end, place: this.place }
  }

  get document(): number {
    return this.#document.document
  }

  locate(path: Path, at: 'value' | 'key' = 'value'): Range {
    return this.#document.locate([...this.place, ...path], at)
  }
}

/** A short name for what is read: when two share it, they only take turns in the cache. */
function nameFor(values: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const char of values.join('\n')) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

function nameOf(kind: string, raw: Record<string, unknown>): ResourceName {
  const metadata = isObject(raw['metadata']) ? raw['metadata'] : {}
  const { name, namespace } = metadata
  return {
    kind,
    ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
  }
}
