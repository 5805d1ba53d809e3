// `npm test`: from a fresh clone to a verdict. Installs what is missing, builds, checks and runs every test.
//   npm test                     everything
//   npm test -- store manifest   only test files whose path has one of the words
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
// One certificate file for all would be read at every start of Node.
delete process.env.NODE_EXTRA_CA_CERTS

/** Programs that tests start, and the Debian packages they come from. */
const PROGRAMS = {
  bird: 'bird2',
  busybox: 'busybox-static',
  chromium: 'chromium',
  conntrack: 'conntrack',
  dockerd: 'docker.io',
  etcd: 'etcd-server',
  faketime: 'faketime',
  ip: 'iproute2',
  iptables: 'iptables',
  nft: 'nftables',
  openssl: 'openssl',
  ping: 'iputils-ping',
}

if (!existsSync(join(root, 'node_modules', '.package-lock.json')))
  run('npm', ['ci', '--no-audit', '--no-fund'], { env: { NODE_EXTRA_CA_CERTS: undefined } })
installPrograms()
run('npx', ['tsc', '-p', '.'])
run(process.execPath, ['esbuild.config.mjs'])
if (words.length === 0) {
  run('npx', ['oxlint', '--type-aware', '--deny-warnings'])
  run('npx', ['biome', 'format', '.'])
  run('npx', ['knip'])
}
const files = testFiles(join(root, '.build', 'test')).filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
if (files.length === 0) fail('no test file matches')
run(process.execPath, ['--test', '--test-concurrency=2', '--test-timeout=1200000', ...files])

// --- internal ---

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** As root, what is missing is installed; others are told, and the tests that need it are skipped by name. */
function installPrograms() {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !onPath(program))
  if (missing.length === 0) return
  const packages = missing.map(([, name]) => name)
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    console.log(`Not installed, tests that need it are skipped: ${packages.join(', ')}`)
    return
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], { env })
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))
}

function run(command, args, options = {}) {
  console.log(`> ${command} ${args.length > 8 ? `${args.slice(0, 3).join(' ')} ... (${args.length} arguments)` : args.join(' ')}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...options.env } })
  if (status !== 0) fail(`${command} failed${error ? `: ${error.message}` : ''}`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
