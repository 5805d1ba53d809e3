import { type Intent, writeResources } from '../store/resources/write.ts'
import { deleteDependents } from './cascade.ts'
import { addChangeFromFilesOptions, changeFromFiles, type ChangeFromFilesOptions } from './change.ts'
import { type Context } from './context.ts'
import { passGate } from './gate.ts'
import { failureProblems } from './problems.ts'
import { withExamples } from './help.ts'
import { printProblems } from './report.ts'
import { authorOf, openSession } from './session.ts'
import { summarize } from './summary.ts'
import type { Define } from './table.ts'
import { kindArgument, targetOf } from './target.ts'
import { UsageError } from './usage-error.ts'

const VERB = { verb: 'delete', past: 'deleted' } as const

export const define: Define = (command, run) => {
  command.argument('[kind]', 'kind of resource, such as profile or gnp').argument('[names...]', 'names of the resources')
  addChangeFromFilesOptions(command, 'delete what this describes')
  command.option('-s, --skip-not-exists', 'what does not exist counts as deleted', false)
  withExamples(command, [
    ['calicoctl delete profile net1', 'one resource'],
    ['calicoctl delete gnp web db', 'several'],
    ['calicoctl delete -f policies/', 'everything that the manifests describe'],
  ])
  command.action(
    run((context, kind: string | undefined, names: string[], options: ChangeFromFilesOptions) => {
      if (options.filename.length > 0) {
        if (kind !== undefined) throw new UsageError('give either a kind and names, or -f')
        return changeFromFiles(VERB, options, context)
      }
      if (kind === undefined) throw new UsageError('what is to be deleted? Give a kind and names, or -f', 'as in: calicoctl delete profile net1')
      return deleteByName(kind, names, options, context)
    }),
  )
}

// --- internal ---

async function deleteByName(kindWord: string, names: readonly string[], options: ChangeFromFilesOptions, context: Context): Promise<number> {
  const kind = kindArgument(kindWord)
  if (names.length === 0) throw new UsageError('resource name may not be empty', `name what is to be deleted: calicoctl delete ${kindWord} NAME`)
  const targets = names.map((name) => targetOf(kind, name, options.namespace))
  const datastore = await openSession(context, options)
  const intents: Intent[] = targets.map((target) => ({ type: 'delete', target }))
  const gate = await passGate(datastore, { intents, past: VERB.past }, options, context)
  if ('code' in gate) return gate.code
  const write = { author: authorOf(context, 'delete', gate.why), clock: context.clock, atomic: options.atomic }
  const outcomes = await writeResources(datastore, await deleteDependents(datastore, intents, write), write)
  const settled = outcomes.map((outcome) =>
    outcome.type === 'failed' && outcome.failure.code === 'missing' && options.skipNotExists ? ({ type: 'skipped' } as const) : outcome,
  )
  const problems = settled.flatMap((outcome) => (outcome.type === 'failed' ? failureProblems(outcome.failure) : []))
  if (problems.length > 0) await printProblems(context, options, problems, {})
  return summarize(
    VERB.verb,
    targets.map(() => kind.kind),
    settled,
    context,
  )
}
