import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { UserError } from '../../src/model/user-error.ts'
import { openDatastore } from '../../src/store/open.ts'
import { DEFAULT_CONFIG, resolveSettings, type SettingsSource, type StoreFlags } from '../../src/store/settings.ts'
import { told } from './contract.ts'

type Env = Readonly<Record<string, string>>

interface Case {
  readonly name: string
  readonly flags?: StoreFlags
  readonly env?: Env
  readonly files?: Readonly<Record<string, string>>
}

const ENDPOINT = 'http://10.0.0.1:2379'
const HOME = { HOME: '/home/a' }
const v3 = (...spec: string[]) =>
  ['apiVersion: projectcalico.org/v3', 'kind: CalicoAPIConfig', 'metadata:', 'spec:', ...spec.map((line) => `  ${line}`)].join('\n')
const v1 = (...spec: string[]) => ['apiVersion: v1', 'kind: calicoApiConfig', 'metadata:', 'spec:', ...spec.map((line) => `  ${line}`)].join('\n')
const inFile = (text: string): Omit<Case, 'name'> => ({ flags: { config: 'c' }, files: { c: text } })
const etcd = (rest: object = {}) => ({ driver: 'etcd', endpoints: [ENDPOINT], origin: 'the environment', ...rest })

describe('which datastore', () => {
  const cases: readonly (Case & { readonly settings: object })[] = [
    // Local.
    {
      name: 'nothing said: the state directory',
      env: HOME,
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'XDG_STATE_HOME moves the state directory',
      env: { ...HOME, XDG_STATE_HOME: '/state' },
      settings: { driver: 'local', path: '/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'a relative XDG_STATE_HOME does not count, as the XDG specification says',
      env: { ...HOME, XDG_STATE_HOME: 'state' },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'an empty XDG_STATE_HOME',
      env: { ...HOME, XDG_STATE_HOME: '' },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'CALICOCTL_DATASTORE needs no home',
      env: { CALICOCTL_DATASTORE: '/a.db' },
      settings: { driver: 'local', path: '/a.db', origin: 'CALICOCTL_DATASTORE' },
    },
    {
      name: 'relative to where the command runs',
      env: { CALICOCTL_DATASTORE: 'a.db' },
      settings: { driver: 'local', path: '/cwd/a.db', origin: 'CALICOCTL_DATASTORE' },
    },
    { name: '--datastore', flags: { datastore: 'b.db' }, settings: { driver: 'local', path: '/cwd/b.db', origin: '--datastore' } },
    {
      name: '--datastore goes before everything',
      flags: { datastore: '/b.db', config: 'etcd.cfg' },
      env: { ETCD_ENDPOINTS: ENDPOINT, CALICOCTL_DATASTORE: '/a.db' },
      files: { 'etcd.cfg': v3(`etcdEndpoints: ${ENDPOINT}`) },
      settings: { driver: 'local', path: '/b.db', origin: '--datastore' },
    },
    {
      name: 'empty variables say nothing',
      env: { ...HOME, ETCD_ENDPOINTS: '', DATASTORE_TYPE: '', ETCD_AUTHORITY: '' },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'a KUBECONFIG in the environment is there for other tools',
      env: { ...HOME, KUBECONFIG: '/k' },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },

    // The environment.
    { name: 'ETCD_ENDPOINTS', env: { ETCD_ENDPOINTS: ENDPOINT }, settings: etcd() },
    { name: 'with DATASTORE_TYPE', env: { ETCD_ENDPOINTS: ENDPOINT, DATASTORE_TYPE: 'etcdv3' }, settings: etcd() },
    {
      name: 'several, with spaces and slashes',
      env: { ETCD_ENDPOINTS: ' http://a:1, http://[::1]:2/ ,' },
      settings: etcd({ endpoints: ['http://a:1', 'http://[::1]:2'] }),
    },
    { name: 'with the prefix', env: { CALICO_ETCD_ENDPOINTS: ENDPOINT }, settings: etcd() },
    { name: 'the prefix wins', env: { CALICO_ETCD_ENDPOINTS: ENDPOINT, ETCD_ENDPOINTS: 'http://other:1' }, settings: etcd() },
    {
      name: 'the prefix wins even when empty',
      env: { ...HOME, CALICO_ETCD_ENDPOINTS: '', ETCD_ENDPOINTS: ENDPOINT },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'scheme and authority of Calico 2',
      env: { ETCD_AUTHORITY: 'a:1', ETCD_SCHEME: 'https' },
      settings: etcd({ endpoints: ['https://a:1'] }),
    },
    { name: 'the scheme is http by default', env: { ETCD_AUTHORITY: 'a:1' }, settings: etcd({ endpoints: ['http://a:1'] }) },
    { name: 'endpoints win over authority', env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_AUTHORITY: 'a:1' }, settings: etcd() },
    {
      name: 'user and password',
      env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_USERNAME: 'u', ETCD_PASSWORD: 'p' },
      settings: etcd({ username: 'u', password: 'p' }),
    },
    { name: 'a user without password is not used, as in the peer', env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_USERNAME: 'u' }, settings: etcd() },
    {
      name: 'certificates, relative to where the command runs',
      env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_CA_CERT_FILE: 'ca.pem', ETCD_CERT_FILE: '/c.pem', CALICO_ETCD_KEY_FILE: '/k.pem' },
      settings: etcd({ ca: { file: '/cwd/ca.pem' }, cert: { file: '/c.pem' }, key: { file: '/k.pem' } }),
    },
    { name: 'a domain to ask', env: { ETCD_DISCOVERY_SRV: 'example.org' }, settings: etcd({ endpoints: [], discovery: 'example.org' }) },
    {
      name: 'a domain goes before an authority',
      env: { ETCD_DISCOVERY_SRV: 'example.org', ETCD_AUTHORITY: 'a:1' },
      settings: etcd({ endpoints: [], discovery: 'example.org' }),
    },
    {
      name: 'a variable for inline certificates does not exist',
      env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_KEY: 'secret', ETCD_CERT: 'x' },
      settings: etcd(),
    },

    // Configuration files.
    {
      name: 'a file of Calico 3',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'datastoreType: etcdv3') },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'a file of Calico 2',
      flags: { config: 'c' },
      files: { c: v1('etcdAuthority: a:1', 'etcdScheme: https') },
      settings: etcd({ endpoints: ['https://a:1'], origin: 'c' }),
    },
    {
      name: 'as JSON',
      flags: { config: 'c' },
      files: { c: JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'CalicoAPIConfig', metadata: {}, spec: { etcdEndpoints: ENDPOINT } }) },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'a file is used alone',
      flags: { config: 'c' },
      env: { ETCD_ENDPOINTS: 'http://other:1', ETCD_USERNAME: 'u', ETCD_PASSWORD: 'p', DATASTORE_TYPE: 'mongo' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`) },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'the default file is found',
      env: HOME,
      files: { [DEFAULT_CONFIG]: v3(`etcdEndpoints: ${ENDPOINT}`) },
      settings: etcd({ origin: DEFAULT_CONFIG }),
    },
    {
      name: 'the default file is used alone',
      env: { ETCD_ENDPOINTS: 'http://other:1' },
      files: { [DEFAULT_CONFIG]: v3(`etcdEndpoints: ${ENDPOINT}`) },
      settings: etcd({ origin: DEFAULT_CONFIG }),
    },
    {
      name: 'another file replaces the default',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`), [DEFAULT_CONFIG]: v3('etcdEndpoints: http://o:1') },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'the default file may be missing, also when named',
      flags: { config: DEFAULT_CONFIG },
      env: { ETCD_ENDPOINTS: ENDPOINT },
      settings: etcd(),
    },
    {
      name: 'a file that says nothing about etcd',
      flags: { config: 'c' },
      env: { ...HOME, ETCD_ENDPOINTS: ENDPOINT },
      files: { c: 'apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\n' },
      settings: { driver: 'local', path: '/home/a/.local/state/calicoctl/calico.db', origin: 'the default' },
    },
    {
      name: 'inline certificates',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdCACert: |', '  CA', 'etcdCert: CERT', 'etcdKey: KEY') },
      settings: etcd({ origin: 'c', ca: { text: 'CA' }, cert: { text: 'CERT' }, key: { text: 'KEY' } }),
    },
    {
      name: 'fields of Kubernetes beside etcd are left alone',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'kubeconfig: /k', 'k8sInsecureSkipTLSVerify: true', 'k8sClientQPS: 5') },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'empty fields',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdUsername:', 'etcdPassword: ""', 'etcdKeyFile: null') },
      settings: etcd({ origin: 'c' }),
    },
    {
      name: 'a password of digits in quotes',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdUsername: root', 'etcdPassword: "0123"') },
      settings: etcd({ origin: 'c', username: 'root', password: '0123' }),
    },
    {
      name: 'and one that reads alike everywhere',
      flags: { config: 'c' },
      files: { c: v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdUsername: root', 'etcdPassword: 123') },
      settings: etcd({ origin: 'c', username: 'root', password: '123' }),
    },
  ]
  for (const { settings, ...given } of cases) {
    it(given.name, async () => assert.deepEqual(trimmed(await resolve(given)), settings))
  }
})

describe('what is refused', () => {
  const cases: readonly (Omit<Case, 'name'> & { readonly message: string; readonly help?: string })[] = [
    {
      env: {},
      message: 'no datastore is configured, and there is no home directory for a local one',
      help: 'set ETCD_ENDPOINTS, or name a file with --datastore or CALICOCTL_DATASTORE',
    },
    { flags: { datastore: '' }, message: '--datastore is empty', help: 'name a file' },
    { flags: { config: 'gone.cfg' }, env: HOME, message: 'Error reading config file: gone.cfg', help: 'there is no such file' },
    { flags: { config: 'folder' }, env: HOME, message: 'Error reading config file: folder', help: 'the system says EISDIR' },
    { env: { DATASTORE_TYPE: 'mongo' }, message: 'unknown datastore type: mongo', help: 'set etcdv3 in the environment, or leave it out' },
    { env: { DATASTORE_TYPE: 'mongo', ETCD_ENDPOINTS: 'broken' }, message: 'unknown datastore type: mongo' },
    {
      env: { DATASTORE_TYPE: 'etcdv2', ETCD_ENDPOINTS: ENDPOINT },
      message: 'etcd v2 is not supported: Calico 3 keeps its data in etcd v3',
      help: 'set datastoreType: etcdv3 in the environment',
    },
    {
      env: { DATASTORE_TYPE: 'kubernetes' },
      message: 'datastoreType kubernetes is not supported: resources are kept in etcd or in a local datastore',
      help: 'set it to etcdv3 in the environment, with etcdEndpoints, or use --datastore',
    },
    {
      ...inFile(v3('datastoreType: kubernetes', 'kubeconfig: /k')),
      message: 'datastoreType kubernetes is not supported: resources are kept in etcd or in a local datastore',
    },
    {
      ...inFile(v3('kubeconfig: /k')),
      message: 'datastoreType kubernetes is not supported: resources are kept in etcd or in a local datastore',
      help: 'set it to etcdv3 in c, with etcdEndpoints, or use --datastore',
    },
    {
      env: { DATASTORE_TYPE: 'etcdv3' },
      message: 'no etcd endpoints specified',
      help: 'set etcdEndpoints (ETCD_ENDPOINTS) in the environment, as in http://127.0.0.1:2379',
    },
    {
      ...inFile(v3('datastoreType: etcdv3')),
      env: { ETCD_ENDPOINTS: ENDPOINT },
      message: 'no etcd endpoints specified',
      help: 'set etcdEndpoints (ETCD_ENDPOINTS) in c, as in http://127.0.0.1:2379',
    },
    ...['127.0.0.1:2379', 'ftp://a:1', 'http://a', 'http://a:0', 'http://a:65536', 'http://a:1/path', 'http://a b:1', 'http://:1', 'a'].map(
      (endpoint) => ({
        env: { ETCD_ENDPOINTS: `${ENDPOINT},${endpoint}` },
        message: `"${endpoint}" is no etcd endpoint`,
        help: 'write it as in http://127.0.0.1:2379 in the environment',
      }),
    ),
    {
      env: { ETCD_ENDPOINTS: 'http://root:hunter2@a:1' },
      message: 'an etcd endpoint holds no user name or password',
      help: 'use etcdUsername and etcdPassword in the environment',
    },
    {
      env: { ETCD_ENDPOINTS: `${ENDPOINT},https://a:1` },
      message: 'http and https endpoints of etcd cannot be mixed',
      help: 'choose one in the environment',
    },
    {
      env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_DISCOVERY_SRV: 'x' },
      message: 'multiple discovery or bootstrap options specified, use either "etcdEndpoints" or "etcdDiscoverySrv"',
      help: 'see the environment',
    },
    {
      env: { ETCD_ENDPOINTS: ENDPOINT, ETCD_CERT_FILE: '/c' },
      message: 'a client certificate and its key belong together: only one of them is given',
      help: 'set both etcdCertFile (ETCD_CERT_FILE) and etcdKeyFile (ETCD_KEY_FILE) in the environment',
    },
    {
      ...inFile(v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdKey: K', 'etcdCertFile: /c')),
      message: 'Cannot mix inline certificate-key and certificate / key files',
      help: 'choose one form in c',
    },
    {
      ...inFile(v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdCACert: CA', 'etcdCertFile: /c', 'etcdKeyFile: /k')),
      message: 'Cannot mix inline certificate-key and certificate / key files',
    },
    {
      ...inFile('spec: [\n'),
      message: 'syntax error in c: failed to parse config as YAML/JSON at line 2, column 1: deficient indentation',
    },
    { ...inFile(''), message: 'syntax error in c: failed to parse config as YAML/JSON: expected a document, but the input is empty' },
    { ...inFile('just text'), message: 'syntax error in c: failed to parse config as YAML/JSON: a mapping is expected' },
    {
      ...inFile(v3().replace('/v3', '/v9')),
      message: "syntax error in c: invalid config file: unknown APIVersion 'projectcalico.org/v9'",
      help: 'write projectcalico.org/v3',
    },
    { ...inFile('kind: CalicoAPIConfig'), message: "syntax error in c: invalid config file: unknown APIVersion ''" },
    {
      ...inFile(v3().replace('CalicoAPIConfig', 'CalicoConfig')),
      message: "syntax error in c: invalid config file: expected kind 'CalicoAPIConfig', got 'CalicoConfig'",
    },
    {
      ...inFile(v1().replace('calicoApiConfig', 'CalicoAPIConfig')),
      message: "syntax error in c: invalid config file: expected kind 'calicoApiConfig', got 'CalicoAPIConfig'",
    },
    { ...inFile(`${v3()}\nspecs: {}`), message: 'syntax error in c: unknown field "specs"', help: 'known here: apiVersion, kind, metadata, spec' },
    {
      ...inFile(v3(`etcdEndpointz: ${ENDPOINT}`)),
      message: 'syntax error in c: unknown field "etcdEndpointz"',
      help: 'did you mean "etcdEndpoints"?',
    },
    { ...inFile(v3('whatever: 1')), message: 'syntax error in c: unknown field "whatever"' },
    { ...inFile(v3('toString: 1')), message: 'syntax error in c: unknown field "toString"' },
    { ...inFile(v3('etcdEndpoints: [a]')), message: 'syntax error in c: etcdEndpoints should be text' },
    { ...inFile(v3('- a')), message: 'syntax error in c: spec should be a mapping' },
    ...['0123', '1e3', '1.50', '+1', '0x1f', '99999999999999999999'].map((password) => ({
      ...inFile(v3(`etcdEndpoints: ${ENDPOINT}`, 'etcdUsername: u', `etcdPassword: ${password}`)),
      message: 'syntax error in c: etcdPassword is read as a number',
      help: 'write it in quotes',
    })),
  ]
  for (const { message, help, ...given } of cases) {
    it(`${message}${given.env?.['ETCD_ENDPOINTS'] ? ` (${Object.values(given.env).join(' ')})` : ''}`, async () => {
      const error = await failure(resolve({ name: message, ...given }))
      assert.equal(error.message, message)
      if (help !== undefined) assert.equal(error.help, help)
    })
  }

  it('a message never holds a password or a key', async () => {
    const secret = 'hunter2-s3cret'
    const line = fc.constantFrom(
      `etcdPassword: ${secret}`,
      `etcdPassword: "${secret}`,
      `etcdPassword: [${secret}]`,
      `etcdPassword: ${secret}: x`,
      `etcdPassword: !x ${secret}`,
      `etcdPassword: &a *${secret}`,
      `etcdPassword: *${secret}`,
      `etcdPassword: !${secret}`,
      `etcdPassword: !<${secret}> x`,
      `etcdPassword: %${secret}`,
      `etcdKey: |\n    ${secret}`,
      `etcdKey: ${secret}\n- x`,
      `etcdCert: ${secret}`,
      `k8sAPIToken: ${secret}`,
      `etcdUsername: root`,
      `etcdEndpoints: ${ENDPOINT}`,
      `etcdEndpoints: http://root:${secret}@10.0.0.1:2379`,
      `etcdEndpoints: http://root:${secret}@10.0.0.1`,
      'etcdCertFile: /c',
      'datastoreType: etcdv3',
      '\tx',
      '}',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
        const outcome = await resolve({ name: '', flags: { config: 'c' }, env: HOME, files: { c: v3(...lines) } }).catch((error: UserError) => error)
        if (outcome instanceof Error)
          assert.ok(
            !`${outcome.message} ${outcome instanceof UserError ? outcome.help : ''} ${outcome.cause instanceof Error ? outcome.cause.message : ''}`.includes(
              secret,
            ),
            outcome.message,
          )
      }),
      { numRuns: 2000 },
    )
  })
})

describe('endpoints by SRV records', () => {
  const settings = { driver: 'etcd', endpoints: [], discovery: 'example.org' } as const

  it('secure ones are asked for first', async () => {
    const { asked, resolver } = asking({ '_etcd-client-ssl._tcp.example.org': [{ name: 'a.example.org', port: 2379 }] })
    const store = await openDatastore(settings, resolver)
    await store.close()
    assert.deepEqual([asked, store.name], [['_etcd-client-ssl._tcp.example.org'], 'etcd at https://a.example.org:2379'])
  })

  it('then plain ones', async () => {
    const { resolver } = asking({
      '_etcd-client-ssl._tcp.example.org': [],
      '_etcd-client._tcp.example.org': [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    })
    const store = await openDatastore(settings, resolver)
    await store.close()
    assert.equal(store.name, 'etcd at http://a:1, http://b:2')
  })

  it('none at all is told', async () => {
    await assert.rejects(
      openDatastore(settings, asking({}).resolver),
      told('unreachable', /^no etcd endpoints found in the SRV records of example.org$/),
    )
  })
})

// --- internal ---

/** A resolver that knows some names, and which it was asked for. */
function asking(answers: Readonly<Record<string, readonly { name: string; port: number }[]>>) {
  const asked: string[] = []
  const resolver = async (name: string) => {
    asked.push(name)
    const answer = answers[name]
    if (!answer) throw Object.assign(new Error(`querySrv ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
    return answer
  }
  return { asked, resolver }
}

function resolve({ flags = {}, env = {}, files = {} }: Case) {
  const source: SettingsSource = {
    cwd: '/cwd',
    env,
    files: {
      async readFile(path) {
        const text = files[path]
        if (text !== undefined) return new TextEncoder().encode(text)
        throw Object.assign(new Error(path), { code: path === 'folder' ? 'EISDIR' : 'ENOENT' })
      },
    },
  }
  return resolveSettings(flags, source)
}

async function failure(promise: Promise<unknown>): Promise<UserError> {
  const outcome = await promise.then(
    (value) => JSON.stringify(value),
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof UserError, `refused: ${String(outcome)}`)
  return outcome
}

/** Block scalars of certificates end in line breaks, which mean nothing. */
function trimmed(settings: object): object {
  return JSON.parse(JSON.stringify(settings).replaceAll('\\n"', '"')) as object
}
