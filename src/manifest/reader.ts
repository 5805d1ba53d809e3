import type { Fault } from '../model/decode.ts'
import { formatPath, type Path, type Problem, type Range, type ResourceName } from '../model/problem.ts'
import { checkCharacters, decodeText } from './encoding.ts'
import { Lines } from './lines.ts'
import { Locator } from './locate.ts'
import type { SourceFile } from './sources.ts'
import { type Chunk, splitDocuments } from './split.ts'
import type { TextFault } from './text-fault.ts'
import { readDocuments } from './yaml.ts'

/** Reads what a document holds; gives how many things that is, faulty ones counted. */
export type TakeDocument = (value: unknown, place: DocumentPlace) => number

/** Cuts files into documents and hands each on with its place. What is wrong with a text itself is a problem here. */
export class FileReader {
  readonly problems: Problem[] = []
  readonly #texts = new Map<string, ManifestFile>()
  readonly #take: TakeDocument
  readonly #onProgress: ((documents: number) => void) | undefined
  #documents = 0

  /** `onProgress`: called now and then with the number of documents read so far. */
  constructor(take: TakeDocument, onProgress?: (documents: number) => void) {
    this.#take = take
    this.#onProgress = onProgress
  }

  /** How many were read. */
  get files(): number {
    return this.#texts.size
  }

  /** The text of a file that was read, by its name. */
  readonly source = (file: string): string | undefined => this.#texts.get(file)?.text

  /** Notes a file whose documents are known; its text is decoded when something in it has to be shown. Gives the places of its documents. */
  recall(source: SourceFile): (chunk: Chunk, document: number) => DocumentPlace {
    const file = new ManifestFile(source.name, () => decodeText(source.bytes).text)
    this.#texts.set(source.name, file)
    return (chunk, document) => new DocumentPlace(file, chunk, document)
  }

  /** Gives how many things the file holds; none when there are problems with its text. */
  read(source: SourceFile): number {
    const { text, wide, fault } = decodeText(source.bytes)
    const file = new ManifestFile(source.name, () => text)
    this.#texts.set(source.name, file)
    const before = this.problems.length
    const report = (fault: TextFault): void => void this.problems.push(file.textProblem(fault))
    if (fault) {
      report(fault)
      return 0
    }
    // The peer cuts before it decodes: in UTF-16 it finds no separator.
    const chunks = wide ? [{ start: 0, end: text.length }] : splitDocuments(text, report)
    checkCharacters(text, new Set(chunks.map((chunk) => chunk.start)), report)
    if (this.problems.length > before) return 0
    let things = 0
    let index = 0
    for (const { chunk, empty, value, faults } of readDocuments(text, chunks)) {
      for (const fault of faults) report(fault)
      if (!empty && faults.length === 0) things += this.#take(value, new DocumentPlace(file, chunk, index))
      index++
      if (++this.#documents % REPORT_EVERY === 0) this.#onProgress?.(this.#documents)
    }
    return things
  }
}

/** A document's place in its file. */
export class DocumentPlace {
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

// --- internal ---

/** Documents between two reports of progress. */
const REPORT_EVERY = 200

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
