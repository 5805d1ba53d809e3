import type { Kind, Resource } from '../model/kind.ts'
import { DEFAULT_AS_NUMBER } from '../model/as-number.ts'
import { kindNamed, kinds } from '../model/registry.ts'
import type { Problem } from '../model/problem.ts'
import type { ResultGroup, ToV1 } from '../output/documents.ts'
import { escapeForTerminal } from '../output/escape.ts'
import { type Printer, printerFor } from '../output/printer.ts'
import type { Datastore } from '../store/datastore.ts'
import type { ResourceFailure } from '../store/resources/failure.ts'
import type { Target } from '../store/resources/keys.ts'
import { getResource, isFailure, scanResources } from '../store/resources/read.ts'
import { type Context, EXIT } from './context.ts'
import { failureProblems, itemProblem } from './problems.ts'
import { withExamples } from './help.ts'
import { isFault, placeItem } from './namespaces.ts'
import { addFileOptions, addNamespaceOption, type FileOptions, type GlobalOptions } from './options.ts'
import { readInSession } from './session.ts'
import type { Define } from './table.ts'
import { kindArgument, targetOf } from './target.ts'
import { UsageError } from './usage-error.ts'
import { Option } from 'commander'

interface GetOptions extends GlobalOptions, FileOptions {
  readonly output?: string
  readonly outputVersion?: 'v1' | 'v3'
  readonly namespace?: string
  readonly allNamespaces: boolean
  /** `-a`, the peer's hidden form of `-A`. */
  readonly a: boolean
  readonly export: boolean
}

export const define: Define = (command, run) => {
  command.argument('[kind]', 'kind of resource, such as profiles or gnp').argument('[names...]', 'names; without any, all of the kind')
  addFileOptions(command, 'get what this names')
  addNamespaceOption(command)
  command
    .option('-A, --all-namespaces', 'of all namespaces', false)
    .addOption(new Option('-a', 'as -A').default(false).hideHelp())
    .option(
      '-o, --output <format>',
      'ps (a table), wide, yaml, json, name, custom-columns=A,B, go-template=T, go-template-file=F, jsonpath=T, jsonpath-file=F',
    )
    .addOption(new Option('--output-version <version>', 'print yaml or json in the form of this API').choices(['v1', 'v3']))
    .option('--export', 'with names: leave out what belongs to this datastore (uid, revision, times, namespace)', false)
  withExamples(command, [
    ['calicoctl get profiles', 'all profiles as a table'],
    ['calicoctl get profile net1 -o yaml', 'one as a manifest'],
    ['calicoctl get networkpolicy -A -o wide', 'the policies of all namespaces'],
    ['calicoctl get nodes -o custom-columns=NAME,ASN', 'chosen columns'],
    ['calicoctl get gnp -o jsonpath={.items[*].metadata.name}', 'for scripts'],
  ])
  command.addHelpText('after', () => `\nKinds: ${kinds.map((kind) => kind.plural).join(', ')}\n`)
  command.action(
    run((context, kind: string | undefined, names: string[], options: GetOptions) => {
      if (options.filename.length > 0) {
        if (kind !== undefined) context.stderr.write('warning: -f says what to get; the kind and names beside it are not used\n')
        return getByFile(options, context)
      }
      if (kind === undefined) throw new UsageError('what is to be shown? Give a kind, or -f', 'as in: calicoctl get profiles')
      return getByName(kind, names, options, context)
    }),
  )
}

// --- internal ---

interface Found {
  readonly groups: readonly ResultGroup[]
  readonly failures: readonly ResourceFailure[]
  /** Keys that each list had to leave out, all known once it was printed. */
  readonly unreadable: readonly (readonly string[])[]
}

async function getByName(word: string, names: readonly string[], options: GetOptions, context: Context): Promise<number> {
  const kind = kindArgument(word)
  const all = options.allNamespaces || options.a
  if (all && options.namespace !== undefined) throw new UsageError('cannot use both --namespace and --all-namespaces flags at the same time')
  if (all && names.length > 0) throw new UsageError('cannot use --all-namespace flag for getting a single resource', 'name its namespace with -n')
  if (kind.scope === 'cluster' && (all || options.namespace !== undefined))
    throw new UsageError(`${kind.kind} is not namespaced`, 'leave out -n and -A')
  const { printer, notes } = await choosePrinter(options, context)
  const find = async (datastore: Datastore): Promise<Found> => {
    if (names.length === 0) return findAll(datastore, kind, all ? undefined : (options.namespace ?? 'default'))
    const wanted = names.map((name) => ({ target: targetOf(kind, name, options.namespace) }))
    const found = await findNamed(datastore, wanted)
    return options.export ? { ...found, groups: found.groups.map(exported) } : found
  }
  return show(find, { printer, notes, namespaces: all ? 'all' : options.namespace === undefined ? 'unnamed' : 'one' }, options, context)
}

/** What the manifests name, at the revision they name; without a name, all of that kind. */
async function getByFile(options: GetOptions, context: Context): Promise<number> {
  const { readInput } = await import('./input.ts')
  const { printer, notes } = await choosePrinter(options, context)
  const manifest = await readInput(options, context, { namesOnly: true, nameless: true })
  if (typeof manifest === 'number') return manifest
  const wanted: Wanted[] = []
  for (const item of manifest.items) {
    const target = placeItem(item, options.namespace)
    if (isFault(target)) {
      const { printProblems } = await import('./report.ts')
      return printProblems(context, options, [itemProblem(item, target)], { source: manifest.source })
    }
    const revision = Number(item.resource.metadata.resourceVersion || Number.NaN)
    wanted.push({ target, ...(Number.isInteger(revision) ? { revision } : {}) })
  }
  const view: View = { printer, notes, namespaces: options.namespace === undefined ? 'unnamed' : 'one' }
  return show((datastore) => findNamed(datastore, wanted), view, options, context)
}

/** How to show what is found. */
interface View {
  readonly printer: Printer
  /** What version 1 cannot say; filled while printing. */
  readonly notes: readonly Problem[]
  readonly namespaces: 'unnamed' | 'one' | 'all'
}

/** The printer for `-o`, and what it will have found that version 1 cannot say. */
async function choosePrinter(options: GetOptions, context: Context): Promise<{ readonly printer: Printer; readonly notes: readonly Problem[] }> {
  const notes: Problem[] = []
  const printer = await printerFor(options.output, {
    readFile: (path) => context.files.readFile(path),
    toV1: options.outputVersion === 'v1' ? await versionOne(notes) : undefined,
  })
  return { printer, notes }
}

async function versionOne(notes: Problem[]): Promise<ToV1> {
  const { v3ToV1 } = await import('../model/v1/convert.ts')
  return (resource) => {
    const converted = v3ToV1(resource)
    notes.push(...converted.notes)
    return converted.resource
  }
}

async function findAll(datastore: Datastore, kind: Kind, namespace: string | undefined): Promise<Found> {
  const { unreadable, ...group } = await scanResources(datastore, kind, kind.scope === 'namespaced' ? namespace : undefined)
  return { groups: [group], failures: [], unreadable: [unreadable] }
}

/** One resource to be shown; without a name, all of its kind and namespace. */
interface Wanted {
  readonly target: Target
  readonly revision?: number
}

async function findNamed(datastore: Datastore, wanted: readonly Wanted[]): Promise<Found> {
  const answers = await Promise.all(
    wanted.map(async ({ target, revision }): Promise<Found> => {
      if (target.name === '') return findAll(datastore, target.kind, target.namespace)
      const answer = await getResource(datastore, target, revision)
      if (isFailure(answer)) return { groups: [], failures: [answer], unreadable: [] }
      return { groups: [{ kind: target.kind, resources: [answer] }], failures: [], unreadable: [] }
    }),
  )
  return {
    groups: answers.flatMap((answer) => answer.groups),
    failures: answers.flatMap((answer) => answer.failures),
    unreadable: answers.flatMap((answer) => answer.unreadable),
  }
}

async function show(find: (datastore: Datastore) => Promise<Found>, view: View, options: GetOptions, context: Context): Promise<number> {
  const { printer, notes, namespaces } = view
  const { found, facts } = await readInSession(context, options, async (datastore) => {
    const found = await find(datastore)
    const needed = printer.usesFacts && (options.output?.startsWith('go-template') || found.groups.some((group) => group.kind.kind === 'Node'))
    return { found, facts: { defaultAsNumber: needed ? await defaultAsNumber(datastore) : undefined } }
  })
  if (found.groups.length > 0) {
    const { isTerminal } = context.stdout
    await printer.print(found.groups, { write: (text) => context.stdout.write(text), isTerminal, namespaces, facts })
  }
  for (const key of found.unreadable.flat()) context.stderr.write(`warning: left out what cannot be read: ${escapeForTerminal(key)}\n`)
  const problems = [...notes, ...found.failures.flatMap((failure) => failureProblems(failure))]
  if (problems.length > 0) {
    const { printProblems } = await import('./report.ts')
    await printProblems(context, options, problems, {})
  }
  return problems.some((problem) => problem.severity === 'error') ? EXIT.failure : EXIT.ok
}

/** What `--export` leaves out, as in the peer (`reference/calicoctl.md 2.3`). */
function exported(group: ResultGroup): ResultGroup {
  const strip = (resource: Resource): Resource => {
    const {
      namespace: _namespace,
      uid: _uid,
      resourceVersion: _version,
      creationTimestamp: _created,
      deletionTimestamp: _deleted,
      deletionGracePeriodSeconds: _grace,
      ...metadata
    } = resource.metadata
    return { ...resource, metadata }
  }
  return { ...group, resources: Array.from(group.resources, strip) }
}

/** The AS number of BGPConfiguration `default`, else Calico's own. */
async function defaultAsNumber(datastore: Datastore): Promise<number> {
  const kind = kindNamed('BGPConfiguration')
  const configuration = kind && (await getResource(datastore, { kind, name: 'default' }))
  if (!configuration || isFailure(configuration)) return DEFAULT_AS_NUMBER
  return (configuration.spec as { asNumber?: number } | undefined)?.asNumber ?? DEFAULT_AS_NUMBER
}
