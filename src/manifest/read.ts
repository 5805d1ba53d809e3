import type { Fault } from '../model/decode.ts'
import { isObject } from '../model/decode.ts'
import type { Kind, Resource } from '../model/kind.ts'
import { checkMetadata } from '../model/names.ts'
import { formatPath, type Path, type Problem, type Range, type ResourceName } from '../model/problem.ts'
import { kindNamed } from '../model/registry.ts'
import { completeResource, decodeResource, validateResource } from '../model/resource.ts'
import type { TextFault } from './text-fault.ts'
import { type CachedItem, ManifestCache } from './cache.ts'
import { checkCharacters, decodeText } from './encoding.ts'
import { openDocument, type RawResource } from './envelope.ts'
import { Lines } from './lines.ts'
import { Locator } from './locate.ts'
import type { ConvertV1, Manifest, ManifestInput, ManifestItem, RawItem, RawManifest, ReadOptions } from './manifest.ts'
import { readSources, type SourceFile } from './sources.ts'
import { type Chunk, splitDocuments } from './split.ts'
import { readDocuments, type YamlDocument } from './yaml.ts'

/**
 * Reads the manifests that `-f` values name: files, directories, `-` for standard input. Every resource is decoded, completed and validated, and every
 * problem of every file is told, with its place. Nothing is thrown for bad input.
 */
export async function readManifests(values: readonly string[], input: ManifestInput, options: ReadOptions = {}): Promise<Manifest> {
  const reading = new Reading(options)
  const cache = options.cache && new ManifestCache(options.cache, `manifests-${nameFor(values)}`)
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

// --- internal ---

/** Documents between two reports of progress. */
const REPORT_EVERY = 200

class Reading implements Manifest {
  readonly items: ManifestItem[] = []
  readonly problems: Problem[] = []
  convertV1: ConvertV1 | undefined
  readonly #texts = new Map<string, ManifestFile>()
  readonly #options: ReadOptions
  readonly #raws: RawItem[] | undefined
  #documents = 0

  /** `raws`: where resources go undecoded. */
  constructor(options: ReadOptions, raws?: RawItem[]) {
    this.#options = options
    this.convertV1 = options.convertV1
    this.#raws = raws
  }

  get files(): number {
    return this.#texts.size
  }

  readonly source = (file: string): string | undefined => this.#texts.get(file)?.text

  /** Takes what an earlier run read from the same bytes, if one did. */
  recall(cache: ManifestCache, source: SourceFile): boolean {
    const known = cache.get(source.name, source.bytes)
    if (!known) return false
    const file = new ManifestFile(source.name, () => decodeText(source.bytes).text)
    this.#texts.set(source.name, file)
    let place: DocumentPlace | undefined
    for (const { kind: name, resource, document, start, end, place: at } of known) {
      const kind = kindNamed(name)
      if (place?.document !== document) place = new DocumentPlace(file, { start, end }, document)
      if (kind) this.items.push(new Item(kind, resource, place, at))
    }
    return true
  }

  /** `cache`: keeps what is good for the next run. */
  read(source: SourceFile, cache?: ManifestCache): void {
    const [problems, items] = [this.problems.length, this.items.length]
    this.#read(source)
    const isGood = this.problems.length === problems
    if (isGood) cache?.put(source.name, source.bytes, () => (this.items.slice(items) as Item[]).map((item) => item.toCache()))
  }

  #read(source: SourceFile): void {
    const { text, wide, fault } = decodeText(source.bytes)
    const file = new ManifestFile(source.name, () => text)
    this.#texts.set(source.name, file)
    const before = this.problems.length
    const report = (fault: TextFault): void => void this.problems.push(file.textProblem(fault))
    if (fault) return report(fault)
    // The peer cuts before it decodes: in UTF-16 it finds no separator.
    const chunks = wide ? [{ start: 0, end: text.length }] : splitDocuments(text, report)
    checkCharacters(text, new Set(chunks.map((chunk) => chunk.start)), report)
    if (this.problems.length > before) return
    let resources = 0
    let index = 0
    for (const document of readDocuments(text, chunks)) {
      resources += this.#readDocument(file, document, index++)
      if (++this.#documents % REPORT_EVERY === 0) this.#options.onProgress?.(this.#documents)
    }
    if (resources > 0 || this.problems.length > before || this.#options.skipEmpty) return
    this.problems.push({
      code: 'no-resources',
      severity: 'error',
      message: `no resources specified in file ${source.name}`,
      file: source.name,
      help: 'a manifest needs at least one document with "apiVersion" and "kind"; --skip-empty passes over files without any',
    })
  }

  /** How many resources the document has, faulty ones counted. */
  #readDocument(file: ManifestFile, { chunk, empty, value, faults }: YamlDocument, index: number): number {
    for (const fault of faults) this.problems.push(file.textProblem(fault))
    if (empty || faults.length > 0) return 0
    const place = new DocumentPlace(file, chunk, index)
    const raws = openDocument(value, this.convertV1, (fault) => this.problems.push(place.problem(fault, [], undefined)))
    for (const raw of raws) this.#readResource(place, raw)
    return raws.length
  }

  #readResource(place: DocumentPlace, { raw, kind, version, place: at }: RawResource): void {
    let faults = 0
    const name = nameOf(kind, raw)
    if (this.#raws) return void this.#raws.push({ raw, problem: (fault) => place.problem(fault, at, name) })
    const report = (fault: Fault): void => {
      faults++
      this.problems.push(place.problem(fault, at, name))
    }
    const resources = version === 'v1' ? this.convertV1?.(raw, report) : [raw]
    for (const resource of resources ?? []) this.#decode(place, at, resource, report, () => faults)
  }

  #decode(place: DocumentPlace, at: Path, raw: Record<string, unknown>, report: (fault: Fault) => void, faults: () => number): void {
    const kind = kindNamed(String(raw['kind']))
    if (!kind) throw new Error(`conversion made a ${String(raw['kind'])}`)
    const before = faults()
    const resource = decodeResource(kind, raw, { report })
    // Rules over a resource that lost fields would blame what is not wrong.
    if (faults() > before) return
    completeResource(kind, resource)
    if (!this.#options.namesOnly) validateResource(kind, resource, report)
    else if (!resource.metadata.name && !this.#options.nameless) checkMetadata(kind, resource.metadata, report)
    if (faults() === before) this.items.push(new Item(kind, resource, place, at))
  }
}

/** A file's text with its lines, and the document of it that was searched last. */
class ManifestFile {
  readonly name: string
  readonly #decode: () => string
  #text: string | undefined
  #lines: Lines | undefined
  #located: { readonly chunk: Chunk; readonly locator: Locator } | undefined

  constructor(name: string, decode: () => string) {
    this.name = name
    this.#decode = decode
  }

  get text(): string {
    return (this.#text ??= this.#decode())
  }

  range(start: number, end: number): Range {
    const lines = (this.#lines ??= new Lines(this.text))
    return { start: lines.position(start), end: lines.position(end) }
  }

  locator(chunk: Chunk): Locator {
    if (this.#located?.chunk !== chunk) this.#located = { chunk, locator: new Locator(this.text.slice(chunk.start, chunk.end)) }
    return this.#located.locator
  }

  textProblem(fault: TextFault): Problem {
    return {
      code: fault.code,
      severity: 'error',
      message: fault.message,
      file: this.name,
      range: this.range(fault.start, fault.end),
      ...(fault.path === undefined ? {} : { path: formatPath(fault.path) }),
      ...(fault.help === undefined ? {} : { help: fault.help }),
    }
  }
}

/** A document's place in its file. */
class DocumentPlace {
  readonly file: ManifestFile
  readonly chunk: Chunk
  readonly document: number

  constructor(file: ManifestFile, chunk: Chunk, document: number) {
    this.file = file
    this.chunk = chunk
    this.document = document
  }

  locate(path: Path, at: 'value' | 'key'): Range {
    const [start, end] = this.file.locator(this.chunk).find(path, at)
    return this.file.range(this.chunk.start + start, this.chunk.start + end)
  }

  problem(fault: Fault, at: Path, resource: ResourceName | undefined): Problem {
    return {
      code: fault.code,
      severity: 'error',
      message: fault.message,
      file: this.file.name,
      range: this.locate([...at, ...fault.path], fault.atKey ? 'key' : 'value'),
      ...(resource === undefined ? {} : { resource }),
      ...(fault.path.length === 0 ? {} : { path: formatPath(fault.path) }),
      ...(fault.help === undefined ? {} : { help: fault.help }),
    }
  }
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
