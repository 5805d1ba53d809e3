import { kindNamed } from '../model/registry.ts'
import { getResource, isFailure } from '../store/resources/read.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { GlobalOptions } from './options.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'
import { parseDuration } from '../model/duration.ts'
import { COMMIT, VERSION } from '../version.ts'

interface VersionOptions extends GlobalOptions {
  readonly client: boolean
  readonly poll?: string
}

export const define: Define = (command, run) => {
  command
    .option('--client', 'only the version of this program', false)
    .option('--poll <duration>', 'ask the cluster again and again, and print what changed (as in 5s or 1m)')
  withExamples(command, [
    ['calicoctl version --client', 'the version of this program, without a datastore'],
    ['calicoctl version --poll 10s', 'follow an upgrade of the cluster'],
  ])
  command.action(run((context, options: VersionOptions) => showVersion(options, context)))
}

// --- internal ---

async function showVersion(options: VersionOptions, context: Context): Promise<number> {
  const interval = options.poll === undefined ? undefined : pollInterval(options.poll)
  context.stdout.write(`Client Version:    v${VERSION}\nGit commit:        ${COMMIT}\n`)
  if (options.client) return EXIT.ok
  const datastore = await context.openStore(options)
  const kind = kindNamed('ClusterInformation')
  if (!kind) throw new Error('ClusterInformation is not in the registry')
  let shown = ''
  while (!context.signal.aborted) {
    const cluster = await getResource(datastore, { kind, name: 'default' })
    if (isFailure(cluster)) {
      context.stderr.write(`unable to retrieve Cluster Version or Type: ${cluster.message}\n`)
      if (interval === undefined) return EXIT.failure
    } else {
      const spec = (cluster.spec ?? {}) as { calicoVersion?: string; clusterType?: string }
      const text = `Cluster Version:   ${spec.calicoVersion || 'unknown'}\nCluster Type:      ${spec.clusterType || 'unknown'}\n`
      if (text !== shown) context.stdout.write(text)
      shown = text
    }
    if (interval === undefined) break
    await context.clock.pause(interval)
  }
  return EXIT.ok
}

function pollInterval(text: string): number {
  const interval = parseDuration(text)
  if (typeof interval !== 'bigint' || interval <= 0n) throw new UsageError(`invalid poll duration specified: ${text}`, 'write it as in 5s or 1m30s')
  return Number(interval / 1_000_000n)
}
