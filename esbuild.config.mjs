// Bundles the program into dist/: one file for the commands, one for the etcd driver, loaded only when an etcd is used.
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** The commands' bundle reaches the etcd driver through a file of its own, so that no other command pays for reading it. */
const separateEtcdDriver = {
  name: 'separate-etcd-driver',
  setup(bundle) {
    bundle.onResolve({ filter: /drivers\/etcd\.ts$/ }, (found) => (found.kind === 'entry-point' ? undefined : { path: './etcd.cjs', external: true }))
  },
}

rmSync(new URL('dist', import.meta.url), { recursive: true, force: true })
await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: { calicoctl: 'src/process.ts', etcd: 'src/store/drivers/etcd.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  external: ['node:sqlite', '@photostructure/sqlite'],
  define: { CALICOCTL_VERSION: JSON.stringify(version) },
  plugins: [separateEtcdDriver],
  legalComments: 'none',
  logLevel: 'warning',
})
