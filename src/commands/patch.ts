import { Option } from 'commander'
import { type Fault, isObject } from '../model/decode.ts'
import type { Kind, Resource } from '../model/kind.ts'
import { arrangeResource, decodeResource } from '../model/resource.ts'
import { invalid, type ResourceFailure } from '../store/resources/failure.ts'
import type { Target } from '../store/resources/keys.ts'
import { nameOf } from '../store/resources/read.ts'
import { writeResources } from '../store/resources/write.ts'
import { type Context, EXIT } from './context.ts'
import { reportFailure } from './failures.ts'
import { passGate } from './gate.ts'
import { withExamples } from './help.ts'
import { addChangeOptions, addNamespaceOption, type ChangeOptions, type GlobalOptions } from './options.ts'
import { PATCH_TYPES, patchDocument, type PatchType } from './patch-document.ts'
import { authorOf, openSession } from './session.ts'
import type { Define } from './table.ts'
import { kindArgument, targetOf } from './target.ts'
import { UsageError } from './usage-error.ts'

interface PatchOptions extends GlobalOptions, ChangeOptions {
  readonly patch?: string
  readonly type: PatchType
  readonly namespace?: string
}

export const define: Define = (command, run) => {
  command
    .argument('<kind>', 'kind of resource, such as profile or gnp')
    .argument('<name>', 'name of the resource')
    .option('-p, --patch <json>', 'the patch')
    .addOption(new Option('-t, --type <type>', 'how the patch is to be read').choices(PATCH_TYPES).default('strategic'))
  addNamespaceOption(command)
  addChangeOptions(command, false)
  withExamples(command, [
    [`calicoctl patch ippool pool1 -p '{"spec":{"disabled":true}}'`, 'set one field'],
    [`calicoctl patch gnp web -p '{"spec":{"order":null}}'`, 'remove one'],
    [`calicoctl patch gnp web -t json -p '[{"op":"add","path":"/spec/ingress/0","value":{"action":"Log"}}]'`, 'insert a rule'],
  ])
  command.action(run((context, kind: string, name: string, options: PatchOptions) => patchResource(kind, name, options, context)))
}

// --- internal ---

async function patchResource(kindWord: string, name: string, options: PatchOptions, context: Context): Promise<number> {
  const kind = kindArgument(kindWord)
  const target = targetOf(kind, name, options.namespace)
  const patch = parsePatch(options.patch)
  const datastore = await openSession(context, options)
  const modify = (current: Resource) => patched(kind, target, current, patch, options.type)
  const intents = [{ type: 'modify', target, modify } as const]
  const gate = await passGate(datastore, { intents, past: 'patched' }, options, context)
  if ('code' in gate) return gate.code
  const [outcome] = await writeResources(datastore, intents, {
    author: authorOf(context, 'patch', gate.why),
    clock: context.clock,
  })
  if (outcome?.type === 'failed') {
    await reportFailure(context, `failed to patch '${kind.kind}' resource`, outcome.failure)
    return EXIT.failure
  }
  context.stdout.write(`Successfully patched 1 '${kind.kind}' resource\n`)
  return EXIT.ok
}

function parsePatch(text: string | undefined): unknown {
  if (text === undefined) throw new UsageError('a patch is needed', `give it with --patch, as in -p '{"spec":{"disabled":true}}'`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`the patch is not valid JSON: ${(error as Error).message}`, 'put it into single quotes, so that the shell leaves it alone')
  }
}

function patched(kind: Kind, target: Target, current: Resource, patch: unknown, type: PatchType): Resource | ResourceFailure {
  const document = patchDocument(JSON.parse(JSON.stringify(arrangeResource(kind, current))), patch, type)
  const faults: Fault[] = []
  if (!isObject(document)) return invalid(nameOf(target), [{ code: 'wrong-type', path: [], message: 'the patch leaves no object' }])
  const resource = decodeResource(kind, document, { report: (fault) => void faults.push(fault) })
  for (const field of ['name', 'namespace'] as const) {
    if (resource.metadata[field] !== current.metadata[field]) {
      faults.push({ code: 'immutable', path: ['metadata', field], message: `metadata.${field} cannot be changed by a patch` })
    }
  }
  return faults.length > 0 ? invalid(nameOf(target), faults) : resource
}
