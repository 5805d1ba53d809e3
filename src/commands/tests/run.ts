import type { PolicyTest, PolicyTests, TestEntry } from '../../manifest/policy-tests.ts'
import { readPolicyTests } from '../../manifest/policy-tests.ts'
import { formatPath, type Problem } from '../../model/problem.ts'
import { v1Converter } from '../../model/v1/convert.ts'
import type { RuleFacts } from '../../policy/facts.ts'
import { checkEntry, type EntryResult } from '../../policy/tests/check.ts'
import { addReached } from '../../policy/tests/coverage.ts'
import { askAbout, type Asked } from '../../policy/tests/ends.ts'
import { faultsOf } from '../../policy/tests/entry.ts'
import { buildWorld } from '../../policy/world/build.ts'
import type { World } from '../../policy/world/world.ts'
import type { Context } from '../context.ts'
import { isFault, placeItem } from '../namespaces.ts'
import { itemProblem } from '../problems.ts'
import { originOf } from '../world.ts'

export interface TestResult {
  readonly test: PolicyTest
  readonly entries: readonly { readonly entry: TestEntry; readonly result: EntryResult }[]
}

/** The worlds that tests were about, and the rules of them that some entry reached. */
export interface Reached {
  readonly worlds: readonly World[]
  readonly rules: ReadonlySet<RuleFacts>
}

/** Reads tests, as `readPolicyTests`, with the faults of resources that only a command can see. */
export async function readTests(context: Context, paths: readonly string[]): Promise<PolicyTests> {
  const read = await readPolicyTests(paths, context, v1Converter)
  const misplaced = new Map<unknown, Problem>()
  for (const item of read.tests.flatMap(({ resources }) => resources ?? [])) {
    const target = placeItem(item, undefined)
    if (isFault(target)) misplaced.set(item, itemProblem(item, target))
  }
  const unclear = read.tests.flatMap((test) => test.entries.flatMap((entry) => wordProblems(test, entry)))
  return { ...read, problems: [...read.problems, ...unclear, ...misplaced.values()] }
}

/** Runs tests. `base`: what those are about that bring no resources of their own; asked for only when there are such. */
export function runTests(
  tests: readonly PolicyTest[],
  base: World | undefined,
  withCoverage = false,
): { readonly results: readonly TestResult[]; readonly reached: Reached } {
  const shared = tests.filter(({ resources }) => !resources)
  const common = base && shared.length > 0 ? askAbout(base, shared.flatMap(wordsOf)) : undefined
  const rules = new Set<RuleFacts>()
  const worlds: World[] = common ? [common.world] : []
  const results = tests.map((test): TestResult => {
    const asked = test.resources ? askAboutOwn(test) : common
    if (!asked) throw new Error(`${test.file} has no world`)
    if (asked !== common) worlds.push(asked.world)
    return {
      test,
      entries: test.entries.map((entry) => {
        if (withCoverage) addReached(asked, entry, rules)
        return { entry, result: checkEntry(asked, entry) }
      }),
    }
  })
  return { results, reached: { worlds, rules } }
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly unknown: number
}

export function countResults(results: readonly TestResult[]): Counts {
  const counts = { passed: 0, failed: 0, unknown: 0 }
  for (const { entries } of results) for (const { result } of entries) counts[result.status]++
  return counts
}

// --- internal ---

function wordProblems(test: PolicyTest, entry: TestEntry): Problem[] {
  return faultsOf(entry).map(({ field, index, fault }) => {
    const path = [...entry.path, field, ...(entry[field].length > 1 ? [index] : [])]
    return {
      code: 'bad-value',
      severity: 'error',
      message: fault.fault,
      file: test.file,
      range: test.locate(path),
      path: formatPath(path),
      help: fault.help,
    }
  })
}

function askAboutOwn(test: PolicyTest): Asked {
  const sources = (test.resources ?? []).map((item) => ({ resource: item.resource, origin: originOf(item) }))
  return askAbout(buildWorld(sources), wordsOf(test))
}

function wordsOf({ entries }: PolicyTest): string[] {
  return entries.flatMap(({ from, to }) => [...from, ...to])
}
