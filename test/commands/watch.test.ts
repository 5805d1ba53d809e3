import assert from 'node:assert/strict'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run, type RunResult } from '../context.ts'
import { startBuilt } from '../system/built.ts'
import { inFolder } from '../system/folder.ts'

const HEAD = 'apiVersion: calicoctl.projectcalico.org/v1\nkind: PolicyTest\nfiles: [world]\n'
const PASSES = `${HEAD}deny: [{from: a, to: b}]\n`
const FAILS = `${HEAD}allow: [{from: a, to: b}]\n`
const endpoint = (name: string, address: string) =>
  `apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata:\n  name: ${name}\nspec:\n  node: ${name}\n  interfaceName: eth0\n  expectedIPs: [${address}]\n  profiles: []\n`
/** Denies all but failsafe ports, which the tests leave out. */
const WORLD = `${endpoint('a', '10.0.0.1')}---\n${endpoint('b', '10.0.0.2')}`
const ports = '  ports: [tcp/80]'
const test = (text: string) => text.replace('to: b}', `to: b,${ports.trim().replace('ports', ' ports')}}`)

/** Text that arrives bit by bit. */
class Arriving {
  #text = ''
  #wake: (() => void) | undefined

  add(text: string): void {
    this.#text += text
    this.#wake?.()
  }

  /** Waits for a text, and forgets everything to its end. */
  async next(wanted: RegExp): Promise<string> {
    for (;;) {
      const match = wanted.exec(this.#text)
      if (match) {
        const seen = this.#text.slice(0, match.index + match[0].length)
        this.#text = this.#text.slice(seen.length)
        return seen
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

const WAITING = /waiting for changes; Ctrl-C ends it\n/

/** Watches in this process, with what it printed, stdout and stderr as they come. */
async function watching(files: Readonly<Record<string, string>>, work: (said: Arriving, folder: string) => Promise<void>): Promise<RunResult> {
  return inFolder(async (folder) => {
    await mkdir(join(folder, 'tests', 'world'), { recursive: true })
    for (const [name, text] of Object.entries({ 'tests/world/hosts.yaml': WORLD, ...files })) await writeFile(join(folder, name), text)
    const said = new Arriving()
    const end = new AbortController()
    const ended = run(['test', 'tests', '--watch'], { cwd: folder, env: { HOME: folder }, signal: end.signal, onWrite: (text) => said.add(text) })
    try {
      await said.next(WAITING)
      await work(said, folder)
    } finally {
      end.abort()
    }
    return ended
  })
}

describe('calicoctl test --watch', () => {
  it('runs again when a test changes, and ends when it is told to', async () => {
    const { code, stdout, stderr } = await watching({ 'tests/t.yaml': test(PASSES) }, async (said, folder) => {
      await writeFile(join(folder, 'tests/t.yaml'), test(FAILS))
      await said.next(/t\.yaml changed\n/)
      await said.next(/1 failed\n/)
      await said.next(WAITING)
    })
    assert.equal(code, 130)
    assert.match(stdout, /^ok {3}tests\/t\.yaml \(1 entry\)\n1 entry in 1 test: 1 passed\n\n/)
    assert.match(stderr, /^waiting for changes; Ctrl-C ends it\ntests\/t\.yaml changed\n/)
  })

  it('sees a new file put in the place of the old one, as editors do, again and again', async () => {
    await watching({ 'tests/t.yaml': test(PASSES) }, async (said, folder) => {
      for (const [text, says] of [
        [FAILS, /1 failed/],
        [PASSES, /1 passed/],
        [FAILS, /1 failed/],
      ] as const) {
        await writeFile(join(folder, 'tests/.t.yaml.swp'), test(text))
        await rename(join(folder, 'tests/.t.yaml.swp'), join(folder, 'tests/t.yaml'))
        await said.next(says)
        await said.next(WAITING)
      }
    })
  })

  it('sees changes of manifests that tests name, new tests, new directories, and removed files', async () => {
    await watching({ 'tests/t.yaml': test(PASSES) }, async (said, folder) => {
      await writeFile(join(folder, 'tests/world/hosts.yaml'), WORLD.replaceAll('profiles: []', 'profiles: [projectcalico-default-allow]'))
      await said.next(/1 failed/)
      await said.next(WAITING)
      await writeFile(join(folder, 'tests/u.yaml'), test(FAILS))
      await said.next(/in 2 tests/)
      await said.next(WAITING)
      await mkdir(join(folder, 'tests/more'))
      await said.next(WAITING)
      await writeFile(join(folder, 'tests/more/v.yaml'), test(FAILS).replace('world', '../world'))
      await said.next(/in 3 tests/)
      await said.next(WAITING)
      await rm(join(folder, 'tests/u.yaml'))
      await said.next(/in 2 tests/)
    })
  })

  it('goes on while a file has faults', async () => {
    await watching({ 'tests/t.yaml': test(PASSES) }, async (said, folder) => {
      await writeFile(join(folder, 'tests/t.yaml'), test(PASSES).replace('deny', 'dney'))
      await said.next(/unknown field "dney"[^]*nothing was tested/)
      await said.next(WAITING)
      await writeFile(join(folder, 'tests/t.yaml'), test(PASSES))
      await said.next(/1 passed/)
    })
  })

  it('the built program does so, until Ctrl-C', async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'world'))
      await writeFile(join(folder, 'world/hosts.yaml'), WORLD)
      await writeFile(join(folder, 't.yaml'), test(PASSES))
      const { child, ended } = startBuilt(['test', 't.yaml', '--watch'], { cwd: folder, env: { HOME: folder } })
      const said = new Arriving()
      child.stdout?.on('data', (chunk: Buffer) => said.add(chunk.toString()))
      child.stderr?.on('data', (chunk: Buffer) => said.add(chunk.toString()))
      await said.next(WAITING)
      await writeFile(join(folder, 'new'), test(FAILS))
      await rename(join(folder, 'new'), join(folder, 't.yaml'))
      await said.next(/1 failed/)
      child.kill('SIGINT')
      assert.equal((await ended).code, 130)
    })
  })
})
