import { Option } from 'commander'
import { formatIp } from '../model/net.ts'
import { kindForWord } from '../model/registry.ts'
import { formatCells } from '../output/cells.ts'
import { findSelection, type Selection } from '../policy/selects.ts'
import { isSubjectFault } from '../policy/subject.ts'
import { addressesOf } from '../policy/why/places.ts'
import { endpointTitle } from '../policy/words.ts'
import { formatNet } from '../model/net.ts'
import { formatAnswer, placeOf, reportSubject, reportWorld, sourceOf } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface SelectsOptions extends WorldOptions {
  readonly output: 'table' | 'json'
}

export const define: Define = (command, run) => {
  command.argument('<policy>', 'a policy (web, prod/web, networkpolicy/prod/web), a profile (profile/net1), or a selector')
  addWorldOptions(command)
  command.addOption(new Option('-o, --output <format>', 'form of the answer').choices(['table', 'json']).default('table'))
  withExamples(command, [
    ['calicoctl selects networkpolicy/prod/web', 'the endpoints that a policy acts on'],
    ['calicoctl selects profile/net1 -f policies/', 'the endpoints that carry a profile, by these manifests'],
    [`calicoctl selects "app == 'web'" -o json`, 'the endpoints and network sets that a selector picks'],
  ])
  command.action(run((context, word: string, options: SelectsOptions) => selects(word, options, context)))
}

// --- internal ---

/** Exit code 0: it picks something; 1: nothing; 2: could not tell. */
async function selects(word: string, options: SelectsOptions, context: Context): Promise<number> {
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  if (!loaded.world) return code ?? EXIT.unknown
  const { world } = loaded
  const selection = findSelection(world, word, (kind) => kindForWord(kind)?.kind)
  if (isSubjectFault(selection)) return reportSubject(context, selection)
  const { endpoints, networkSets } = selection
  const count = endpoints.length + networkSets.length
  if (options.output === 'json') context.stdout.write(formatAnswer('selects', toJson(selection)))
  else if (count > 0) context.stdout.write(toTable(selection))
  else context.stderr.write('it picks nothing\n')
  // Labels of endpoints that cannot be understood, and those that a broken profile hands on, could be picked.
  if (world.setAside.some(({ kind }) => kind !== 'Tier' && kind !== 'FelixConfiguration' && !kind.endsWith('NetworkPolicy'))) return EXIT.unknown
  return count > 0 ? EXIT.ok : EXIT.failure
}

function toTable({ endpoints, networkSets }: Selection): string {
  const rows = [
    ...endpoints.map((endpoint) => {
      const kind = endpoint.kind === 'workload' ? 'WorkloadEndpoint' : 'HostEndpoint'
      return [
        endpointTitle(endpoint),
        kind,
        endpoint.node,
        addressesOf(endpoint).map(formatIp).join(','),
        placeOf(endpoint.origin, ['metadata', 'name']) ?? '',
      ]
    }),
    ...networkSets.map((set) => {
      const name = set.namespace === undefined ? set.name : `${set.namespace}/${set.name}`
      return [name, set.kind, '', set.nets.map(formatNet).join(','), placeOf(set.origin, ['metadata', 'name']) ?? '']
    }),
  ]
  return formatCells(['NAME', 'KIND', 'NODE', 'ADDRESSES', 'FROM'], rows)
}

function toJson({ owner, endpoints, networkSets }: Selection): Readonly<Record<string, unknown>> {
  return {
    ...(owner
      ? {
          policy: {
            kind: owner.kind,
            ...('namespace' in owner && owner.namespace !== undefined ? { namespace: owner.namespace } : {}),
            name: owner.name,
            source: sourceOf(owner.origin, ['metadata', 'name']),
          },
        }
      : {}),
    endpoints: endpoints.map((endpoint) => ({
      endpoint: endpoint.id,
      kind: endpoint.kind === 'workload' ? 'WorkloadEndpoint' : 'HostEndpoint',
      node: endpoint.node,
      addresses: addressesOf(endpoint).map(formatIp),
      labels: endpoint.labels,
      source: sourceOf(endpoint.origin, ['metadata', 'name']),
    })),
    networkSets: networkSets.map(({ kind, namespace, name, nets, labels, origin }) => ({
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      nets: nets.map(formatNet),
      labels,
      source: sourceOf(origin, ['metadata', 'name']),
    })),
  }
}
