import { load } from 'js-yaml'
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
  if (flags.datastore !== undefined) return { driver: 'local', path: flags.datastore, origin: '--datastore' }
  const path = flags.config ?? DEFAULT_CONFIG
  const text = await readConfig(path, source)
  if (text !== undefined) {
    const fields = parseConfig(path, text)
    return etcdSettings(fields, path) ?? localSettings(source.env)
  }
  return etcdSettings(environmentFields(source.env), 'the environment') ?? localSettings(source.env)
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

function parseConfig(path: string, text: string): Fields {
  const wrong = (message: string, help?: string) => new UserError(`syntax error in ${path}: ${message}`, help)
  let document: unknown
  try {
    document = load(text)
  } catch (error) {
    // The library's own text quotes the lines around the fault, which may hold a password.
    const mark = (error as { mark?: { line: number; column: number }; reason?: string }).mark
    const place = mark ? ` at line ${mark.line + 1}, column ${mark.column + 1}` : ''
    throw wrong(`failed to parse config as YAML/JSON${place}: ${(error as { reason?: string }).reason ?? 'it cannot be read'}`)
  }
  if (typeof document !== 'object' || document === null) throw wrong('failed to parse config as YAML/JSON: a mapping is expected')
  const { apiVersion, kind, spec, ...rest } = document as Record<string, unknown>
  if (apiVersion !== 'projectcalico.org/v3' && apiVersion !== 'v1')
    throw wrong(`invalid config file: unknown APIVersion '${String(apiVersion ?? '')}'`, 'write projectcalico.org/v3')
  const wanted = apiVersion === 'v1' ? 'calicoApiConfig' : 'CalicoAPIConfig'
  if (kind !== wanted) throw wrong(`invalid config file: expected kind '${wanted}', got '${String(kind ?? '')}'`)
  for (const name of Object.keys(rest))
    if (name !== 'metadata') throw wrong(`unknown field "${name}"`, 'known here: apiVersion, kind, metadata, spec')
  const fields: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries((spec ?? {}) as Record<string, unknown>)) {
    if (!Object.hasOwn(FIELDS, name)) {
      const suggestion = didYouMean(name, Object.keys(FIELDS))
      throw wrong(`unknown field "${name}"`, suggestion === undefined ? undefined : `did you mean "${suggestion}"?`)
    }
    if (typeof value === 'object' && value !== null) throw wrong(`${name} should be text`)
    fields[name] = value === null || value === undefined ? undefined : String(value)
  }
  return fields
}

/** The form with the prefix wins, even when it is empty. */
function environmentFields(env: Readonly<Record<string, string | undefined>>): Fields {
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([field, name]) => (name === undefined ? [] : [[field, env[`CALICO_${name}`] ?? env[name]]])),
  )
}

/** Settings for etcd, or undefined when nothing says that there is one. */
function etcdSettings(fields: Fields, origin: string): StoreSettings | undefined {
  const type = fields['datastoreType']
  const names = namedEndpoints(fields, origin)
  if (type === 'kubernetes') {
    throw new UserError(
      'datastoreType kubernetes is not supported: resources are kept in etcd or in a local datastore',
      `set it to etcdv3 in ${origin}, with etcdEndpoints, or use --datastore`,
    )
  }
  if (type && type !== 'etcdv3' && type !== 'etcdv2')
    throw new UserError(`unknown datastore type: ${type}`, `set etcdv3 in ${origin}, or leave it out`)
  if (type === 'etcdv2') throw new UserError('etcd v2 is not supported: Calico 3 keeps its data in etcd v3', `set datastoreType: etcdv3 in ${origin}`)
  if (!names && !fields['etcdDiscoverySrv']) {
    if (type) throw new UserError('no etcd endpoints specified', `set etcdEndpoints (ETCD_ENDPOINTS) in ${origin}, as in http://127.0.0.1:2379`)
    return undefined
  }
  const ca = pem(fields, 'etcdCACert', 'etcdCACertFile')
  const cert = pem(fields, 'etcdCert', 'etcdCertFile')
  const key = pem(fields, 'etcdKey', 'etcdKeyFile')
  if (
    ['etcdCACert', 'etcdCert', 'etcdKey'].some((name) => fields[name]) &&
    ['etcdCACertFile', 'etcdCertFile', 'etcdKeyFile'].some((name) => fields[name])
  ) {
    throw new UserError('Cannot mix inline certificate-key and certificate / key files', `choose one form in ${origin}`)
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

function namedEndpoints(fields: Fields, origin: string): string[] | undefined {
  const { etcdEndpoints: list, etcdDiscoverySrv: discovery, etcdAuthority: authority, etcdScheme: scheme } = fields
  if (list && discovery) {
    throw new UserError('multiple discovery or bootstrap options specified, use either "etcdEndpoints" or "etcdDiscoverySrv"', `see ${origin}`)
  }
  const named = (list || (authority ? `${scheme || 'http'}://${authority}` : ''))
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '')
  for (const endpoint of named) {
    if (!/^https?:\/\/[^/\s]+\/?$/.test(endpoint))
      throw new UserError(`"${endpoint}" is no etcd endpoint`, `write it as in http://127.0.0.1:2379 in ${origin}`)
  }
  return named.length > 0 ? named.map((endpoint) => endpoint.replace(/\/$/, '')) : undefined
}

function pem(fields: Fields, inline: string, file: string): Pem | undefined {
  const text = fields[inline]
  const path = fields[file]
  return text ? { text } : path ? { file: path } : undefined
}

/** `CALICOCTL_DATASTORE`, else the state directory of the XDG base directories. */
function localSettings(env: Readonly<Record<string, string | undefined>>): LocalSettings {
  const named = env['CALICOCTL_DATASTORE']
  if (named) return { driver: 'local', path: named, origin: 'CALICOCTL_DATASTORE' }
  const state = env['XDG_STATE_HOME'] || (env['HOME'] ? `${env['HOME']}/.local/state` : undefined)
  if (state === undefined)
    throw new UserError(
      'no datastore is configured, and there is no home directory for a local one',
      'set ETCD_ENDPOINTS, or name a file with --datastore or CALICOCTL_DATASTORE',
    )
  return { driver: 'local', path: `${state}/calicoctl/calico.db`, origin: 'the default' }
}
