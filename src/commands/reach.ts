import { type Command, Option } from 'commander'
import { escapeForTerminal } from '../output/escape.ts'
import { notesOn } from '../policy/reach/notes.ts'
import { reach } from '../policy/reach/reach.ts'
import { findSubject, isSubjectFault, type Subject, type SubjectFault } from '../policy/subject.ts'
import { parseTraffic, type TrafficFault } from '../policy/why/traffic.ts'
import type { Endpoint } from '../policy/world/world.ts'
import { reportSubject, reportWorld } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import { MAP_FORMATS, type MapFormat, writeMap } from './reach/formats.ts'
import type { Define } from './table.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface ReachOptions extends WorldOptions {
  readonly from?: string
  readonly to?: string
  readonly port?: string
  readonly denied: boolean
  readonly output: MapFormat
}

export const define: Define = (command, run) => {
  command.argument('[subject]', 'only what is from or to this: an endpoint, a network, an address, a selector')
  addReachOptions(command)
  withExamples(command, [
    ['calicoctl reach', 'who reaches whom on what'],
    ['calicoctl reach workload-A --port tcp/80', 'from and to one container, on one port'],
    ['calicoctl reach --to net1 --denied -f policies/', 'what may not come in, by these manifests'],
    ['calicoctl reach -o html > map.html', 'a page with a matrix, a graph, and why'],
  ])
  command.action(run((context, subject: string | undefined, options: ReachOptions) => runReach(subject, options, context)))
}

// --- internal ---

function addReachOptions(command: Command): void {
  addWorldOptions(command)
  command
    .option('--from <name>', 'only what begins here')
    .option('--to <name>', 'only what ends here')
    .option('--port <connection>', 'only these connections, as in tcp/80, udp/5000-5010, icmp')
    .option('--denied', 'what is not allowed, instead of what is', false)
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(MAP_FORMATS).default('table'))
}

/** Exit code 0: answered; 2: some of it could not be told. */
async function runReach(about: string | undefined, options: ReachOptions, context: Context): Promise<number> {
  const traffic = /^\d+$/.test(options.port ?? '') ? portAlone(options.port ?? '') : parseTraffic(options.port ?? 'any')
  if ('fault' in traffic) {
    context.stderr.write(`${escapeForTerminal(traffic.fault)}\n${traffic.help}\n`)
    return EXIT.unknown
  }
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  if (!loaded.world) return code ?? EXIT.unknown
  const { world } = loaded
  const parts = [about, options.from, options.to].map((word) => (word === undefined ? undefined : findSubject(world, word)))
  const fault = parts.find((part): part is SubjectFault => part !== undefined && isSubjectFault(part))
  if (fault) return reportSubject(context, fault)
  const [subject, from, to] = parts as (Subject | undefined)[]
  const map = reach(world, { about: subject, from, to, traffic, denied: options.denied })
  const notes = notesOn(world, isMeant([subject, from, to]), map)
  for (const { message } of notes) context.stderr.write(`${escapeForTerminal(message)}\n`)
  await writeMap(options.output, { world, map, notes, source: loaded.source }, (text) => context.stdout.write(text))
  return notes.length > 0 || map.doubtful ? EXIT.unknown : EXIT.ok
}

/** A number alone would be read as a protocol's, and is not meant as such after `--port`. */
function portAlone(port: string): TrafficFault {
  return { fault: `of which protocol is port ${port}?`, help: `write tcp/${port} or udp/${port}` }
}

/** Which endpoints the question is about: all, unless it names some. */
function isMeant(parts: readonly (Subject | undefined)[]): (endpoint: Endpoint) => boolean {
  const named = parts.filter((part) => part !== undefined)
  return named.length === 0 ? () => true : (endpoint) => named.some(({ endpoints }) => endpoints.some((one) => one === endpoint))
}
