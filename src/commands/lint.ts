import { Option } from 'commander'
import type { Problem } from '../model/problem.ts'
import { didYouMean } from '../model/suggest.ts'
import { formatCells } from '../output/cells.ts'
import { formatProblems, PROBLEM_FORMATS, type ProblemFormat } from '../output/problems/format.ts'
import { formatFrames, summarizeProblems } from '../output/problems/frame.ts'
import { themeFor } from '../output/theme.ts'
import { lint } from '../policy/lint/lint.ts'
import { LINT_RULES } from '../policy/lint/registry.ts'
import type { LintRule } from '../policy/lint/rule.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'
import { addWorldOptions, loadWorld, type WorldOptions } from './world.ts'

interface LintCommandOptions extends WorldOptions {
  readonly output: 'text' | ProblemFormat
  readonly select: readonly string[]
  readonly ignore: readonly string[]
  readonly explain?: string | true
}

export const define: Define = (command, run) => {
  addWorldOptions(command)
  command
    .addOption(new Option('-o, --output <format>', 'how to tell what is found').choices(['text', ...PROBLEM_FORMATS]).default('text'))
    .option('--select <codes>', 'look for these only: codes with commas between them; may be repeated', collect, [])
    .option('--ignore <codes>', 'do not look for these', collect, [])
    .option('--explain [code]', 'explain a code, or list all')
  withExamples(command, [
    ['calicoctl lint', 'what is suspicious about the policies of the datastore'],
    ['calicoctl lint -f policies/ --overlay', 'about these, with the endpoints that there are'],
    ['calicoctl lint -f policies/ -o github', 'as annotations of a GitHub workflow'],
    ['calicoctl lint --explain shadowed-rule', 'what a finding means and what to do'],
  ])
  command.action(run((context, options: LintCommandOptions) => lintCommand(options, context)))
}

// --- internal ---

/** Exit code 0: nothing found, or notes only; 1: warnings or errors; 2: could not read all, so that it cannot be told. */
async function lintCommand(options: LintCommandOptions, context: Context): Promise<number> {
  const [select, ignore] = [codesOf(options.select), codesOf(options.ignore)]
  if (options.explain !== undefined) {
    context.stdout.write(options.explain === true ? listRules() : explain(ruleOf(options.explain)))
    return EXIT.ok
  }
  const loaded = await loadWorld(context, options)
  const { world, source, files } = loaded
  const problems = world ? lint(world, { select, ignore, noted: loaded.problems }) : loaded.problems
  if (options.output !== 'text') context.stdout.write(formatProblems(options.output, problems))
  else {
    const theme = await themeFor(context.stdout, context.env, options.color)
    const frames = formatFrames(problems, { theme, source, width: context.stdout.columns, limit: Infinity })
    context.stdout.write(`${frames}${frames === '' ? '' : '\n'}${summarizeProblems(problems, files)}${advice(problems)}\n`)
  }
  if (!world || world.setAside.length > 0) return EXIT.unknown
  return problems.some(({ severity }) => severity !== 'info') ? EXIT.failure : EXIT.ok
}

function advice(problems: readonly Problem[]): string {
  const [first] = problems.filter(({ code }) => LINT_RULES.some((rule) => rule.code === code))
  return first ? `; "calicoctl lint --explain ${first.code}" says more` : ''
}

function listRules(): string {
  return formatCells(
    ['CODE', 'SEVERITY', 'FINDS'],
    LINT_RULES.map(({ code, severity, summary }) => [code, severity, summary]),
  )
}

function explain({ code, severity, summary, explanation: { why, bad, good, fix } }: LintRule): string {
  return `${code} (${severity}): ${summary}\n\n${why}\n\nFound:\n\n${indent(bad)}\n\nBetter:\n\n${indent(good)}\n\nTo mend it: ${fix}
To leave it as it is, annotate the resource with calicoctl/lint-ignore: ${code}\n`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

/** Checks the codes of an option. @throws UsageError */
function codesOf(words: readonly string[]): string[] {
  return words.map((word) => ruleOf(word).code)
}

/** @throws UsageError */
function ruleOf(code: string): LintRule {
  const rule = LINT_RULES.find((known) => known.code === code)
  if (rule) return rule
  const near = didYouMean(
    code,
    LINT_RULES.map((known) => known.code),
  )
  throw new UsageError(`lint knows no code "${code}"`, near === undefined ? 'calicoctl lint --explain lists all' : `did you mean "${near}"?`)
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, ...value.split(',').filter((word) => word !== '')]
}
