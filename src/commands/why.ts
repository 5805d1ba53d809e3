import { Option } from 'commander'
import { themeFor } from '../output/theme.ts'
import { findSubject, isSubjectFault, type Subject } from '../policy/subject.ts'
import type { Judgement } from '../policy/why/answer.ts'
import { remedyFor } from '../policy/why/change.ts'
import { judgeFew } from '../policy/why/judge.ts'
import { netsOf } from '../policy/why/places.ts'
import { parseTraffic, type Traffic } from '../policy/why/traffic.ts'
import type { World } from '../policy/world/world.ts'
import { formatAnswer, reportSubject, reportWorld } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'
import { addressFault } from './why/addresses.ts'
import { formatWhy, type Told, type ToldRemedy } from './why/text.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface WhyOptions extends WorldOptions {
  readonly output: 'text' | 'json'
  readonly batch?: string
}

export const define: Define = (command, run) => {
  command
    .argument('[source]', 'an endpoint, container, network, network set, selector, address or network of addresses')
    .argument('[destination]', 'the same, for where it goes')
    .argument('[traffic]', 'tcp/80, udp/5000-5010, icmp, icmp/8, icmp/3/4, a protocol number (default: any)')
  addWorldOptions(command)
  command
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(['text', 'json']).default('text'))
    .option('--batch <file>', 'answer packets instead, one JSON object a line, read from a file or - for standard input')
  withExamples(command, [
    ['calicoctl why workload-A workload-B icmp', 'may A ping B, and which rule says so?'],
    ['calicoctl why workload-A workload-B tcp/80 -f policies/', 'by these manifests'],
    [`calicoctl why "app == 'web'" 10.0.0.0/8`, 'all pairs and all connections'],
    ['calicoctl why --batch probes.jsonl -f policies/', 'many packets, for scripts'],
  ])
  command.action(
    run((context, source: string | undefined, destination: string | undefined, traffic: string | undefined, options: WhyOptions) =>
      options.batch === undefined ? why([source, destination, traffic], options, context) : batch(options.batch, source, options, context),
    ),
  )
}

// --- internal ---

/** Exit code 0: all of it is allowed; 1: some or all is denied; 2: could not tell. */
async function why([source, destination, asked = 'any']: readonly (string | undefined)[], options: WhyOptions, context: Context): Promise<number> {
  if (source === undefined || destination === undefined) {
    throw new UsageError('from where, and to where? Give a source and a destination', 'as in: calicoctl why workload-A workload-B tcp/80')
  }
  const traffic = parseTraffic(asked)
  if ('fault' in traffic) throw new UsageError(traffic.fault, traffic.help)
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  const { world } = loaded
  if (!world) return code ?? EXIT.unknown
  const subjects = [findSubject(world, source), findSubject(world, destination)] as const
  for (const subject of subjects) if (isSubjectFault(subject)) return reportSubject(context, subject)
  const [from, to] = subjects as readonly [Subject, Subject]
  const fault = addressFault(from, to, traffic)
  if (fault) return reportSubject(context, fault)
  const judgement = await judge(world, from, to, traffic)
  const told: Told = { world, from, to, traffic, judgement, remedy: await findRemedy(world, from, to, traffic, judgement) }
  if (options.output === 'json') {
    const { whyJson } = await import('./why/json.ts')
    context.stdout.write(formatAnswer('why', whyJson(told)))
  } else {
    const theme = await themeFor(context.stdout, context.env, options.color)
    context.stdout.write(formatWhy({ theme, width: context.stdout.columns ?? 120, source: loaded.source }, told))
  }
  return judgement.verdict === 'allow' ? EXIT.ok : judgement.verdict === 'unknown' ? EXIT.unknown : EXIT.failure
}

async function judge(world: World, from: Subject, to: Subject, traffic: Traffic): Promise<Judgement> {
  const few = judgeFew(world, from, to, traffic)
  if (few) return few
  const { judgeAll } = await import('../policy/why/judge-all.ts')
  return judgeAll(world, from, to, traffic)
}

/** What would allow it all, or at least an example of each kind of answer; only when all is denied. */
async function findRemedy(
  world: World,
  from: Subject,
  to: Subject,
  traffic: Traffic,
  { verdict, answers }: Judgement,
): Promise<ToldRemedy | undefined> {
  if (verdict !== 'deny' || answers.length > MOST_MENDED) return undefined
  const examples = answers.map(({ example }) => example)
  const remedy = remedyFor(world, examples, traffic, { from: netsOf(from), to: netsOf(to) })
  return remedy && { ...remedy, all: (await judge(remedy.world, from, to, traffic)).verdict === 'allow' }
}

/** For so many kinds of answers a change is looked for. */
const MOST_MENDED = 6

async function batch(file: string, extra: string | undefined, options: WhyOptions, context: Context): Promise<number> {
  if (extra !== undefined) throw new UsageError('--batch takes its questions from a file: give no source and destination beside it')
  const loaded = await loadWorld(context, options)
  const code = await reportWorld(context, options, loaded)
  if (!loaded.world) return code ?? EXIT.unknown
  const { answerBatch } = await import('./why/batch.ts')
  return answerBatch(context, loaded.world, file)
}
