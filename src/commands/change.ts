import type { Command } from 'commander'
import type { ManifestItem } from '../manifest/manifest.ts'
import type { Problem } from '../model/problem.ts'
import { ensureInitialized } from '../store/resources/bootstrap.ts'
import type { Target } from '../store/resources/keys.ts'
import { type Intent, type Outcome, writeResources } from '../store/resources/write.ts'
import type { Context } from './context.ts'
import { deleteDependents } from './cascade.ts'
import { passGate } from './gate.ts'
import { failureProblems, itemProblem } from './problems.ts'
import { readInput } from './input.ts'
import { isFault, placeItem } from './namespaces.ts'
import { addChangeOptions, addFileOptions, addNamespaceOption, type ChangeOptions, type FileOptions, type GlobalOptions } from './options.ts'
import { withProgress } from './progress.ts'
import { printProblems } from './report.ts'
import { authorOf, openSession } from './session.ts'
import { summarize } from './summary.ts'

/** A verb that changes what manifests describe. */
export interface ChangeVerb {
  readonly verb: 'apply' | 'create' | 'replace' | 'delete'
  readonly past: string
}

export interface ChangeFromFilesOptions extends GlobalOptions, FileOptions, ChangeOptions {
  readonly namespace?: string
  /** create: what exists already counts as done. */
  readonly skipExists?: boolean
  /** delete: what is missing counts as done. */
  readonly skipNotExists?: boolean
}

/** Options shared by the verbs that read manifests and write. */
export function addChangeFromFilesOptions(command: Command, use: string): void {
  addFileOptions(command, use)
  addNamespaceOption(command)
  addChangeOptions(command)
}

/**
 * Reads manifests and carries the verb out on all of them. First everything is read, decoded and validated: one fault there and nothing is written.
 * Then each resource stands for itself, unless `--atomic`.
 */
export async function changeFromFiles(verb: ChangeVerb, options: ChangeFromFilesOptions, context: Context): Promise<number> {
  const manifest = await readInput(options, context, { namesOnly: verb.verb === 'delete', consequence: `nothing was ${verb.past}` })
  if (typeof manifest === 'number') return manifest
  const placed = placeAll(manifest.items, verb, options.namespace)
  if (placed.problems.length > 0) {
    return printProblems(context, options, placed.problems, {
      source: manifest.source,
      files: manifest.files,
      consequence: `nothing was ${verb.past}`,
    })
  }
  const datastore = await openSession(context, options)
  const intents = placed.items.map(({ item, target }) => intentFor(verb.verb, item, target))
  const items = placed.items.map(({ item }) => item)
  const gate = await passGate(datastore, { intents, items, source: manifest.source, past: verb.past }, options, context)
  if ('code' in gate) return gate.code
  if (verb.verb !== 'delete') await ensureInitialized(datastore, context.clock)
  const write = { author: authorOf(context, verb.verb, gate.why), clock: context.clock, atomic: options.atomic }
  const guarded = verb.verb === 'delete' ? await deleteDependents(datastore, intents, write) : intents
  let done = 0
  const outcomes = await withProgress(context, `${verb.past} %d of ${intents.length} resources`, (onProgress) =>
    writeResources(datastore, guarded, { ...write, onProgress: (count) => onProgress((done = count)) }),
  ).catch((error: unknown) => {
    // What the error says is about one transaction; others were done before it, or beside it.
    if (done > 0) context.stderr.write(`at least ${done} of ${intents.length} resources were ${verb.past} before this:\n`)
    throw error
  })
  const settled = outcomes.map((outcome) => forgive(outcome, options))
  const problems = settled.flatMap((outcome, index) => (outcome.type === 'failed' ? failureProblems(outcome.failure, placed.items[index]?.item) : []))
  const kinds = placed.items.map(({ item }) => item.kind.kind)
  if (problems.length > 0) await printProblems(context, options, problems, { source: manifest.source, files: manifest.files })
  return summarize(verb.verb, kinds, settled, context)
}

// --- internal ---

interface Placed {
  readonly items: { readonly item: ManifestItem; readonly target: Target }[]
  readonly problems: Problem[]
}

function placeAll(items: readonly ManifestItem[], verb: ChangeVerb, namespace: string | undefined): Placed {
  const placed: Placed = { items: [], problems: [] }
  for (const item of items) {
    const target = placeItem(item, namespace)
    if (isFault(target)) {
      placed.problems.push(itemProblem(item, target))
      continue
    }
    if (verb.verb === 'create' && item.resource.metadata.resourceVersion) {
      const fault = {
        code: 'not-for-create',
        path: ['metadata', 'resourceVersion'],
        message: `error with field Metadata.ResourceVersion = '${item.resource.metadata.resourceVersion}' (field must not be set for a Create request)`,
        help: 'remove the line, or use apply',
      }
      placed.problems.push(itemProblem(item, fault))
      continue
    }
    placed.items.push({ item, target })
  }
  return placed
}

function intentFor(verb: ChangeVerb['verb'], item: ManifestItem, target: Target): Intent {
  if (verb !== 'delete') return { type: verb, target, resource: item.resource }
  const resourceVersion = item.resource.metadata.resourceVersion
  return { type: 'delete', target, ...(resourceVersion ? { resourceVersion } : {}) }
}

/** What the user said does not matter is no failure. */
function forgive(outcome: Outcome, options: ChangeFromFilesOptions): Outcome {
  if (outcome.type !== 'failed') return outcome
  if (options.skipExists && outcome.failure.code === 'exists') return { type: 'skipped' }
  if (options.skipNotExists && outcome.failure.code === 'missing') return { type: 'skipped' }
  return outcome
}
