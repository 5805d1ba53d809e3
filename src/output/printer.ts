import { DEFAULT_AS_NUMBER } from '../model/as-number.ts'
import type { ColumnFacts } from '../model/kind.ts'
import { UserError } from '../model/user-error.ts'
import { documentsOf, type ResultGroup, type ToV1, type Write, writeJson, writeYaml } from './documents.ts'
import { escapeLinesForTerminal } from './escape.ts'
import { formatNames } from './name.ts'
import { columnsOf, formatTable, type View } from './table.ts'

/** Prints what was found, in the format that the user chose. */
export interface Printer {
  /** Prints what may come from `PrintOptions.facts`: columns, or a template's `config`. */
  readonly usesFacts: boolean
  /** @throws UserError before anything is written, such as `unknown heading X, valid values are: ...` */
  print(groups: readonly ResultGroup[], options: PrintOptions): Promise<void>
}

export interface PrintOptions {
  readonly write: Write
  /** Is it a terminal that `write` writes to? */
  readonly isTerminal: boolean
  /** Which namespaces the user asked about: none named, one (`-n`), all (`-A`). Tables have a NAMESPACE column for one and all. */
  readonly namespaces: 'unnamed' | 'one' | 'all'
  readonly facts: ColumnFacts
}

export interface FormatOptions {
  /** Reads a template file; its errors are those of `node:fs`. */
  readonly readFile: (path: string) => Promise<Uint8Array>
  /** `--output-version v1`. */
  readonly toV1?: ToV1 | undefined
}

/**
 * The printer for the word after `-o`; without one, tables (`reference/calicoctl.md 2.2, 2.3`). `name` and `jsonpath` are kubectl's and not the peer's.
 * Templates see what JSON shows: `go-template` a list of what was asked for, as in the peer; `jsonpath` the one object or list, and of several things a list
 * in `items`, as in kubectl.
 * @throws UserError `unrecognized output format 'x'`, `need to specify a template`, ...
 */
export async function printerFor(format: string | undefined, options: FormatOptions): Promise<Printer> {
  const [word, argument] = splitFormat(format ?? 'ps')
  if (options.toV1 && word !== 'yaml' && word !== 'yml' && word !== 'json') {
    throw new UserError('--output-version v1 needs -o yaml or -o json', `-o ${word} prints resources of version v3`)
  }
  switch (word) {
    case 'ps':
      return tablePrinter('default')
    case 'wide':
      return tablePrinter('wide')
    case 'custom-columns':
      return tablePrinter({ headings: splitHeadings(argument) })
    case 'yaml':
    case 'yml':
      return { usesFacts: false, print: async (groups, { write }) => writeYaml(groups, write, options.toV1) }
    case 'json':
      return { usesFacts: false, print: async (groups, { write }) => writeJson(groups, write, options.toV1) }
    case 'name':
      return { usesFacts: false, print: printNames }
    case 'go-template':
      return goTemplatePrinter(need(word, argument, 'need to specify a template'))
    case 'go-template-file':
      return goTemplatePrinter(await readTemplate(word, argument, options))
    case 'jsonpath':
      return jsonPathPrinter(need(word, argument, 'need to specify a template'))
    default:
      return jsonPathPrinter(await readTemplate(word, argument, options))
  }
}

// --- internal ---

const PLAIN_FORMATS = ['ps', 'wide', 'yaml', 'yml', 'json', 'name'] as const
const FORMATS_WITH_ARGUMENT = ['custom-columns', 'go-template', 'go-template-file', 'jsonpath', 'jsonpath-file'] as const
type Format = (typeof PLAIN_FORMATS)[number] | (typeof FORMATS_WITH_ARGUMENT)[number]

function splitFormat(format: string): [word: Format, argument: string | undefined] {
  const plain = PLAIN_FORMATS.find((known) => known === format)
  if (plain) return [plain, undefined]
  const at = format.indexOf('=')
  const word = at < 0 ? format : format.slice(0, at)
  const known = FORMATS_WITH_ARGUMENT.find((known) => known === word)
  if (known) return [known, at < 0 ? undefined : format.slice(at + 1)]
  throw new UserError(`unrecognized output format '${format}'`, `known formats: ${[...PLAIN_FORMATS, ...FORMATS_WITH_ARGUMENT].join(', ')}`)
}

function need(word: Format, argument: string | undefined, message: string): string {
  if (argument === undefined || argument === '') throw new UserError(message, `write it after an equals sign: -o ${word}=...`)
  return argument
}

function splitHeadings(argument: string | undefined): string[] {
  const headings = (argument ?? '')
    .split(',')
    .map((heading) => heading.trim())
    .filter((heading) => heading !== '')
  if (headings.length === 0) throw new UserError('need to specify at least one column', 'as in -o custom-columns=NAME')
  return headings
}

async function readTemplate(word: Format, argument: string | undefined, { readFile }: FormatOptions): Promise<string> {
  const file = need(word, argument, 'need to specify a template file')
  try {
    return new TextDecoder().decode(await readFile(file))
  } catch (error) {
    // Of `ENOENT: no such file or directory, open '...'` the middle.
    const reason = /^[A-Z]+: ([^,]*)/.exec((error as Error).message)?.[1] ?? (error as Error).message
    throw new UserError(`cannot read the template ${file}: ${reason}`)
  }
}

function tablePrinter(view: View): Printer {
  return {
    usesFacts: true,
    async print(groups, { write, namespaces, facts }) {
      const tables = groups.map((group) => ({ group, columns: columnsOf(group.kind, view, namespaces !== 'unnamed') }))
      for (const { group, columns } of tables) {
        if (group.revision === undefined) for (const resource of group.resources) write(formatTable(columns, [resource], facts))
        else write(formatTable(columns, group.resources, facts))
      }
    },
  }
}

async function printNames(groups: readonly ResultGroup[], { write, namespaces }: PrintOptions): Promise<void> {
  for (const { kind, resources } of groups) write(formatNames(kind, resources, namespaces === 'all'))
}

function goTemplatePrinter(template: string): Printer {
  return {
    usesFacts: template.includes('config'),
    async print(groups, options) {
      const { renderGoTemplate } = await import('./go-template.ts')
      writeRendered(
        renderGoTemplate(template, documentsOf(groups), { asnumber: String(options.facts.defaultAsNumber ?? DEFAULT_AS_NUMBER) }),
        options,
      )
    },
  }
}

function jsonPathPrinter(template: string): Printer {
  return {
    usesFacts: false,
    async print(groups, options) {
      const { renderJsonPath } = await import('./jsonpath.ts')
      const documents = documentsOf(groups)
      writeRendered(renderJsonPath(template, documents.length === 1 ? documents[0] : { kind: 'List', apiVersion: 'v1', items: documents }), options)
    },
  }
}

/** Scripts get a template's result as it is; a terminal gets it with everything escaped that could do more than be read. */
function writeRendered(
  result: { readonly text: string } | { readonly problem: { readonly message: string; readonly help?: string } },
  { write, isTerminal }: PrintOptions,
): void {
  if ('problem' in result) throw new UserError(result.problem.message, result.problem.help)
  write(isTerminal ? result.text.split('\t').map(escapeLinesForTerminal).join('\t') : result.text)
}
