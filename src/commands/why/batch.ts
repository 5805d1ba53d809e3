import { UserError } from '../../model/user-error.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import { traceOf } from '../../policy/interpreter/trace.ts'
import { examine } from '../../policy/why/examine.ts'
import { readProbe } from '../../policy/why/probe.ts'
import type { World } from '../../policy/world/world.ts'
import { type Context, EXIT } from '../context.ts'
import { deciderJson } from './decider.ts'

/**
 * Answers probes, a JSON object a line, with a line each, as they come. A line that is no probe is told on stderr with its number, and answered with
 * `{"line", "error"}`. Exit code 0 when everything could be told, otherwise 2.
 */
export async function answerBatch(context: Context, world: World, file: string): Promise<number> {
  let told = true
  let number = 0
  for await (const lines of linesOf(context, file)) {
    let answers = ''
    for (const line of lines) {
      number++
      if (line.trim() === '') continue
      const answer = answerLine(world, line)
      if (answer.error !== undefined)
        context.stderr.write(`${file === '-' ? '' : `${escapeForTerminal(file)}: `}line ${number}: ${escapeForTerminal(answer.error)}\n`)
      if (answer.error !== undefined || answer.verdict === 'unknown') told = false
      answers += `${JSON.stringify(answer.error !== undefined ? { line: number, ...answer } : answer)}\n`
    }
    if (answers !== '') context.stdout.write(answers)
  }
  return told ? EXIT.ok : EXIT.unknown
}

// --- internal ---

interface BadLine {
  readonly error: string
}

interface Answered extends Readonly<Record<string, unknown>> {
  readonly verdict: string
  readonly error?: never
}

/** The probe, as it was given, with what became of it in the words of `conformance/policy`: `-` where there is no endpoint. */
function answerLine(world: World, line: string): BadLine | Answered {
  let raw: unknown
  try {
    raw = JSON.parse(line)
  } catch {
    return { error: 'this line is not JSON' }
  }
  const probe = readProbe(world, raw)
  if ('fault' in probe) return { error: probe.help === undefined ? probe.fault : `${probe.fault} (${probe.help})` }
  const examined = examine(world, probe.from, probe.to, probe.header)
  const { egress, ingress, verdict, forwards, doubts, exempt, toOwnHost } = examined
  const sides = [egress, ingress].flatMap((side) => (side ? [side] : []))
  return {
    ...(raw as object),
    egress: egress?.verdict ?? '-',
    ingress: ingress?.verdict ?? '-',
    verdict,
    trace: Object.fromEntries(sides.map((side) => [side.direction, traceOf(side)])),
    source: Object.fromEntries(
      sides.flatMap((side) => {
        const decider = deciderJson(side)
        return decider ? [[side.direction, decider]] : []
      }),
    ),
    ...(forwards.length > 0
      ? {
          forwards: forwards.map(({ side, certain }) => ({
            endpoint: side.endpoint.id,
            direction: side.direction,
            certain,
            verdict: side.verdict,
            trace: traceOf(side),
          })),
        }
      : {}),
    ...(doubts.length > 0 ? { unknown: doubts } : {}),
    ...(exempt === undefined ? {} : { exempt }),
    ...(toOwnHost === undefined ? {} : { toOwnHost }),
  }
}

/** The lines of a file, or of standard input as they arrive, some at a time. */
async function* linesOf(context: Context, file: string): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of file === '-' ? context.stdin.chunks() : fileChunks(context, file)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  yield [rest + decoder.decode()]
}

const CHUNK = 1 << 16

async function* fileChunks(context: Context, file: string): AsyncGenerator<Uint8Array> {
  const bytes = await context.files.readFile(file).catch((error: unknown) => {
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'no such file' : error instanceof Error ? error.message : String(error)
    throw new UserError(`cannot read ${file}: ${reason}`)
  })
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}
