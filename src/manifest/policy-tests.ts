import { dirname, isAbsolute, join } from 'node:path'
import { decode, type Fault, isObject } from '../model/decode.ts'
import { isPolicyTest, type PolicyTestDocument, policyTestSchema, TEST_API_VERSION, TEST_KIND } from '../model/policy-test.ts'
import type { Path, Problem, Range } from '../model/problem.ts'
import { didYouMean } from '../model/suggest.ts'
import { openDocument } from './envelope.ts'
import type { ConvertV1, Manifest, ManifestInput, ManifestItem } from './manifest.ts'
import { readManifests, readResource } from './read.ts'
import { type DocumentPlace, FileReader } from './reader.ts'
import { readSources } from './sources.ts'

/** One document of tests, decoded. */
export interface PolicyTest {
  readonly name?: string
  /** As in `Problem.file`. */
  readonly file: string
  /** Those of `allow`, then those of `deny`. */
  readonly entries: readonly TestEntry[]
  /** What the test is about, when it says so itself. */
  readonly resources: readonly ManifestItem[] | undefined
  /** Where a part of the document stands. Parses it again: for messages. */
  locate(path: Path, at?: 'value' | 'key'): Range
}

export interface TestEntry {
  readonly expect: 'allow' | 'deny'
  readonly name?: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly ports: readonly string[]
  readonly except: readonly string[]
  readonly by?: string
  /** Where in the document, as in `['allow', 0]`. */
  readonly path: Path
}

export interface PolicyTests {
  readonly tests: readonly PolicyTest[]
  /** With one of severity `error` there is nothing to run. */
  readonly problems: readonly Problem[]
  readonly files: number
  /** The text of a file that was read, tests and manifests alike, for source frames. */
  readonly source: (file: string) => string | undefined
  /** Files and directories that were read besides those that were asked for. */
  readonly fixtures: readonly string[]
}

/**
 * Reads policy tests: files, `-`, and directories with all below them, in which manifests may lie too. The manifests that tests name are read with them.
 * Every problem is told, with its place.
 */
export async function readPolicyTests(values: readonly string[], input: ManifestInput, convertV1: ConvertV1): Promise<PolicyTests> {
  const reading = new TestReading(values, convertV1)
  for await (const source of readSources(values, input, { recursive: true, skipEmpty: true }, (problem) => reading.problems.push(problem)))
    reading.read(source)
  const manifests = new Map<string, Manifest>()
  const tests: PolicyTest[] = []
  for (const { place, document, items, ...test } of reading.found) {
    const resources: ManifestItem[] = []
    for (const [index, file] of (document.files ?? []).entries()) {
      const path = isAbsolute(file) || file === '' ? file : join(test.file === '-' ? '.' : dirname(test.file), file)
      const known = manifests.get(path)
      const manifest = known ?? (await readManifests([path], input, { recursive: true, passOverTests: true, convertV1 }))
      manifests.set(path, manifest)
      resources.push(...manifest.items)
      for (const problem of known ? [] : manifest.problems) {
        // What is no file at all is wrong in the test.
        const isHere = problem.file === path && problem.range === undefined
        reading.problems.push(isHere ? { ...problem, file: test.file, range: place.locate(['files', index], 'value') } : problem)
      }
    }
    resources.push(...items)
    const isAlone = document.files !== undefined || document.resources !== undefined
    tests.push({ ...test, resources: isAlone ? resources : undefined, locate: (path, at = 'value') => place.locate(path, at) })
  }
  const all = [...manifests.values()]
  return {
    tests,
    problems: reading.problems,
    files: reading.files + all.reduce((sum, { files }) => sum + files, 0),
    source: (file) => reading.source(file) ?? all.map(({ source }) => source(file)).find((text) => text !== undefined),
    fixtures: [...manifests.keys()],
  }
}

// --- internal ---

interface Found {
  readonly place: DocumentPlace
  readonly document: PolicyTestDocument
  readonly items: readonly ManifestItem[]
  readonly name?: string
  readonly file: string
  readonly entries: readonly TestEntry[]
}

class TestReading {
  readonly found: Found[] = []
  readonly #reader = new FileReader((value, place) => this.#readDocument(value, place))
  readonly #named: ReadonlySet<string>
  readonly #convertV1: ConvertV1
  /** Resources among the documents of the file that is read. */
  #others: (() => Problem)[] = []

  constructor(values: readonly string[], convertV1: ConvertV1) {
    this.#named = new Set(values)
    this.#convertV1 = convertV1
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

  read(source: { readonly name: string; readonly bytes: Uint8Array }): void {
    const { name } = source
    this.#others = []
    const before = this.problems.length
    const tests = this.#reader.read(source)
    if (tests > 0) this.problems.push(...this.#others.map((problem) => problem()))
    else if (this.problems.length === before && this.#named.has(name)) {
      const help = `a test is a document with "apiVersion: ${TEST_API_VERSION}" and "kind: ${TEST_KIND}"`
      this.problems.push({ code: 'no-tests', severity: 'error', message: `no policy test in file ${name}`, file: name, help })
    }
  }

  /** How many tests the document holds. */
  #readDocument(value: unknown, place: DocumentPlace): number {
    const report = (fault: Fault) => void this.problems.push(place.problem(fault, [], undefined))
    if (isPolicyTest(value)) {
      const found = this.#readTest(value, place, report)
      if (found) this.found.push(found)
      return 1
    }
    const misspelt = misspeltTest(value)
    if (misspelt) report(misspelt)
    else {
      const fault = {
        code: 'not-a-test',
        path: ['kind'],
        message: 'a resource beside a policy test is not seen by it',
        help: 'put it below "resources" of the test, or into a file of its own that "files" names',
      }
      if (openDocument(value, this.#convertV1, report).length > 0) this.#others.push(() => place.problem(fault, [], undefined))
    }
    return 0
  }

  #readTest(value: Record<string, unknown>, place: DocumentPlace, report: (fault: Fault) => void): Found | undefined {
    const before = this.problems.length
    const document = decode(policyTestSchema, value, [], { report }) as PolicyTestDocument
    if (!Object.hasOwn(value, 'apiVersion'))
      report({ code: 'missing-field', path: [], message: 'a policy test needs its apiVersion', help: `write "apiVersion: ${TEST_API_VERSION}"` })
    const items: ManifestItem[] = []
    if (document?.resources) {
      const options = { convertV1: this.#convertV1 }
      for (const raw of openDocument(document.resources, this.#convertV1, report, ['resources']))
        items.push(...readResource(place, raw, options, (problem) => void this.problems.push(problem)))
    }
    const entries = (['allow', 'deny'] as const).flatMap((expect) =>
      (document?.[expect] ?? []).map(({ from = [], to = [], ports = ['any'], except = [], ...rest }, index): TestEntry => {
        const path = [expect, index]
        return { expect, from, to, ports, except, ...rest, path }
      }),
    )
    if (this.problems.length > before) return undefined
    for (const { path, from, to } of entries) {
      for (const [end, words] of [['from', from] as const, ['to', to] as const])
        if (words.length === 0) report({ code: 'missing-field', path: [...path, end], message: `"${end}" is missing`, help: ENDS })
    }
    if (entries.length === 0) report({ code: 'no-entries', path: [], message: 'the test says nothing: it has no entry below "allow" or "deny"' })
    if (this.problems.length > before) return undefined
    const name = document.metadata?.name
    return { place, document, items, file: place.file.name, entries, ...(name ? { name } : {}) }
  }
}

const ENDS = 'an entry needs "from" and "to": names, addresses or selectors'

/** A document that was meant to be a test and would otherwise be taken for something else, or for nothing. */
function misspeltTest(value: unknown): Fault | undefined {
  if (!isObject(value)) return undefined
  const { kind, apiVersion } = value
  if (apiVersion !== TEST_API_VERSION && (typeof kind !== 'string' || didYouMean(kind, [TEST_KIND]) === undefined)) return undefined
  const message = `unknown kind ${typeof kind === 'string' ? `"${kind}"` : 'of test'}`
  return { code: 'unknown-kind', path: ['kind'], message, help: `did you mean "kind: ${TEST_KIND}"?` }
}
