import type { Datastore } from '../store/datastore.ts'
import { resolveTests } from '../store/settings.ts'
import type { Context } from './context.ts'
import type { ChangeOptions, GlobalOptions } from './options.ts'
import type { PlannedChange } from './tests/gate.ts'

/** Whether a change may be made: then the reason that is kept with it; otherwise the exit code, after telling why not. */
export type Gate = { readonly why: string | undefined } | { readonly code: number }

/**
 * Every change goes through here before anything is written: the policy tests that `--test`, the environment or the configuration file name must pass on the
 * resources as it would leave them.
 */
export async function passGate(datastore: Datastore, change: PlannedChange, options: GlobalOptions & ChangeOptions, context: Context): Promise<Gate> {
  const configured = options.test.length > 0 ? undefined : await resolveTests(options, context)
  const paths = configured === undefined ? options.test : [configured]
  if (paths.length === 0) return { why: options.why }
  if (options.skipTests) return { why: options.why === undefined ? SKIPPED : `${options.why} (${SKIPPED})` }
  const { testChange } = await import('./tests/gate.ts')
  const code = await testChange(paths, datastore, change, options, context)
  return code === undefined ? { why: options.why } : { code }
}

// --- internal ---

const SKIPPED = 'tests skipped'
