import { Option } from 'commander'
import { readRawManifests } from '../manifest/read.ts'
import { anyConverter, convertDocuments } from '../model/v1/convert.ts'
import { formatJson } from '../output/json.ts'
import { formatYaml } from '../output/yaml.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import { addFileOptions, type FileOptions, type GlobalOptions } from './options.ts'
import { printProblems } from './report.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface ConvertOptions extends GlobalOptions, FileOptions {
  readonly output: 'yaml' | 'yml' | 'json'
  readonly outputVersion: 'v1' | 'v3'
  readonly ignoreValidation: boolean
}

export const define: Define = (command, run) => {
  addFileOptions(command, 'what to convert')
  command
    .addOption(new Option('-o, --output <format>', 'format of the result').choices(['yaml', 'yml', 'json']).default('yaml'))
    .addOption(new Option('--output-version <version>', 'API version to convert to').choices(['v3', 'v1']).default('v3'))
    .option('--ignore-validation', 'give out what the other version would refuse', false)
  withExamples(command, [
    ['calicoctl convert -f old.yaml > new.yaml', 'manifests of Calico 2.6 for today'],
    ['calicoctl convert -f new.yaml --output-version v1', 'the way back, as far as v1 can say it'],
    ['calicoctl convert -f old.yaml | calicoctl apply -f -', 'convert and apply'],
  ])
  command.action(run((context, options: ConvertOptions) => convert(options, context)))
}

// --- internal ---

/** Needs no datastore. All or nothing: with one fault nothing is printed on stdout. */
async function convert(options: ConvertOptions, context: Context): Promise<number> {
  if (options.filename.length === 0)
    throw new UsageError('which manifests? Give a file, a directory or - for standard input with -f', 'as in: -f old.yaml')
  const manifest = await readRawManifests(options.filename, context, {
    recursive: options.recursive,
    skipEmpty: options.skipEmpty,
    convertV1: anyConverter,
  })
  const report = { source: manifest.source, files: manifest.files }
  if (manifest.problems.length > 0) return printProblems(context, options, manifest.problems, { ...report, consequence: 'nothing was converted' })
  const { document, problems, onlyInvalid } = convertDocuments(manifest.items, {
    to: options.outputVersion,
    ignoreValidation: options.ignoreValidation,
  })
  const failed = problems.some((problem) => problem.severity === 'error')
  if (problems.length > 0) await printProblems(context, options, problems, failed ? { ...report, consequence: 'nothing was converted' } : report)
  if (failed && onlyInvalid)
    context.stderr.write("converted manifest resource(s) failed validation: re-run with '--ignore-validation' to see the converted output\n")
  if (failed) return EXIT.failure
  if (document === undefined) {
    context.stdout.write('No resources specified\n')
    return EXIT.ok
  }
  context.stdout.write(options.output === 'json' ? `${formatJson(document)}\n` : formatYaml(document))
  return EXIT.ok
}
