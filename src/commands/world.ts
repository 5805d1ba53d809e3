import type { Command } from 'commander'
import type { ManifestItem } from '../manifest/manifest.ts'
import { readManifests } from '../manifest/read.ts'
import { formatResourceName, type Problem, type ResourceName } from '../model/problem.ts'
import { buildWorld, type Source, WORLD_KINDS } from '../policy/world/build.ts'
import type { Origin } from '../policy/world/origin.ts'
import type { SetAside, World } from '../policy/world/world.ts'
import { readSnapshot, type Snapshot, unreadableResource } from '../store/resources/snapshot.ts'
import type { Context } from './context.ts'
import { isFault, placeItem } from './namespaces.ts'
import { addFileOptions, type FileOptions, type GlobalOptions } from './options.ts'
import { itemProblem } from './problems.ts'
import { readInSession } from './session.ts'

/** Options of commands that ask about policy: which resources the answer is about. */
export interface WorldOptions extends GlobalOptions, FileOptions {
  /** Manifests are laid over what the datastore holds. */
  readonly overlay: boolean
}

/** The world that a question is about, or why there is none. */
export interface LoadedWorld {
  /** Undefined when manifests cannot be read or have errors. */
  readonly world: World | undefined
  /** What is wrong with the manifests, or worth a warning; broken resources of the store are in `world.setAside`. */
  readonly problems: readonly Problem[]
  /** The text of a manifest, for source frames. */
  readonly source: (file: string) => string | undefined
  /** How many manifests were read. */
  readonly files: number
}

export function addWorldOptions(command: Command): void {
  addFileOptions(command, 'ask about these manifests instead of the datastore')
  command.option('--overlay', 'with -f: lay the manifests over what the datastore holds', false)
}

/** Reads the world: from the datastore, from manifests when there are any, or from both. */
export async function loadWorld(context: Context, options: WorldOptions, reading: { readonly passOverTests?: boolean } = {}): Promise<LoadedWorld> {
  const fromStore = options.filename.length === 0 || options.overlay
  const [manifest, snapshot] = await Promise.all([
    options.filename.length === 0 ? NO_MANIFEST : readSources(context, options.filename, { ...options, ...reading }),
    fromStore ? readInSession(context, options, (datastore) => readSnapshot(datastore, WORLD_KINDS)) : undefined,
  ])
  const { problems, source, files } = manifest
  if (problems.some(({ severity }) => severity === 'error')) return { world: undefined, problems, source, files }
  const stored = snapshot && storedSources(snapshot)
  return { world: buildWorld([...(stored?.sources ?? []), ...manifest.sources], stored?.setAside), problems, source, files }
}

export interface ManifestSources extends Pick<LoadedWorld, 'problems' | 'source' | 'files'> {
  readonly sources: readonly Source[]
  readonly items: readonly ManifestItem[]
}

export interface SourceOptions extends Partial<FileOptions> {
  /** Of namespaced resources that name none. */
  readonly namespace?: string
  /** Policy tests may lie beside the manifests. */
  readonly passOverTests?: boolean
}

/** Reads manifests as resources of a world. Two of one name are told: the later one counts, as with `apply`. */
export async function readSources(context: Context, filenames: readonly string[], options: SourceOptions): Promise<ManifestSources> {
  const manifest = await readManifests(filenames, context, {
    recursive: options.recursive ?? false,
    skipEmpty: options.skipEmpty ?? false,
    passOverTests: options.passOverTests ?? false,
    loadConvertV1: async () => (await import('../model/v1/convert.ts')).v1Converter,
    ...(context.cache ? { cache: context.cache } : {}),
  })
  const problems = [...manifest.problems]
  const first = new Map<string, ManifestItem>()
  for (const item of manifest.items) {
    const target = placeItem(item, options.namespace)
    if (isFault(target)) {
      problems.push(itemProblem(item, target))
      continue
    }
    const name = formatResourceName(nameOf(item))
    const before = first.get(name)
    if (before) problems.push(repeated(item, before))
    else first.set(name, item)
  }
  return {
    sources: manifest.items.map((item) => ({ resource: item.resource, origin: originOf(item) })),
    items: manifest.items,
    problems,
    source: manifest.source,
    files: manifest.files,
  }
}

/** Where a manifest's resource is from. */
export function originOf(item: ManifestItem): Origin {
  return { file: item.file, locate: (path) => item.locate(path) }
}

/** What a snapshot holds, as resources of a world. */
export function storedSources({ stored, unreadable }: Snapshot): { readonly sources: readonly Source[]; readonly setAside: readonly SetAside[] } {
  return {
    sources: stored.map(({ resource, key, revision }) => ({ resource, origin: { key, revision: String(revision) } })),
    setAside: unreadable.map(unreadableResource),
  }
}

// --- internal ---

const NO_MANIFEST: ManifestSources = { sources: [], items: [], problems: [], source: () => undefined, files: 0 }

function nameOf({ kind, resource }: ManifestItem): ResourceName {
  const { namespace, name = '' } = resource.metadata
  return { kind: kind.kind, ...(namespace === undefined ? {} : { namespace }), name }
}

function repeated(item: ManifestItem, before: ManifestItem): Problem {
  const at = before.locate(['metadata', 'name']).start
  return {
    code: 'repeated-resource',
    severity: 'warning',
    message: `${formatResourceName(nameOf(item))} is in the manifests twice: this one counts`,
    file: item.file,
    range: item.locate(['metadata', 'name']),
    resource: nameOf(item),
    help: `the other one is at ${before.file}:${at.line}:${at.column}`,
  }
}
