// `npm run lab`: two Docker hosts in namespaces of this machine, for a person to play with. As root.
//   npm run lab                                   bring them up, with the program built anew (up --no-build: as it was built last)
//   npm run lab -- calico-01                      a shell on a host
//   npm run lab -- calico-02 docker network ls    one command there
//   npm run lab -- down                           remove every trace
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = process.env.CALICOCTL_LAB ?? '/run/calicoctl-lab'
const notes = join(folder, 'lab.json')
// Not this process's stderr: who reads that would wait for the lab to end.
const log = join(folder, 'lab.log')
const [word, ...command] = process.argv.slice(2)

if (process.getuid?.() !== 0) fail('hosts in namespaces need root: sudo npm run lab')
if (word === undefined || word === 'up') await up(command.includes('--no-build'))
else if (word === 'down') await down()
else enter(word, command)

// --- internal ---

async function up(isBuilt) {
  if (running()) fail('the lab is up already: npm run lab -- down')
  if (!isBuilt) {
    if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) run('npm', ['ci', '--no-audit', '--no-fund'])
    run('npx', ['tsc', '-p', '.'])
    run(process.execPath, ['esbuild.config.mjs'])
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const keeper = spawn(process.execPath, [join(root, '.build', 'test', 'lab', 'keeper.js')], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  })
  keeper.once('exit', () => fail(`the lab did not come up: ${readFileSync(log, 'utf8')}`))
  for await (const line of createInterface(keeper.stdout)) {
    if (!line.startsWith('{')) {
      console.log(line)
      continue
    }
    writeFileSync(notes, line)
    const own = process.env.npm_lifecycle_event === 'lab' ? 'npm run lab --' : 'node test/lab.mjs'
    console.log(`\nTwo Docker hosts are up, as README's "Two hosts" has them; its commands work here. Next:\n`)
    console.log(`  ${own} calico-01                      a shell on a host`)
    console.log(`  ${own} calico-02 docker network ls    one command there`)
    console.log(`  ${own} down                           remove every trace`)
    process.exit(0)
  }
}

async function down() {
  const lab = running()
  if (lab) {
    process.kill(lab.pid, 'SIGTERM')
    while (running()) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  rmSync(folder, { recursive: true, force: true })
  console.log(lab ? 'The lab is gone.' : 'There was no lab.')
}

function enter(host, command) {
  const lab = running()
  if (!lab) fail('there is no lab: npm run lab')
  if (!Object.hasOwn(lab.hosts, host)) fail(`"${host}" is none of: ${Object.keys(lab.hosts).join(', ')}, down`)
  const [program, ...args] = [...lab.hosts[host], ...(command.length > 0 ? command : ['bash'])]
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}`, ETCD_ENDPOINTS: lab.etcd, PS1: `${host}:\\w# ` }
  process.exit(spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1)
}

/** What the keeper of the lab noted, as long as it lives. */
function running() {
  try {
    const lab = JSON.parse(readFileSync(notes, 'utf8'))
    return readFileSync(`/proc/${lab.pid}/cmdline`, 'utf8').includes('keeper.js') ? lab : undefined
  } catch {
    return undefined
  }
}

function run(program, args) {
  if (spawnSync(program, args, { cwd: root, stdio: ['inherit', 'ignore', 'inherit'] }).status !== 0) fail(`${program} ${args[0]} failed`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
