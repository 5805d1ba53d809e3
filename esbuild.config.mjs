// Writes schemas/ (JSON Schema of manifests) and bundles the program into dist/: one file that starts, one with what short
// questions take, one with the other commands, one with the etcd driver. Each is a table of functions, one a chunk, that
// bin/calicoctl calls as modules: V8 compiles and caches only those that a command has called.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The file of dist/ that holds a chunk. */
const fileOf = new Map()

/** Where the digest of the whole bundle goes. */
const BUILD_MARK = '@digest of the bundle@'

/** What the launcher starts, and what that loads when it is needed. */
const ENTRIES = { start: 'src/process.ts', program: 'src/cli.ts', etcd: 'src/store/drivers/etcd.ts' }

/** What short questions take besides the program itself: reading less is most of what makes them quick. */
const QUICK = ['src/commands/get.ts', 'src/store/open.ts', 'src/store/drivers/local.ts']

/** commander can start commands that are programs of their own; ours are not, and loading what that takes costs milliseconds. */
const noChildProcesses = {
  name: 'no-child-processes',
  setup(bundle) {
    bundle.onResolve({ filter: /^(node:)?child_process$/ }, (found) =>
      found.importer.includes('/commander/') ? { path: 'child_process', namespace: 'absent' } : undefined,
    )
    bundle.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** The SQLite package looks for its compiled part in many places; here it is told the one where npm puts it. */
const directSqlite = {
  name: 'direct-sqlite',
  setup(bundle) {
    bundle.onLoad({ filter: /sqlite-package\.ts$/ }, ({ path }) => ({
      contents: "export const sqlitePackage = () => require('@photostructure/sqlite')",
      loader: 'js',
      resolveDir: dirname(path),
    }))
    bundle.onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: 'node-gyp-build', namespace: 'direct' }))
    bundle.onLoad({ filter: /.*/, namespace: 'direct' }, () => ({ contents: `module.exports = ${findCompiled.toString()}` }))
  },
}

/** etcd3 parses `.proto` files and generates code whenever it starts; ours takes tables that are made here, once. */
const leanEtcd3 = {
  name: 'lean-etcd3',
  setup(bundle) {
    bundle.onLoad({ filter: /etcd3\/lib\/connection-pool\.js$/ }, ({ path }) => {
      const codec = join(root, 'src/store/drivers/etcd-codec.ts')
      const contents = readFileSync(path, 'utf8')
        .replace(/const proto_loader_1 = require\("@grpc\/proto-loader"\);/, '')
        .replace(
          /const packageDefinition = \(0, proto_loader_1\.loadSync\)\([\s\S]*?\}\);/,
          `const packageDefinition = require(${JSON.stringify(codec)}).serviceDefinitions(${JSON.stringify(describeProto(join(dirname(path), '../proto/rpc.proto')))}, 'etcdserverpb');`,
        )
      if (contents.includes('loadSync')) throw new Error('etcd3 has changed: look at lean-etcd3 in esbuild.config.mjs')
      return { contents, loader: 'js', resolveDir: dirname(path) }
    })
  },
}

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: ENTRIES,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: ['node:sqlite'],
  define: {
    'import.meta.url': '__filename',
    CALICOCTL_VERSION: JSON.stringify(version),
    CALICOCTL_COMMIT: JSON.stringify(commit()),
    CALICOCTL_BUILD: JSON.stringify(BUILD_MARK),
  },
  plugins: [noChildProcesses, directSqlite, leanEtcd3],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
})
const digest = createHash('sha256')
for (const { text } of outputFiles) digest.update(text)
const buildId = digest.digest('hex').slice(0, 16)
const files = await Promise.all(
  Object.entries(placeChunks(metafile.outputs)).map(async ([file, chunks]) => {
    const functions = (await Promise.all(chunks.map(asFunction))).join(',\n')
    return [file, `({${functions.replaceAll(BUILD_MARK, buildId)}})\n`]
  }),
)
// All at once, so that who runs the program meanwhile hardly ever finds none.
rmSync(join(root, 'dist'), { recursive: true, force: true })
mkdirSync(join(root, 'dist'))
for (const [file, text] of files) writeFileSync(join(root, 'dist', `${file}.cjs`), text)

await writeSchemas()

// --- internal ---

/** JSON Schema for editors: the model itself says what it is, so it is run here. */
async function writeSchemas() {
  const {
    outputFiles: [model],
  } = await build({
    absWorkingDir: root,
    entryPoints: ['src/model/json-schema.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  })
  const { jsonSchemas } = await import(`data:text/javascript;base64,${Buffer.from(model.contents).toString('base64')}`)
  rmSync(join(root, 'schemas'), { recursive: true, force: true })
  mkdirSync(join(root, 'schemas', 'v1'), { recursive: true })
  for (const [file, schema] of jsonSchemas()) writeFileSync(join(root, 'schemas', file), `${JSON.stringify(schema, undefined, 1)}\n`)
}

/** Which chunks each file holds: what starting takes; what only the etcd driver takes; what short questions take; the rest. */
function placeChunks(outputs) {
  const chunks = new Map(Object.entries(outputs).map(([path, { imports }]) => [basename(path), imports]))
  const nameOf = new Map(Object.entries(outputs).map(([path, { entryPoint }]) => [entryPoint, basename(path)]))
  const reach = (name, found = new Set()) => {
    if (found.has(name) || !chunks.has(name)) return found
    found.add(name)
    for (const { path, kind } of chunks.get(name)) if (kind !== 'dynamic-import') reach(basename(path), found)
    return found
  }
  const others = new Set([...chunks.keys()].filter((name) => name !== 'etcd.js').flatMap((name) => [...reach(name)]))
  const start = reach('start.js')
  const quick = new Set(['program.js', ...QUICK.map((source) => nameOf.get(source))].flatMap((name) => [...reach(name)]))
  const files = { start: [], program: [], commands: [], etcd: [] }
  for (const name of chunks.keys()) {
    const file = start.has(name) ? 'start' : quick.has(name) ? 'program' : others.has(name) ? 'commands' : 'etcd'
    files[file].push(name)
    fileOf.set(name, file)
  }
  return files
}

/** One chunk as a member of the table: a CommonJS module whose imports from other chunks name their file, and whose exports are plain values. */
async function asFunction(name) {
  const { text } = outputFiles.find(({ path }) => basename(path) === name)
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    charset: 'ascii',
    supported: { 'dynamic-import': false },
  })
  const exported = /var (\w+)=\{\};__export\(\1,\{(.*?)\}\);module\.exports=__toCommonJS\(\1\);/s.exec(code)
  const values = exported ? exported[2].replaceAll(/(\w+):\(\)=>(\w+)/g, '$1:$2') : ''
  // What `init_` fills in later cannot be handed over as a value.
  if (/\binit_/.test(values)) throw new Error(`${name} holds a module that is initialised late`)
  const body = code
    .replace(exported?.[0] ?? '', '')
    .replaceAll(/require\("\.\/([\w.-]+)\.js"\)/g, (_, other) => `require("./${fileOf.get(`${other}.js`)}.cjs#${other}")`)
  return `${JSON.stringify(basename(name, '.js'))}(exports,require,module,__filename,__dirname){${body}${values && `Object.assign(exports,{${values}});`}}`
}

/** Runs in the bundle: the compiled part of the SQLite package, for this platform and C library. */
function findCompiled() {
  const { existsSync } = require('node:fs')
  const { dirname, join } = require('node:path')
  const near = join(__dirname, '..', 'node_modules', '@photostructure', 'sqlite')
  const root = existsSync(near) ? near : dirname(require('node:module').createRequire(__filename).resolve('@photostructure/sqlite/package.json'))
  const file = (library) => join(root, 'prebuilds', `${process.platform}-${process.arch}`, `@photostructure+sqlite.${library}.node`)
  try {
    return require(file('glibc'))
  } catch (error) {
    if (!existsSync(file('musl'))) throw error
    return require(file('musl'))
  }
}

/** The commit that is built, where this is a git checkout. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=9', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}

/** Messages, enumerations and services of a `.proto` file and those it imports, as tables for `etcd-codec.ts`. Names lose their package. */
function describeProto(file) {
  const protobuf = require('protobufjs')
  const tree = new protobuf.Root()
  tree.resolvePath = (origin, target) => (target.endsWith('rpc.proto') ? target : join(dirname(file), target.split('/').pop()))
  tree.loadSync(file, { keepCase: true }).resolveAll()
  const tables = { messages: {}, enums: {}, services: {} }
  const visit = (node) => {
    if (node instanceof protobuf.Type) {
      tables.messages[node.name] = node.fieldsArray.map((field) => ({
        id: field.id,
        name: field.name,
        type: field.resolvedType ? field.resolvedType.name : field.type,
        ...(field.repeated ? { repeated: true } : {}),
        ...(field.partOf ? { oneof: field.partOf.name } : {}),
      }))
    }
    if (node instanceof protobuf.Enum) tables.enums[node.name] = node.values
    if (node instanceof protobuf.Service) {
      tables.services[node.name] = node.methodsArray.map((method) => ({
        name: method.name,
        request: method.resolvedRequestType.name,
        response: method.resolvedResponseType.name,
        requestStream: Boolean(method.requestStream),
        responseStream: Boolean(method.responseStream),
      }))
    }
    for (const child of node.nestedArray ?? []) visit(child)
  }
  visit(tree)
  return tables
}
