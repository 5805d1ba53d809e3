import { formatResourceName, type Problem } from '../../model/problem.ts'
import { buildWorld, type Source, WORLD_KINDS } from '../../policy/world/build.ts'
import type { World } from '../../policy/world/world.ts'
import { readSnapshot } from '../../store/resources/snapshot.ts'
import type { Context } from '../context.ts'
import type { FileOptions, GlobalOptions } from '../options.ts'
import { readInSession } from '../session.ts'
import { type ManifestSources, readSources, storedSources } from '../world.ts'
import { compareResources, compareWithStore, type ResourceDifference, resourcesByName } from './resources.ts'

export interface SidesOptions extends GlobalOptions, FileOptions {
  readonly namespace?: string
}

/** What is compared. */
export interface Sides {
  readonly differences: readonly ResourceDifference[]
  /** The two worlds, made when they are asked for. */
  readonly worlds: () => { readonly before: World; readonly after: World }
}

/** The two sides, or undefined when manifests have errors; and what is wrong with these, or worth a warning. */
export interface LoadedSides extends Pick<ManifestSources, 'source' | 'files'> {
  readonly sides: Sides | undefined
  readonly problems: readonly Problem[]
}

/** Two sets of manifests. */
export async function readBoth(context: Context, before: string, after: string, options: SidesOptions): Promise<LoadedSides> {
  const [a, b] = await Promise.all([readSources(context, [before], options), readSources(context, [after], options)])
  const problems = [...a.problems, ...b.problems]
  const common = { problems, source: (file: string) => b.source(file) ?? a.source(file), files: a.files + b.files }
  if (hasErrors(problems)) return { ...common, sides: undefined }
  return {
    ...common,
    sides: {
      differences: compareResources(resourcesByName(a.sources), resourcesByName(b.sources)),
      worlds: () => ({ before: buildWorld(a.sources), after: buildWorld(b.sources) }),
    },
  }
}

/** What the datastore holds, and what it would hold if manifests were applied. `withWorld`: everything that decides about packets is read, too. */
export async function readOverStore(context: Context, options: SidesOptions, withWorld: boolean): Promise<LoadedSides> {
  const manifest = await readSources(context, options.filename, options)
  const { problems, source, files } = manifest
  if (hasErrors(problems)) return { sides: undefined, problems, source, files }
  const kinds = new Set([...manifest.items.map(({ kind }) => kind.kind), ...(withWorld ? WORLD_KINDS : [])])
  const snapshot = await readInSession(context, options, (datastore) => readSnapshot(datastore, [...kinds]))
  const stored = storedSources(snapshot)
  const applied = resourcesByName(manifest.sources)
  const differences = compareWithStore(resourcesByName(stored.sources), applied, stored.setAside)
  const worlds = () => {
    const isReplaced = (name: string) => applied.has(name)
    const stays = stored.setAside.filter((one) => !isReplaced(formatResourceName(one)))
    return { before: worldOf(stored.sources, stored.setAside), after: worldOf([...stored.sources, ...manifest.sources], stays) }
  }
  return { sides: { differences, worlds }, problems, source, files }
}

// --- internal ---

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

const DECIDING: ReadonlySet<string> = new Set(WORLD_KINDS)

/** Resources of other kinds that cannot be read do not matter to packets. */
function worldOf(sources: readonly Source[], setAside: World['setAside']): World {
  return buildWorld(
    sources,
    setAside.filter(({ kind }) => DECIDING.has(kind)),
  )
}
