import type { Kind, Resource } from '../model/kind.ts'
import type { Datastore } from '../store/datastore.ts'
import type { ResourceFailure } from '../store/resources/failure.ts'
import type { Target } from '../store/resources/keys.ts'
import { getResource, isFailure, listResources } from '../store/resources/read.ts'
import { kinds } from '../model/registry.ts'
import { type Context, EXIT } from './context.ts'
import { failureProblems, itemProblem } from './failures.ts'
import { withExamples } from './help.ts'
import { readInput } from './input.ts'
import { isFault, placeItem } from './namespaces.ts'
import { addFileOptions, addNamespaceOption, type FileOptions, type GlobalOptions } from './options.ts'
import { printProblems } from './report.ts'
import { openSession } from './session.ts'
import type { Define } from './table.ts'
import { kindArgument, targetOf } from './target.ts'
import { UsageError } from './usage-error.ts'

interface GetOptions extends GlobalOptions, FileOptions {
  readonly output: string
  readonly outputVersion: 'v1' | 'v3'
  readonly namespace?: string
  readonly allNamespaces: boolean
  readonly a: boolean
  readonly export: boolean
}
