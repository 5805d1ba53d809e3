import { Option } from 'commander'
import { formatNet } from '../model/net.ts'
import { formatCells } from '../output/cells.ts'
import { escapeForTerminal } from '../output/escape.ts'
import { describeSet, entriesOf } from '../policy/connections/describe.ts'
import { NOTHING } from '../policy/connections/space.ts'
import { type Decider, exposure, type Exposure, type ExposureRow } from '../policy/exposure/exposure.ts'
import { peerWords } from '../policy/exposure/peers.ts'
import { Namer } from '../policy/reach/names.ts'
import { type Note, notesOn } from '../policy/reach/notes.ts'
import { outsideName, outsideOf } from '../policy/reach/outside.ts'
import { findSubject, isSubjectFault } from '../policy/subject.ts'
import { endpointTitle, ownerTitle, rulePath } from '../policy/words.ts'
import type { World } from '../policy/world/world.ts'
import { formatAnswer, placeOf, reportSubject, reportWorld } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'
import { placeJson } from './why/decider.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface ExposureOptions extends WorldOptions {
  readonly output: 'table' | 'json'
}

export const define: Define = (command, run) => {
  command.argument('[subject]', 'only what these are exposed to: an endpoint, a network, an address, a selector')
  addWorldOptions(command)
  command.addOption(new Option('-o, --output <format>', 'form of the answer').choices(['table', 'json']).default('table'))
  withExamples(command, [
    ['calicoctl exposure', 'what new endpoints and addresses outside could do, and by which rule'],
    ['calicoctl exposure workload-A -f policies/', 'with one container, by these manifests'],
    ['calicoctl exposure net1 -o json', 'for programs'],
  ])
  command.action(run((context, subject: string | undefined, options: ExposureOptions) => runExposure(subject, options, context)))
}

// --- internal ---

/** Exit code 0: answered; 2: some of it could not be told. */
async function runExposure(word: string | undefined, options: ExposureOptions, context: Context): Promise<number> {
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  const { world } = loaded
  if (!world) return code ?? EXIT.unknown
  const subject = word === undefined ? undefined : findSubject(world, word)
  if (subject && isSubjectFault(subject)) return reportSubject(context, subject)
  const meant = subject && new Set<unknown>(subject.endpoints)
  const isMeant = (endpoint: unknown) => meant?.has(endpoint) ?? true
  const found = exposure(world, isMeant)
  const notes = notesOn(world, [], isMeant)
  for (const { message } of notes) context.stderr.write(`${escapeForTerminal(message)}\n`)
  context.stdout.write(options.output === 'json' ? formatAnswer('exposure', toJson(world, found, notes)) : toTable(world, found))
  return notes.length > 0 || found.rows.some(({ unknown }) => unknown !== NOTHING) ? EXIT.unknown : EXIT.ok
}

function toTable(world: World, { engine, rows, unprotected }: Exposure): string {
  const namer = new Namer(world, (ip) => engine.atoms.netOf(engine.atoms.atomOf(ip)))
  const cells = rows.map((row) => {
    const own = namer.countedName(row.endpoints)
    const others = peersOf(world, engine, row)
    const [from, to] = row.direction === 'ingress' ? [others, own] : [own, others]
    const doubt = row.unknown === NOTHING ? '' : `${row.allowed === NOTHING ? '' : '; '}unknown: ${describeSet(engine.space, row.unknown)}`
    const sure = row.allowed === NOTHING && doubt !== '' ? '' : describeSet(engine.space, row.allowed)
    return [from, to, `${sure}${doubt}`, row.by.map(deciderWords).join(', ')]
  })
  const table = formatCells(['FROM', 'TO', 'CONNECTIONS', 'BY'], cells)
  if (unprotected.length === 0) return table
  const names = unprotected.slice(0, 10).map(endpointTitle)
  const more = unprotected.length > names.length ? ` and ${unprotected.length - names.length} more` : ''
  return `${table}\n${escapeForTerminal(`Not protected, anybody may reach them with anything: ${names.join(', ')}${more}`)}\n`
}

/** `any new endpoint, outside`; of many labels the first few. */
function peersOf(world: World, engine: Exposure['engine'], { peers, outside }: ExposureRow): string {
  const words = peers.map(peerWords)
  if (outside.length > 0) {
    // Every atom that is not of this row is of another, so that exceptions are told.
    const others = engine.places.list.flatMap(({ endpointClass, atom }) => (endpointClass === undefined && !outside.includes(atom) ? [atom] : []))
    const [where] = outsideOf(engine.atoms, [outside, others])
    if (where) words.push(outsideName(where, world.networkSets))
  }
  return words.length > SHOWN ? `${words.slice(0, SHOWN).join(', ')} and ${words.length - SHOWN} more` : words.join(', ')
}

const SHOWN = 4

function deciderWords({ owner, rule }: Decider): string {
  if (!owner) return 'no rule'
  const place = placeOf(owner.origin, rule ? rulePath(rule) : ['metadata', 'name'])
  const which = rule ? `rule ${rule.index + 1} of ${ownerTitle(owner)}` : `the end of ${ownerTitle(owner)}`
  return place === undefined ? which : `${which} (${place})`
}

function toJson(world: World, { engine, rows, unprotected }: Exposure, notes: readonly Note[]): Record<string, unknown> {
  const { space, atoms } = engine
  return {
    rows: rows.map(({ direction, peers, outside, endpoints, allowed, unknown, by }) => ({
      direction,
      peers: [
        ...peers.map(({ labels, net }) => ({ kind: 'new', labels, ...(net ? { network: formatNet(net) } : {}) })),
        ...outside.map((atom) => ({ kind: 'outside', network: formatNet(atoms.netOf(atom)) })),
      ],
      endpoints: endpoints.flatMap((index) => world.endpoints[index]?.id ?? []),
      connections: entriesOf(space, allowed),
      ...(unknown === NOTHING ? {} : { unknown: entriesOf(space, unknown) }),
      by: by.flatMap(({ owner, rule }) => (owner ? [placeJson(owner, rule)] : [])),
    })),
    unprotected: unprotected.map(({ id }) => id),
    notes,
  }
}
