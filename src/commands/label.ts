import type { Resource } from '../model/kind.ts'
import { define as setOwn } from '../model/decode.ts'
import { writeResources } from '../store/resources/write.ts'
import { type Context, EXIT } from './context.ts'
import { reportFailure } from './failures.ts'
import { passGate } from './gate.ts'
import { withExamples } from './help.ts'
import { addChangeOptions, addNamespaceOption, type ChangeOptions, type GlobalOptions } from './options.ts'
import { authorOf, openSession } from './session.ts'
import type { Define } from './table.ts'
import { kindArgument, targetOf } from './target.ts'
import { UsageError } from './usage-error.ts'

interface LabelOptions extends GlobalOptions, ChangeOptions {
  readonly overwrite: boolean
  readonly remove: boolean
  readonly namespace?: string
}

export const define: Define = (command, run) => {
  command
    .argument('<kind>', 'kind of resource, such as node or hep')
    .argument('<name>', 'name of the resource')
    .argument('<labels...>', 'key=value to set a label; with --remove just the key')
    .option('--overwrite', 'change labels that have another value', false)
    .option('--remove', 'remove the labels', false)
  addNamespaceOption(command)
  addChangeOptions(command, false)
  withExamples(command, [
    ['calicoctl label node host1 rack=r1', 'set a label'],
    ['calicoctl label node host1 rack=r2 --overwrite', 'change it'],
    ['calicoctl label node host1 rack --remove', 'remove it'],
  ])
  command.action(
    run((context, kind: string, name: string, labels: string[], options: LabelOptions) => labelResource(kind, name, labels, options, context)),
  )
}

// --- internal ---

async function labelResource(kindWord: string, name: string, words: readonly string[], options: LabelOptions, context: Context): Promise<number> {
  if (options.remove && options.overwrite) throw new UsageError('--remove and --overwrite do not go together')
  const kind = kindArgument(kindWord)
  const target = targetOf(kind, name, options.namespace)
  const labels = words.map((word) => parseLabel(word, options.remove))
  const datastore = await openSession(context, options)
  let done: string[] = []
  const modify = (current: Resource): Resource => {
    const changed = { ...current.metadata.labels }
    done = labels.map(([key, value]) => {
      const before = Object.hasOwn(changed, key) ? changed[key] : undefined
      if (value === undefined) {
        if (before === undefined) throw new LabelError(`cannot remove label of ${kindWord} ${name}, key ${key} does not exist`)
        delete changed[key]
        return `Successfully removed label ${key} from ${kindWord} ${name}\n`
      }
      if (before !== undefined && before !== value && !options.overwrite) {
        throw new LabelError(
          `failed to update label of ${kindWord} ${name}, key ${key} is already present. please use '--overwrite' to set a new value`,
        )
      }
      setOwn(changed, key, value)
      return `Successfully ${before === undefined ? 'set' : 'updated'} label ${key} on ${kindWord} ${name}\n`
    })
    return { ...current, metadata: { ...current.metadata, labels: changed } }
  }
  const intents = [{ type: 'modify', target, modify } as const]
  const gate = await passGate(datastore, { intents, past: 'changed' }, options, context)
  if ('code' in gate) return gate.code
  const [outcome] = await writeResources(datastore, intents, {
    author: authorOf(context, 'label', gate.why),
    clock: context.clock,
  })
  if (outcome?.type === 'failed') {
    const { failure } = outcome
    if (failure.code === 'missing') throw new LabelError(`${kindWord} ${name} not found`)
    await reportFailure(context, `failed to update ${kindWord} ${name}, label not changed`, failure)
    return EXIT.failure
  }
  context.stdout.write(done.join(''))
  return EXIT.ok
}

/** The label cannot be set or removed as asked. */
class LabelError extends UsageError {}

/** `key=value`, split at the first `=`; with --remove the bare key. */
function parseLabel(word: string, remove: boolean): readonly [key: string, value: string | undefined] {
  const at = word.indexOf('=')
  if (remove) {
    if (at >= 0) throw new UsageError(`invalid label ${word}`, 'with --remove give the key alone')
    return [word, undefined]
  }
  if (at <= 0) throw new UsageError(`invalid label ${word}`, 'write it as key=value')
  return [word.slice(0, at), word.slice(at + 1)]
}
