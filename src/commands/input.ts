import type { Manifest } from '../manifest/manifest.ts'
import { readManifests } from '../manifest/read.ts'
import { v1Converter } from '../model/v1/convert.ts'
import { type Context, EXIT } from './context.ts'
import type { FileOptions, GlobalOptions } from './options.ts'
import { withProgress } from './progress.ts'
import { printProblems } from './report.ts'
import { UsageError } from './usage-error.ts'

export interface InputOptions {
  readonly namesOnly?: boolean
  readonly nameless?: boolean
  /** Said after the problems: `nothing was applied`. */
  readonly consequence?: string
}

/** The manifests that `-f` names, all good; or the exit code, after telling what is wrong or that there is nothing to do. */
export async function readInput(options: GlobalOptions & FileOptions, context: Context, input: InputOptions): Promise<Manifest | number> {
  if (options.filename.length === 0) {
    throw new UsageError('which manifests? Give a file, a directory or - for standard input with -f', 'as in: -f profile.yaml')
  }
  const manifest = await withProgress(context, 'read %d documents', (onProgress) =>
    readManifests(options.filename, context, {
      recursive: options.recursive,
      skipEmpty: options.skipEmpty,
      namesOnly: input.namesOnly ?? false,
      nameless: input.nameless ?? false,
      convertV1: v1Converter,
      onProgress,
    }),
  )
  if (manifest.problems.length > 0) {
    return printProblems(context, options, manifest.problems, {
      source: manifest.source,
      files: manifest.files,
      ...(input.consequence === undefined ? {} : { consequence: input.consequence }),
    })
  }
  if (manifest.items.length === 0) {
    context.stdout.write('No resources specified\n')
    return EXIT.ok
  }
  return manifest
}
