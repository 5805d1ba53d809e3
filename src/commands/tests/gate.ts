import type { ManifestItem } from '../../manifest/manifest.ts'
import type { Resource } from '../../model/kind.ts'
import { planNodeDelete } from '../../model/node-cascade.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import { WorldBuilder, WORLD_KINDS } from '../../policy/world/build.ts'
import type { World } from '../../policy/world/world.ts'
import type { Datastore } from '../../store/datastore.ts'
import { readSnapshot, type Snapshot } from '../../store/resources/snapshot.ts'
import { type Intent, type Outcome, planResources } from '../../store/resources/write.ts'
import { type Context, EXIT } from '../context.ts'
import type { ChangeOptions, GlobalOptions } from '../options.ts'
import { printProblems } from '../report.ts'
import { originOf, storedSources } from '../world.ts'
import { problemsOf, reportedSuites, summaryOf } from './report.ts'
import { countResults, readTests, runTests } from './run.ts'

/** A change that is about to be made. */
export interface PlannedChange {
  readonly intents: readonly Intent[]
  /** The manifest's resource for each intent, when they come from manifests. */
  readonly items?: readonly ManifestItem[]
  /** The text of a manifest, for source frames. */
  readonly source?: (file: string) => string | undefined
  /** `applied`, `deleted`, ...: for `nothing was applied`. */
  readonly past: string
}

/**
 * Runs policy tests on the resources as a change would leave them. Gives the exit code, after telling why, when it must not be made. What others write between
 * this and the change itself is not seen.
 */
export async function testChange(
  paths: readonly string[],
  datastore: Datastore,
  change: PlannedChange,
  options: GlobalOptions & ChangeOptions,
  context: Context,
): Promise<number | undefined> {
  const consequence = `nothing was ${change.past}`
  const tests = await readTests(context, paths)
  if (tests.problems.length > 0) return printProblems(context, options, tests.problems, { source: tests.source, files: tests.files, consequence })
  if (tests.tests.length === 0) {
    context.stderr.write(`no policy test in ${escapeForTerminal(paths.join(', '))}; ${consequence}.\n`)
    return EXIT.failure
  }
  const outcomes = await planResources(datastore, change.intents, context.clock)
  // What fails anyway is told by the change itself.
  const isMade =
    outcomes.some(({ type }) => type === 'written' || type === 'deleted') && !(options.atomic && outcomes.some(({ type }) => type === 'failed'))
  if (!isMade) return undefined
  const { results } = runTests(tests.tests, worldAfter(await readSnapshot(datastore, WORLD_KINDS), change, outcomes))
  const { failed, unknown } = countResults(results)
  if (failed + unknown === 0) return undefined
  const source = (file: string) => tests.source(file) ?? change.source?.(file)
  await printProblems(context, options, problemsOf(reportedSuites(results)), { source })
  context.stderr.write(`${summaryOf(results)}; ${consequence}.\n`)
  return EXIT.failure
}

// --- internal ---

/** The world as the change leaves it. */
function worldAfter(snapshot: Snapshot, { intents, items }: PlannedChange, outcomes: readonly Outcome[]): World {
  const builder = new WorldBuilder()
  const { sources, setAside } = storedSources(snapshot)
  for (const source of sources) builder.put(source)
  for (const one of setAside) builder.putAside(one)
  for (const [index, outcome] of outcomes.entries()) {
    const target = intents[index]?.target
    if (outcome.type === 'written') {
      const item = items?.[index]
      builder.put({ resource: outcome.resource, origin: item ? originOf(item) : {} })
    } else if (outcome.type === 'deleted' && target) {
      const name = { kind: target.kind.kind, ...(target.namespace === undefined ? {} : { namespace: target.namespace }), name: target.name }
      if (name.kind === 'Node') for (const one of goesWith(snapshot, target.name)) builder.remove(one)
      builder.remove(name)
    }
  }
  return builder.world()
}

/** What is deleted with a node. */
function goesWith({ stored }: Snapshot, name: string): { readonly kind: string; readonly namespace?: string; readonly name?: string }[] {
  const all = (kind: string): Resource[] => stored.flatMap(({ resource }) => (resource.kind === kind ? [resource] : []))
  const node = all('Node').find(({ metadata }) => metadata.name === name)
  if (!node) return []
  const { resources } = planNodeDelete({
    node,
    workloadEndpoints: all('WorkloadEndpoint'),
    hostEndpoints: all('HostEndpoint'),
    bgpPeers: [],
    bgpConfigurations: [],
    felixConfigurations: [],
  })
  return [...resources]
}
