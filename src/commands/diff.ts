import { Option } from 'commander'
import { escapeForTerminal } from '../output/escape.ts'
import { themeFor } from '../output/theme.ts'
import { compareWorlds } from '../policy/diff/compare.ts'
import { GroupNames } from '../policy/diff/names.ts'
import { notesOn } from '../policy/diff/notes.ts'
import { formatAnswer } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { diffJson } from './diff/json.ts'
import { diffMarkdown } from './diff/markdown.ts'
import type { Reachability, Report } from './diff/report.ts'
import { type LoadedSides, readBoth, readOverStore, type Sides, type SidesOptions } from './diff/sides.ts'
import { formatDiff } from './diff/text.ts'
import { withExamples } from './help.ts'
import { addFileOptions, addNamespaceOption } from './options.ts'
import { printProblems } from './report.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface DiffOptions extends SidesOptions {
  readonly fields: boolean
  readonly reach: boolean
  readonly all: boolean
  readonly output: 'text' | 'json' | 'md'
}

export const define: Define = (command, run) => {
  command.argument('[old]', 'manifests as they were: a file or a directory').argument('[new]', 'manifests as they are now')
  addFileOptions(command, 'what would be applied to the datastore')
  addNamespaceOption(command)
  command
    .option('--fields', 'only the fields of resources that differ', false)
    .option('--reach', 'only what becomes reachable or unreachable', false)
    .option('--all', 'every row, however many', false)
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(['text', 'json', 'md']).default('text'))
  withExamples(command, [
    ['calicoctl diff -f policies/', 'what "apply -f policies/" would change'],
    ['calicoctl diff old/ new/', 'two directories, without a datastore'],
    ['calicoctl diff -R main/ branch/ -o md', 'as a comment of a pull request'],
    ['calicoctl diff -f web.yaml --reach', 'only what becomes reachable or unreachable'],
  ])
  command.action(run((context, before: string | undefined, after: string | undefined, options: DiffOptions) => diff(before, after, options, context)))
}

// --- internal ---

/** Exit code 0: nothing differs; 1: something does; 2: could not tell all. */
async function diff(before: string | undefined, after: string | undefined, options: DiffOptions, context: Context): Promise<number> {
  const loaded = await load(before, after, options, context)
  if (loaded.problems.length > 0) await printProblems(context, options, loaded.problems, { source: loaded.source, files: loaded.files })
  if (!loaded.sides) return EXIT.unknown
  const report = reportOn(loaded.sides, options)
  for (const { message } of report.reach?.notes ?? []) context.stderr.write(`${escapeForTerminal(message)}\n`)
  await write(report, options, context)
  return exitCode(report)
}

function load(before: string | undefined, after: string | undefined, options: DiffOptions, context: Context): Promise<LoadedSides> {
  const withReach = options.reach || !options.fields
  if (options.filename.length > 0) {
    if (before !== undefined) throw new UsageError('either -f, against the datastore, or two sets of manifests', 'as in: calicoctl diff old/ new/')
    return readOverStore(context, options, withReach)
  }
  if (before === undefined)
    throw new UsageError('which manifests? Name what would be applied with -f, or two sets', 'as in: calicoctl diff -f policies/')
  if (after === undefined) {
    throw new UsageError(
      'manifests are compared with others, or with the datastore',
      `as in: calicoctl diff -f ${before}, or: calicoctl diff old/ new/`,
    )
  }
  return readBoth(context, before, after, options)
}

function reportOn({ differences, worlds }: Sides, { fields, reach }: DiffOptions): Report {
  const both = fields === reach
  return { fields: fields || both ? differences : undefined, reach: reach || both ? reachability(worlds()) : undefined }
}

function reachability({ before, after }: ReturnType<Sides['worlds']>): Reachability {
  const comparison = compareWorlds(before, after)
  return { comparison, names: new GroupNames(before, after, comparison), notes: notesOn(before, after, comparison) }
}

async function write(report: Report, { output, all, color }: DiffOptions, context: Context): Promise<void> {
  const { stdout } = context
  if (output === 'json') stdout.write(formatAnswer('diff', diffJson(report)))
  else if (output === 'md') stdout.write(diffMarkdown(report))
  else stdout.write(formatDiff(report, { theme: await themeFor(stdout, context.env, color), all }))
}

function exitCode({ fields, reach }: Report): number {
  // Without endpoints there is nothing that could not be told; unless that was the question.
  const doubtful = (reach?.notes ?? []).some(({ code }) => code !== 'no-endpoints' || !fields)
  if (doubtful) return EXIT.unknown
  return (fields ?? []).length > 0 || (reach?.comparison.rows.length ?? 0) > 0 ? EXIT.failure : EXIT.ok
}
