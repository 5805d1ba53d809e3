import { type Command, InvalidArgumentError, Option } from 'commander'
import type { StoreFlags } from './context.ts'

/** Options that every command takes, before its name or after it. */
export interface GlobalOptions extends StoreFlags {
  readonly logLevel: LogLevel
  readonly color: 'auto' | 'always' | 'never'
  readonly allowVersionMismatch: boolean
  readonly context?: string
}

export const LOG_LEVELS = ['panic', 'fatal', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Global options that take a value: their next word is not the command's name. */
export const VALUE_OPTIONS: ReadonlySet<string> = new Set(['-l', '--log-level', '-c', '--config', '--datastore', '--color', '--context'])

export function addGlobalOptions(command: Command): void {
  command
    .addOption(new Option('-c, --config <file>', 'client configuration file').default('/etc/calico/calicoctl.cfg'))
    .option('--datastore <path>', 'use the local datastore in this file')
    .addOption(new Option('-l, --log-level <level>', `what to log: ${LOG_LEVELS.join(', ')}`).default('panic').argParser(logLevel))
    .addOption(new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']).default('auto'))
    .option('--allow-version-mismatch', 'work on a cluster whose Calico version is another one', false)
    .addOption(new Option('--context <name>', 'accepted for compatibility; it names a Kubernetes context').hideHelp())
    .helpOption('-h, --help', 'show this help')
}

/** Options of commands that read manifests. */
export interface FileOptions {
  readonly filename: string[]
  readonly recursive: boolean
  readonly skipEmpty: boolean
}

export function addFileOptions(command: Command, use: string): void {
  command
    .option('-f, --filename <file>', `${use}: a file, a directory, or - for standard input; may be repeated`, collect, [])
    .option('-R, --recursive', 'with a directory: its sub-directories too', false)
    .option('--skip-empty', 'no manifests at all is no error', false)
}

export function addNamespaceOption(command: Command): void {
  command.option('-n, --namespace <name>', 'namespace of namespaced resources (default: that of the manifest, else "default")')
}

/** Options of commands that write. */
export interface ChangeOptions {
  readonly atomic: boolean
  readonly why?: string
  /** Policy tests that the resources have to pass as they will be. */
  readonly test: readonly string[]
  readonly skipTests: boolean
}

export function addChangeOptions(command: Command, atomic = true): void {
  if (atomic) command.option('--atomic', 'all in one transaction, or nothing', false)
  command
    .option('--why <text>', 'the reason, kept with the change')
    .option(
      '--test <dir>',
      'policy tests that must pass as the resources will be, or nothing is written; may be repeated (default: CALICOCTL_TESTS)',
      collect,
      [],
    )
    .option('--skip-tests', 'write without the tests; the reason kept with the change says so', false)
}

// --- internal ---

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

function logLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value)
  if (!level) throw new InvalidArgumentError(`unknown log level: ${value}, expected one of: ${LOG_LEVELS.join(', ')}`)
  return level
}
