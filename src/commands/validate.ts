import { Option } from 'commander'
import { readManifests } from '../manifest/read.ts'
import { v1Converter } from '../model/v1/convert.ts'
import { describeResult } from '../output/results.ts'
import { formatProblems, PROBLEM_FORMATS, type ProblemFormat } from '../output/problems/format.ts'
import { type Context, EXIT } from './context.ts'
import { itemProblem } from './problems.ts'
import { withExamples } from './help.ts'
import { isFault, placeItem } from './namespaces.ts'
import { addFileOptions, addNamespaceOption, type FileOptions, type GlobalOptions } from './options.ts'
import { withProgress } from './progress.ts'
import { printProblems } from './report.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface ValidateOptions extends GlobalOptions, FileOptions {
  readonly output: 'text' | ProblemFormat
  readonly namespace?: string
}

export const define: Define = (command, run) => {
  addFileOptions(command, 'what to check')
  addNamespaceOption(command)
  command.addOption(new Option('-o, --output <format>', 'how to tell the problems').choices(['text', ...PROBLEM_FORMATS]).default('text'))
  withExamples(command, [
    ['calicoctl validate -f policies/', 'every manifest of a directory'],
    ['calicoctl validate -R -f . -o github', 'as annotations of a GitHub workflow'],
    ['calicoctl validate -f web.yaml -o json', 'the problems as data'],
  ])
  command.action(run((context, options: ValidateOptions) => validate(options, context)))
}

// --- internal ---

/** Needs no datastore and reads no configuration. Policy tests among the manifests are for `test` to check. Exit code 0: all good, 1: problems, 2: could not read what was named. */
async function validate(options: ValidateOptions, context: Context): Promise<number> {
  if (options.filename.length === 0) throw new UsageError('which manifests? Give a file, a directory or - for standard input with -f')
  const manifest = await withProgress(context, 'read %d documents', (onProgress) =>
    readManifests(options.filename, context, {
      recursive: options.recursive,
      skipEmpty: options.skipEmpty,
      convertV1: v1Converter,
      onProgress,
      passOverTests: true,
    }),
  )
  const misplaced = manifest.items.flatMap((item) => {
    const target = placeItem(item, options.namespace)
    return isFault(target) ? [{ item, problem: itemProblem(item, target) }] : []
  })
  const problems = [...manifest.problems, ...misplaced.map(({ problem }) => problem)]
  const unreadable = problems.some((problem) => problem.code === 'unreadable-file')
  const code = unreadable ? EXIT.unknown : problems.some((problem) => problem.severity === 'error') ? EXIT.failure : EXIT.ok
  if (options.output !== 'text') {
    context.stdout.write(formatProblems(options.output, problems))
    return code
  }
  if (problems.length > 0) {
    await printProblems(context, options, problems, { source: manifest.source, files: manifest.files })
  }
  if (manifest.items.length === 0 && problems.length === 0) {
    context.stdout.write('No resources specified\n')
    return code
  }
  const good = manifest.items.length - misplaced.length
  const { stdout, stderr } = describeResult({
    verb: 'validate',
    kinds: manifest.items.map((item) => item.kind.kind),
    total: good + (code === EXIT.ok ? 0 : 1),
    done: good,
    errors: [],
  })
  context.stdout.write(code === EXIT.ok ? stdout : '')
  context.stderr.write(stderr)
  return code
}
