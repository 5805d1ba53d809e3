import { UserError } from '../model/user-error.ts'
import { escapeForTerminal } from '../output/escape.ts'
import { migratePolicyNames } from '../store/resources/policy-names.ts'
import { isLocked, setReady } from '../store/resources/ready.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { GlobalOptions } from './options.ts'
import { authorOf, openSession } from './session.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface DatastoreOptions extends GlobalOptions {
  readonly filename?: string
}

export const define: Define = (command, run) => {
  command
    .argument('[verb]', 'migrate, or migrate-policy-names')
    .argument('[step]', 'migrate: lock, unlock, export or import')
    .option('-f, --filename <file>', 'import: what export has written; for datastores of Kubernetes only, others refuse it')
  withExamples(command, [
    ['calicoctl datastore migrate lock', 'say that it is not ready: agents of Calico wait'],
    ['calicoctl datastore migrate unlock', 'say that it is ready again'],
    ['calicoctl datastore migrate-policy-names', 'move policies of releases up to v3.31 to their present names'],
  ])
  command.action(
    run((context, verb: string | undefined, step: string | undefined, options: DatastoreOptions) => {
      if (verb === undefined) {
        command.outputHelp()
        return EXIT.ok
      }
      if (verb === 'migrate-policy-names' && step === undefined) return renamePolicies(options, context)
      if (verb === 'migrate' && step !== undefined && Object.hasOwn(STEPS, step)) return STEPS[step as keyof typeof STEPS](options, context)
      const words = [verb, ...(step === undefined ? [] : [step])].map(escapeForTerminal).join(' ')
      throw new UsageError(
        `unknown command "datastore ${words}"`,
        `one of: ${Object.keys(STEPS)
          .map((name) => `migrate ${name}`)
          .join(', ')}, migrate-policy-names`,
      )
    }),
  )
}

// --- internal ---

type Step = (options: DatastoreOptions, context: Context) => Promise<number>

const STEPS = {
  lock: (options, context) => lock(false, options, context),
  unlock: (options, context) => lock(true, options, context),
  export: exportAll,
  import: refuseImport,
} satisfies Readonly<Record<string, Step>>

async function lock(ready: boolean, options: DatastoreOptions, context: Context): Promise<number> {
  refuseFile(options)
  const author = authorOf(context, ready ? 'unlock' : 'lock', undefined)
  await setReady(await openSession(context, options), ready, { author, clock: context.clock })
  context.stdout.write(`Datastore ${ready ? 'unlocked' : 'locked'}.\n`)
  return EXIT.ok
}

async function exportAll(options: DatastoreOptions, context: Context): Promise<number> {
  refuseFile(options)
  const datastore = await openSession(context, options)
  if (!(await isLocked(datastore))) {
    throw new UserError('datastore is not locked. Run the `calicoctl datastore migrate lock` command in order to begin migration')
  }
  const { exportText } = await import('./datastore-export.ts')
  const { text, unreadable } = await exportText(datastore)
  for (const key of unreadable) context.stderr.write(`cannot be read: ${escapeForTerminal(key)}\n`)
  if (unreadable.length > 0) throw new UserError('nothing was exported: an export without these would lose them', 'replace or delete them first')
  context.stdout.write(text)
  return EXIT.ok
}

/** What was exported can only go into the API of Kubernetes, which is no datastore of ours. */
async function refuseImport(): Promise<number> {
  throw new UserError(
    'invalid datastore type: etcdv3 to import to for datastore migration. Datastore type must be kubernetes',
    'import with the calicoctl of the Kubernetes cluster',
  )
}

async function renamePolicies(options: DatastoreOptions, context: Context): Promise<number> {
  refuseFile(options)
  const datastore = await openSession(context, options)
  const { migrated, left } = await migratePolicyNames(datastore, {
    author: authorOf(context, 'migrate-policy-names', undefined),
    clock: context.clock,
  })
  for (const key of left) context.stderr.write(`left where it is: ${escapeForTerminal(key)}\n`)
  if (left.length > 0) throw new UserError(`migrated ${migrated} policies, ${left.length} not: they changed meanwhile, or the new name is taken`)
  context.stdout.write(`Policy name migration complete, migrated ${migrated} policies.\n`)
  return EXIT.ok
}

function refuseFile({ filename }: DatastoreOptions): void {
  if (filename !== undefined) throw new UsageError('--filename is for datastore migrate import only')
}
