// The first minute with calicoctl: from a fresh clone to the tutorial's profiles, on a local datastore in a fresh folder.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

if (!existsSync(join(root, 'node_modules', '.package-lock.json')))
  step('Installing the locked dependencies', 'npm', ['ci', '--no-audit', '--no-fund'])
step('Building', process.execPath, ['esbuild.config.mjs'])

const folder = mkdtempSync(join(tmpdir(), 'calicoctl-demo-'))
process.env.CALICOCTL_DATASTORE = join(folder, 'demo.db')
try {
  show(['apply', '-f', 'examples/tutorial/'])
  show(['get', 'profiles', '-o', 'wide'])
  show(['get', 'profile', 'net1', '-o', 'yaml'])
  console.log('\nA manifest with mistakes is refused, and nothing is changed:')
  show(['apply', '-f', 'examples/refused/web.yaml'], 1)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`
Next, try it yourself (resources are kept below ~/.local/state/calicoctl unless you say otherwise):

  npm link                                   puts calicoctl on your PATH
  calicoctl apply -f examples/tutorial/
  calicoctl get profiles
  calicoctl why workload-A workload-B icmp -f examples/workloads -f examples/tutorial
  calicoctl --help

With an etcd that Calico's own components use:  ETCD_ENDPOINTS=http://127.0.0.1:2379 calicoctl get nodes
All tests:  npm test`)

// --- internal ---

/** Runs a preparation, quietly unless it fails. */
function step(what, command, args) {
  console.log(`${what} ...`)
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  console.error(`${stdout}${stderr}\n${what} failed: ${command} ${args.join(' ')}`)
  process.exit(1)
}

/** Shows a command of the program and what it prints. */
function show(args, expected = 0) {
  console.log(`\n$ calicoctl ${args.join(' ')}`)
  const { status } = spawnSync(process.execPath, [join(root, 'bin', 'calicoctl'), ...args], { cwd: root, stdio: 'inherit' })
  if (status === expected) return
  console.error(`\nThe demo went wrong: exit code ${status} where ${expected} was expected.`)
  process.exit(1)
}
