import { dirname, isAbsolute, join, resolve } from 'node:path'
import { UserError } from '../model/user-error.ts'
import { didYouMean } from '../model/suggest.ts'
import type { EtcdSettings, Pem } from './drivers/etcd.ts'

/** Which datastore to open, and where that was said (for messages). */
export type StoreSettings = RemoteSettings | LocalSettings

export interface RemoteSettings extends EtcdSettings {
  readonly driver: 'etcd'
  /** A domain whose SRV records name the endpoints, instead of `endpoints`. */
  readonly discovery?: string
  readonly origin?: string
}

export interface LocalSettings {
  readonly driver: 'local'
  readonly path: string
  /** Milliseconds to wait for other writers. */
  readonly timeout?: number
  readonly origin?: string
}

export interface StoreFlags {
  /** `--config`. */
  readonly config?: string
  /** `--datastore`. */
  readonly datastore?: string
}

/** What settings are read from; a command's context fits. */
export interface SettingsSource {
  /** What paths are relative to. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly files: { readFile(path: string): Promise<Uint8Array> }
}

/** The configuration file of the peer; used alone when it exists, and may be missing. */
export const DEFAULT_CONFIG = '/etc/calico/calicoctl.cfg'

/**
 * Where the datastore is: `--datastore`, else the configuration file (which, as in the peer, is used alone when it exists), else the environment, with
 * and without the prefix `CALICO_` (`reference/calicoctl.md 4`), else a local datastore in the user's state directory.
 * @throws UserError
 */
export async function resolveSettings(flags: StoreFlags, source: SettingsSource): Promise<StoreSettings> {
  if (flags.datastore !== undefined) return local(flags.datastore, '--datastore', source)
  const path = flags.config ?? DEFAULT_CONFIG
  const text = await readConfig(path, source)
  if (text === undefined) return etcdSettings(environmentFields(source.env), 'the environment', source) ?? localSettings(source)
  const { fields } = await parseConfig(path, text)
  const settings = etcdSettings(fields, path, source)
  // Without a word about etcd, such a file makes the peer look for a cluster; the same variables in the environment are there for other tools.
  if (!settings && KUBERNETES_FIELDS.some((name) => fields[name])) throw refuseKubernetes(path)
  return settings ?? localSettings(source)
}

/** Where a configuration file names the tests of its datastore. The peer takes such a file, too: annotations are free. */
const TESTS_ANNOTATION = 'calicoctl.projectcalico.org/tests'

/**
 * The policy tests that changes have to pass when the command line names none: `CALICOCTL_TESTS`, else those that the configuration file names for its datastore,
 * relative to the file. Undefined when there are none. @throws UserError
 */
export async function resolveTests(flags: StoreFlags, source: SettingsSource): Promise<string | undefined> {
  const named = source.env['CALICOCTL_TESTS']
  if (named !== undefined) return named === '' ? undefined : named
  // Then it is another datastore.
  if (flags.datastore !== undefined) return undefined
  const path = flags.config ?? DEFAULT_CONFIG
  const text = await readConfig(path, source)
  const tests = text === undefined ? undefined : (await parseConfig(path, text)).tests
  return tests === undefined || isAbsolute(tests) ? tests : join(dirname(path), tests)
}

// --- internal ---

/** Settings by the name that the v3 configuration file has for them. */
type Fields = Readonly<Record<string, string | undefined>>

/** Names in files of both eras, and the variables that stand for them. Some are accepted for files that other tools share, and not used. */
const FIELDS: Readonly<Record<string, string | undefined>> = {
  datastoreType: 'DATASTORE_TYPE',
  etcdEndpoints: 'ETCD_ENDPOINTS',
  etcdDiscoverySrv: 'ETCD_DISCOVERY_SRV',
  etcdScheme: 'ETCD_SCHEME',
  etcdAuthority: 'ETCD_AUTHORITY',
  etcdUsername: 'ETCD_USERNAME',
  etcdPassword: 'ETCD_PASSWORD',
  etcdKeyFile: 'ETCD_KEY_FILE',
  etcdCertFile: 'ETCD_CERT_FILE',
  etcdCACertFile: 'ETCD_CA_CERT_FILE',
  etcdKey: undefined,
  etcdCert: undefined,
  etcdCACert: undefined,
  kubeconfig: 'KUBECONFIG',
  kubeconfigInline: undefined,
  k8sAPIEndpoint: 'K8S_API_ENDPOINT',
  k8sKeyFile: 'K8S_KEY_FILE',
  k8sCertFile: 'K8S_CERT_FILE',
  k8sCAFile: 'K8S_CA_FILE',
  k8sAPIToken: 'K8S_API_TOKEN',
  k8sInsecureSkipTLSVerify: 'K8S_INSECURE_SKIP_TLS_VERIFY',
  k8sDisableNodePoll: 'K8S_DISABLE_NODE_POLL',
  usePodCIDR: 'USE_POD_CIDR',
  k8sClientQPS: 'K8S_CLIENT_QPS',
  k8sClientBurst: 'K8S_CLIENT_BURST',
  k8sCurrentContext: 'K8S_CURRENT_CONTEXT',
  calicoAPIGroup: 'CALICO_API_GROUP',
}

/** Those that name a cluster. */
const KUBERNETES_FIELDS = ['kubeconfig', 'kubeconfigInline', 'k8sAPIEndpoint']

async function readConfig(path: string, source: SettingsSource): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await source.files.readFile(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (path === DEFAULT_CONFIG && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
    throw new UserError(
      `Error reading config file: ${path}`,
      code === 'ENOENT' ? 'there is no such file' : `the system says ${code ?? String(error)}`,
    )
  }
}

async function parseConfig(path: string, text: string): Promise<{ readonly fields: Fields; readonly tests: string | undefined }> {
  const { FAILSAFE_SCHEMA, load } = await import('js-yaml')
  const wrong = (message: string, help?: string) => new UserError(`syntax error in ${path}: ${message}`, help)
  let document: unknown
  let written: unknown
  try {
    document = load(text)
    written = load(text, { schema: FAILSAFE_SCHEMA })
  } catch (error) {
    // The library's own text quotes the lines around the fault, and its reason may quote a word: either may be a password.
    const { mark, reason } = error as { mark?: { line: number; column: number }; reason?: string }
    const place = mark ? ` at line ${mark.line + 1}, column ${mark.column + 1}` : ''
    const words = reason?.replace(/ ?["'<!].*$/s, '') || 'it cannot be read'
    throw wrong(`failed to parse config as YAML/JSON${place}: ${words}`, mark ? 'write text with special characters in quotes' : undefined)
  }
  if (typeof document !== 'object' || document === null) throw wrong('failed to parse config as YAML/JSON: a mapping is expected')
  const { apiVersion, kind, spec, ...rest } = document as Record<string, unknown>
  if (apiVersion !== 'projectcalico.org/v3' && apiVersion !== 'v1')
    throw wrong(`invalid config file: unknown APIVersion '${typeof apiVersion === 'string' ? apiVersion : ''}'`, 'write projectcalico.org/v3')
  const wanted = apiVersion === 'v1' ? 'calicoApiConfig' : 'CalicoAPIConfig'
  if (kind !== wanted) throw wrong(`invalid config file: expected kind '${wanted}', got '${typeof kind === 'string' ? kind : ''}'`)
  for (const name of Object.keys(rest))
    if (name !== 'metadata') throw wrong(`unknown field "${name}"`, 'known here: apiVersion, kind, metadata, spec')
  if (spec !== undefined && spec !== null && (typeof spec !== 'object' || Array.isArray(spec))) throw wrong('spec should be a mapping')
  const plain = (written as { spec?: Record<string, unknown> }).spec ?? {}
  const fields: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(spec ?? {})) {
    if (!Object.hasOwn(FIELDS, name)) {
      const suggestion = didYouMean(name, Object.keys(FIELDS))
      throw wrong(`unknown field "${name}"`, suggestion === undefined ? undefined : `did you mean "${suggestion}"?`)
    }
    if (typeof value === 'object' && value !== null) throw wrong(`${name} should be text`)
    // A password of digits: 0123 or 1e3 are other numbers to other readers.
    if (typeof value === 'number' && String(value) !== plain[name]) throw wrong(`${name} is read as a number`, 'write it in quotes')
    fields[name] = value === null || value === undefined ? undefined : String(value)
  }
  const { annotations } = (rest['metadata'] ?? {}) as { annotations?: Record<string, unknown> | null }
  const tests = annotations?.[TESTS_ANNOTATION]
  if (tests !== undefined && (typeof tests !== 'string' || tests === '')) throw wrong(`${TESTS_ANNOTATION} should name a file or directory`)
  return { fields, tests }
}

/** The form with the prefix wins, even when it is empty. */
function environmentFields(env: Readonly<Record<string, string | undefined>>): Fields {
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([field, name]) => (name === undefined ? [] : [[field, env[`CALICO_${name}`] ?? env[name]]])),
  )
}

/** Settings for etcd, or undefined when nothing says that there is one. */
function etcdSettings(fields: Fields, origin: string, source: SettingsSource): StoreSettings | undefined {
  checkType(fields['datastoreType'], origin)
  const names = namedEndpoints(fields, origin)
  if (!names && !fields['etcdDiscoverySrv']) {
    if (!fields['datastoreType']) return undefined
    throw new UserError('no etcd endpoints specified', `set etcdEndpoints (ETCD_ENDPOINTS) in ${origin}, as in http://127.0.0.1:2379`)
  }
  const given = (list: readonly string[]) => list.some((name) => fields[name])
  if (given(['etcdCACert', 'etcdCert', 'etcdKey']) && given(['etcdCACertFile', 'etcdCertFile', 'etcdKeyFile'])) {
    throw new UserError('Cannot mix inline certificate-key and certificate / key files', `choose one form in ${origin}`)
  }
  const ca = pem(fields, 'etcdCACert', 'etcdCACertFile', source)
  const cert = pem(fields, 'etcdCert', 'etcdCertFile', source)
  const key = pem(fields, 'etcdKey', 'etcdKeyFile', source)
  if (Boolean(cert) !== Boolean(key)) {
    throw new UserError(
      'a client certificate and its key belong together: only one of them is given',
      `set both etcdCertFile (ETCD_CERT_FILE) and etcdKeyFile (ETCD_KEY_FILE) in ${origin}`,
    )
  }
  const { etcdUsername: username, etcdPassword: password, etcdDiscoverySrv: discovery } = fields
  return {
    driver: 'etcd',
    endpoints: names ?? [],
    ...(discovery ? { discovery } : {}),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(username && password ? { username, password } : {}),
    origin,
  }
}

function checkType(type: string | undefined, origin: string): void {
  if (!type || type === 'etcdv3') return
  if (type === 'kubernetes') throw refuseKubernetes(origin)
  if (type === 'etcdv2') throw new UserError('etcd v2 is not supported: Calico 3 keeps its data in etcd v3', `set datastoreType: etcdv3 in ${origin}`)
  throw new UserError(`unknown datastore type: ${type}`, `set etcdv3 in ${origin}, or leave it out`)
}

function refuseKubernetes(origin: string): UserError {
  return new UserError(
    'datastoreType kubernetes is not supported: resources are kept in etcd or in a local datastore',
    `set it to etcdv3 in ${origin}, with etcdEndpoints, or use --datastore`,
  )
}

function namedEndpoints(fields: Fields, origin: string): string[] | undefined {
  const { etcdEndpoints: list, etcdDiscoverySrv: discovery, etcdAuthority: authority, etcdScheme: scheme } = fields
  if (list && discovery) {
    throw new UserError('multiple discovery or bootstrap options specified, use either "etcdEndpoints" or "etcdDiscoverySrv"', `see ${origin}`)
  }
  // The authority is one that defaults name; a domain to ask goes before it.
  const named = (list || (authority && !discovery ? `${scheme || 'http'}://${authority}` : ''))
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '')
  for (const endpoint of named) {
    if (endpoint.includes('@'))
      throw new UserError('an etcd endpoint holds no user name or password', `use etcdUsername and etcdPassword in ${origin}`)
    if (!isEndpoint(endpoint)) throw new UserError(`"${endpoint}" is no etcd endpoint`, `write it as in http://127.0.0.1:2379 in ${origin}`)
  }
  if (new Set(named.map((endpoint) => endpoint.startsWith('https:'))).size > 1) {
    throw new UserError('http and https endpoints of etcd cannot be mixed', `choose one in ${origin}`)
  }
  return named.length > 0 ? named.map((endpoint) => endpoint.replace(/\/$/, '')) : undefined
}

function isEndpoint(text: string): boolean {
  const port = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\]):(\d{1,5})\/?$/i.exec(text)?.[1]
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535
}

function pem(fields: Fields, inline: string, file: string, source: SettingsSource): Pem | undefined {
  const text = fields[inline]
  const path = fields[file]
  return text ? { text } : path ? { file: resolve(source.cwd, path) } : undefined
}

/** `CALICOCTL_DATASTORE`, else the state directory of the XDG base directories, which counts only as an absolute path. */
function localSettings(source: SettingsSource): LocalSettings {
  const { CALICOCTL_DATASTORE: named, XDG_STATE_HOME: xdg, HOME: home } = source.env
  if (named) return local(named, 'CALICOCTL_DATASTORE', source)
  const state = xdg?.startsWith('/') ? xdg : home ? `${home}/.local/state` : undefined
  if (state === undefined) {
    throw new UserError(
      'no datastore is configured, and there is no home directory for a local one',
      'set ETCD_ENDPOINTS, or name a file with --datastore or CALICOCTL_DATASTORE',
    )
  }
  return local(`${state}/calicoctl/calico.db`, 'the default', source)
}

function local(path: string, origin: string, source: SettingsSource): LocalSettings {
  if (path === '') throw new UserError(`${origin} is empty`, 'name a file')
  return { driver: 'local', path: resolve(source.cwd, path), origin }
}
