import type { Problem } from '../model/problem.ts'
import type { Origin } from '../policy/world/origin.ts'
import { escapeForTerminal } from '../output/escape.ts'
import type { SubjectFault } from '../policy/subject.ts'
import { type Context, EXIT } from './context.ts'
import { printProblems } from './report.ts'
import type { LoadedWorld, WorldOptions } from './world.ts'

/** Version of the JSON that commands which ask about policy print; grows when a field changes its meaning or goes. */
export const ANSWER_VERSION = 1

/** A JSON answer: `{"version":1,"command":"why",...}`, indented by two spaces. */
export function formatAnswer(command: string, answer: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ version: ANSWER_VERSION, command, ...answer }, undefined, 2)}\n`
}

/** Where something was read, for people: `net1.yaml:7:5`, or the datastore's key and revision; undefined for what is always there. Safe to print. */
export function placeOf(origin: Origin, path: readonly (string | number)[] = []): string | undefined {
  if (origin.file !== undefined) {
    const start = origin.locate?.(path).start
    return escapeForTerminal(start ? `${origin.file}:${start.line}:${start.column}` : origin.file)
  }
  return origin.key === undefined ? undefined : escapeForTerminal(`${origin.key} (revision ${origin.revision ?? '?'})`)
}

/** The same for programs. */
export function sourceOf(origin: Origin, path: readonly (string | number)[] = []): Readonly<Record<string, unknown>> | undefined {
  if (origin.file !== undefined) {
    const start = origin.locate?.(path).start
    return { file: origin.file, ...(start ? { line: start.line, column: start.column } : {}) }
  }
  return origin.key === undefined ? undefined : { key: origin.key, revision: origin.revision }
}

/**
 * Tells, on stderr, what is wrong with the resources that a question is about. Gives the exit code when there is no world to ask; otherwise undefined.
 * Resources of the store that cannot be understood are told too: whether they matter is for the command to say.
 */
export async function reportWorld(context: Context, options: WorldOptions, loaded: LoadedWorld): Promise<number | undefined> {
  const problems: readonly Problem[] = [...loaded.problems, ...(loaded.world?.setAside ?? []).map(({ problem }) => problem)]
  if (problems.length > 0) await printProblems(context, options, problems, { source: loaded.source, files: loaded.files })
  return loaded.world ? undefined : EXIT.unknown
}

/** Tells that a word of the command line stands for nothing, or for several things. Gives the exit code. */
export function reportSubject(context: Context, { message, help }: SubjectFault): number {
  context.stderr.write(`${escapeForTerminal(message)}\n${help === undefined ? '' : `${escapeForTerminal(help)}\n`}`)
  return EXIT.unknown
}
