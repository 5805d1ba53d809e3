// Bundles the program into dist/: one file that starts, one with the program, one with the etcd driver.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Files of their own in dist/, loaded only when they are needed: what starts, the program, the etcd driver. */
const FILES = { calicoctl: 'src/process.ts', program: 'src/cli.ts', etcd: 'src/store/drivers/etcd.ts', sqlite: 'src/store/drivers/sqlite-package.ts' }

/** Lets one file of dist/ load another where the sources import it. The local store's way is the program's, so that they share their modules. */
const separateFiles = {
  name: 'separate-files',
  setup(bundle) {
    const external = (path) => (found) => (found.kind === 'entry-point' ? undefined : { path, external: true })
    bundle.onResolve({ filter: /drivers\/etcd\.ts$/ }, external('./etcd.cjs'))
    bundle.onResolve({ filter: /\/sqlite-package\.ts$/ }, external('./sqlite.cjs'))
    // The driver's errors must be the program's own classes.
    bundle.onResolve({ filter: /\/(datastore|limits)\.ts$/ }, (found) =>
      /drivers\/etcd[^/]*$/.test(found.importer) ? external('./program.cjs')(found) : undefined,
    )
    bundle.onResolve({ filter: /\.\/(cli|store\/open)\.ts$/ }, (found) =>
      found.importer.endsWith('src/process.ts') ? external('./program.cjs')(found) : undefined,
    )
  },
}

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

await build({
  absWorkingDir: root,
  entryPoints: FILES,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // `import()` of a file of ours becomes `require`, which the launcher serves from its code cache.
  supported: { 'dynamic-import': false },
  external: ['node:sqlite'],
  define: { 'import.meta.url': '__filename', CALICOCTL_VERSION: JSON.stringify(version), CALICOCTL_COMMIT: JSON.stringify(commit()) },
  plugins: [separateFiles, noChildProcesses, directSqlite, leanEtcd3],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
})

// --- internal ---

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
