import { Option } from 'commander'
import type { PolicyTests } from '../manifest/policy-tests.ts'
import type { Problem } from '../model/problem.ts'
import { formatProblems } from '../output/problems/format.ts'
import { formatTestsJunit } from '../output/tests/junit.ts'
import { formatTap } from '../output/tests/tap.ts'
import { themeFor } from '../output/theme.ts'
import { formatAnswer, reportWorld } from './answer.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import { printProblems } from './report.ts'
import type { Define } from './table.ts'
import { coverageJson, coverageOf, coverageText } from './tests/coverage.ts'
import { problemJson, testsJson } from './tests/json.ts'
import { formatTestText, problemsOf, reportedSuites, summaryOf } from './tests/report.ts'
import { countResults, type Reached, readTests, runTests, type TestResult } from './tests/run.ts'
import { UsageError } from './usage-error.ts'
import { watchAndRepeat } from './watch.ts'
import { addWorldOptions, type LoadedWorld, loadWorld, type WorldOptions } from './world.ts'

const FORMATS = ['text', 'json', 'junit', 'tap', 'github', 'sarif'] as const

interface TestOptions extends WorldOptions {
  readonly output: (typeof FORMATS)[number]
  readonly coverage: boolean
  readonly watch: boolean
}

export const define: Define = (command, run) => {
  command.argument('<tests...>', 'files of policy tests, directories with all below them, or - for standard input')
  addWorldOptions(command)
  command
    .addOption(new Option('-o, --output <format>', 'form of the results').choices(FORMATS).default('text'))
    .option('--coverage', 'also which rules of policies and profiles no test reaches', false)
    .option('--watch', 'run again whenever a file changes, until Ctrl-C', false)
  withExamples(command, [
    ['calicoctl test tests/', 'do the resources in the datastore pass?'],
    ['calicoctl test tests/ -f policies/', 'would these manifests?'],
    ['calicoctl test tests/ -f policies/ --overlay', 'would they, laid over the datastore?'],
    ['calicoctl test tests/ -f policies/ --coverage', 'and which rules does no test reach?'],
    ['calicoctl test tests/ -f policies/ -o junit', 'a report for CI'],
    ['calicoctl test tests/ -f policies/ --watch', 'again on every change'],
  ])
  command.action(
    run((context, paths: string[], options: TestOptions) => {
      checkOptions(paths, options)
      return options.watch ? watchTests(paths, options, context) : test(paths, options, context)
    }),
  )
}

// --- internal ---

/** Exit code 0: all pass; 1: some fail; 2: some could not be told and none fails, or there is something wrong with the tests. */
async function test(paths: readonly string[], options: TestOptions, context: Context): Promise<number> {
  const tests = await readTests(context, paths)
  if (tests.problems.length > 0) return refuse(tests.problems, tests, options, context)
  if (tests.tests.length === 0) throw new UsageError(`no policy test in ${paths.join(', ')}`, 'a test is a document with "kind: PolicyTest"')
  const needed = tests.tests.some(({ resources }) => !resources)
  if (!needed && options.filename.length > 0) context.stderr.write('every test has resources of its own: -f is not used\n')
  const loaded = needed ? await loadWorld(context, options, { passOverTests: true }) : undefined
  if (loaded) {
    const code = await reportWorld(context, options, loaded)
    if (code !== undefined) return code
  }
  const { results, reached } = runTests(tests.tests, loaded?.world, options.coverage)
  await print(results, reached, tests, loaded, options, context)
  const { failed, unknown } = countResults(results)
  return failed > 0 ? EXIT.failure : unknown > 0 ? EXIT.unknown : EXIT.ok
}

function checkOptions(paths: readonly string[], { coverage, output, watch, filename }: TestOptions): void {
  if (coverage && output !== 'text' && output !== 'json') throw new UsageError('--coverage goes with -o text and -o json')
  if (watch && output !== 'text') throw new UsageError('--watch goes with -o text')
  if (watch && [...paths, ...filename].includes('-')) throw new UsageError('standard input cannot be watched')
}

/** Tests with faults are not run. */
async function refuse(problems: readonly Problem[], tests: PolicyTests, options: TestOptions, context: Context): Promise<number> {
  const { output } = options
  if (output === 'github' || output === 'sarif') context.stdout.write(formatProblems(output, problems))
  else if (output === 'json') context.stdout.write(formatAnswer('test', { problems: problems.map(problemJson) }))
  if (output === 'tap') context.stdout.write('TAP version 14\nBail out! the tests have faults\n')
  if (output === 'text' || output === 'tap' || output === 'junit')
    await printProblems(context, options, problems, { source: tests.source, files: tests.files, consequence: 'nothing was tested' })
  return EXIT.unknown
}

async function print(
  results: readonly TestResult[],
  reached: Reached,
  tests: PolicyTests,
  loaded: LoadedWorld | undefined,
  options: TestOptions,
  context: Context,
): Promise<void> {
  const { stdout } = context
  const suites = reportedSuites(results)
  switch (options.output) {
    case 'text': {
      const theme = await themeFor(stdout, context.env, options.color)
      const source = (file: string) => tests.source(file) ?? loaded?.source(file)
      stdout.write(formatTestText(suites, results, { theme, width: stdout.columns, source }))
      if (options.coverage) stdout.write(coverageText(coverageOf(reached)))
      break
    }
    case 'json': {
      const { passed, failed, unknown } = countResults(results)
      const coverage = options.coverage ? { coverage: coverageJson(coverageOf(reached)) } : {}
      stdout.write(formatAnswer('test', { passed, failed, unknown, tests: testsJson(results), ...coverage }))
      break
    }
    case 'junit':
      stdout.write(formatTestsJunit(suites))
      break
    case 'tap':
      stdout.write(formatTap(suites))
      break
    case 'github':
      stdout.write(`${formatProblems('github', problemsOf(suites))}${summaryOf(results)}\n`)
      break
    case 'sarif':
      stdout.write(formatProblems('sarif', problemsOf(suites)))
  }
}

/** Runs the tests, and again after each change of a file that they, or the manifests, are in. */
function watchTests(paths: readonly string[], options: TestOptions, context: Context): Promise<number> {
  const read = async () => [...paths, ...options.filename, ...(await readTests(context, paths)).fixtures]
  return watchAndRepeat(context, read, () => test(paths, options, context))
}
