import { Option } from 'commander'
import { formatCells } from '../output/cells.ts'
import { type Applying, applying } from '../policy/applies.ts'
import { findSubject, isSubjectFault } from '../policy/subject.ts'
import { endpointTitle } from '../policy/words.ts'
import type { Endpoint, World } from '../policy/world/world.ts'
import { formatAnswer, placeOf, reportSubject, reportWorld, sourceOf } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface AppliesOptions extends WorldOptions {
  readonly output: 'table' | 'json'
}

export const define: Define = (command, run) => {
  command.argument('<endpoint>', 'name of an endpoint, or what stands for several: a network, an address, a selector')
  addWorldOptions(command)
  command.addOption(new Option('-o, --output <format>', 'form of the answer').choices(['table', 'json']).default('table'))
  withExamples(command, [
    ['calicoctl applies workload-A', 'what acts on it, in order'],
    ['calicoctl applies workload-A -f policies/', 'what would, by these manifests'],
    [`calicoctl applies "app == 'web'" -o json`, 'for all endpoints of a label'],
  ])
  command.action(run((context, subject: string, options: AppliesOptions) => applies(subject, options, context)))
}

// --- internal ---

/** Exit code 0: something acts on it; 1: nothing does, so that it is cut off; 2: could not tell. */
async function applies(word: string, options: AppliesOptions, context: Context): Promise<number> {
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  if (!loaded.world) return code ?? EXIT.unknown
  const { world } = loaded
  const subject = findSubject(world, word)
  if (isSubjectFault(subject)) return reportSubject(context, subject)
  const answers = subject.endpoints.map((endpoint) => ({ endpoint, acting: applying(world, endpoint) }))
  if (options.output === 'json') context.stdout.write(formatAnswer('applies', { endpoints: answers.map(toJson) }))
  else if (answers.length === 0) context.stderr.write('no endpoint is meant by that\n')
  else context.stdout.write(answers.map((answer) => toTable(answer)).join('\n'))
  if (answers.length === 0 || mattersAside(world)) return EXIT.unknown
  return answers.every(({ acting }) => acting.length > 0) ? EXIT.ok : EXIT.failure
}

interface Answer {
  readonly endpoint: Endpoint
  readonly acting: readonly Applying[]
}

/** A policy that cannot be understood could be meant for any endpoint. */
function mattersAside(world: World): boolean {
  return world.setAside.some(({ kind }) => kind !== 'WorkloadEndpoint' && kind !== 'Node' && kind !== 'FelixConfiguration')
}

function toTable({ endpoint, acting }: Answer): string {
  const rows = acting.map((one) => {
    const [tier, kind, name] = one.type === 'policy' ? [one.policy.tier, one.policy.kind, nameOf(one)] : ['', 'Profile', one.name]
    const origin = one.type === 'policy' ? one.policy.origin : one.profile?.origin
    const place = origin ? (placeOf(origin, ['metadata', 'name']) ?? 'built in') : 'missing: it denies everything'
    return [tier, kind, name, one.directions.join(','), place]
  })
  return formatCells([`${endpointTitle(endpoint)}: TIER`, 'KIND', 'NAME', 'DIRECTIONS', 'FROM'], rows)
}

function toJson({ endpoint, acting }: Answer): unknown {
  return {
    endpoint: endpoint.id,
    labels: endpoint.labels,
    applies: acting.map((one) =>
      one.type === 'policy'
        ? {
            tier: one.policy.tier,
            kind: one.policy.kind,
            ...(one.policy.namespace === undefined ? {} : { namespace: one.policy.namespace }),
            name: one.policy.name,
            stage: one.policy.stage ?? 'normal',
            directions: one.directions,
            source: sourceOf(one.policy.origin, ['metadata', 'name']),
          }
        : {
            kind: 'Profile',
            name: one.name,
            missing: one.profile === undefined,
            directions: one.directions,
            source: one.profile && sourceOf(one.profile.origin, ['metadata', 'name']),
          },
    ),
  }
}

function nameOf({ policy }: Applying & { type: 'policy' }): string {
  return policy.namespace === undefined ? policy.name : `${policy.namespace}/${policy.name}`
}
