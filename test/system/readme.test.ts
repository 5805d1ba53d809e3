import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type EtcdServer, etcdHere, startEtcd } from '../lab/etcd.ts'
import { CHECKOUT, newcomer } from './folder.ts'
import { shell } from './shell.ts'

/**
 * Every block of commands in the README is run as it stands, one after the other in one folder, by somebody who has the built program and nothing else.
 * A `console` block is compared with what its commands print. Where the README names an etcd on this host, there is one.
 */
const text = readFileSync(join(CHECKOUT, 'README.md'), 'utf8')
const scripts = (JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts
const blocks = readBlocks(text)

/** Blocks about the checkout itself, not the program: `checkout.test.ts` runs what can be run of them. */
const ABOUT_THE_CHECKOUT = /^(?:git clone|npm) /

/** `test/agent/tutorial.test.ts` and `test/agent/two-hosts.test.ts` run them, on hosts of their own. */
const ABOUT_DOCKER = /^(?:calicoctl node run |# On calico-0|\{ "(?:cluster-store|dns)")/

describe('the README', () => {
  let folder: string
  let plain: EtcdServer | undefined
  let secure: EtcdServer | undefined

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-readme-'))
    // What blocks say about this checkout, they say about its examples.
    await cp(join(CHECKOUT, 'examples'), join(folder, 'examples'), { recursive: true })
    if (etcdHere() !== false) return
    ;[plain, secure] = await Promise.all([startEtcd(), startEtcd({ tls: true })])
    const { ca, cert, key } = secure.certificates ?? assert.fail('no certificates')
    await Promise.all([copyFile(ca, join(folder, 'ca.crt')), copyFile(cert, join(folder, 'client.crt')), copyFile(key, join(folder, 'client.key'))])
  })
  after(async () => {
    await Promise.all([plain?.stop(), secure?.stop()])
    await rm(folder, { recursive: true, force: true })
  })

  it('begins with the command that shows the main job, then the one that runs all tests', () => {
    const [first, second] = blocks
    assert.match(first?.body ?? '', /^git clone \S.* calicoctl && cd calicoctl\nnpm run demo\n$/)
    assert.equal(second?.body, 'npm test\n')
  })

  it('names scripts that are there', () => {
    for (const [, name = ''] of text.matchAll(/`?npm run ([a-z-]+)/g)) assert.ok(scripts[name], `npm run ${name}`)
    assert.ok(scripts['test'])
  })

  it('links to files that are there', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)/g)) {
      if (!target.startsWith('http')) assert.ok(existsSync(join(CHECKOUT, target)), target)
    }
  })

  for (const block of blocks.filter(({ body }) => !ABOUT_THE_CHECKOUT.test(body) && !ABOUT_DOCKER.test(body))) {
    const needs = /127\.0\.0\.1:2379/.test(block.body) ? etcdHere() : false
    it(`line ${block.line}: ${block.title}`, { skip: needs }, async () => {
      assert.ok(['sh', 'console'].includes(block.language), `a block of "${block.language}" is not run by anybody`)
      // Each block has a shell of its own: what one sets would reach the next one at a reader's, but not here.
      assert.doesNotMatch(block.body, /^\s*(?:export|cd)\b/m)
      const body = block.body.replaceAll('http://127.0.0.1:2379', plain?.endpoint ?? '').replaceAll('https://127.0.0.1:2379', secure?.endpoint ?? '')
      const options = { cwd: folder, env: newcomer(folder) }
      if (block.language === 'sh') {
        const { code, stderr } = await shell(body, { ...options, args: ['-e', '-o', 'pipefail'] })
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
        return
      }
      const steps = readTranscript(body)
      assert.ok(steps.length > 0, 'no command')
      const { stdout } = await shell(transcriptScript(steps), options)
      const printed = stdout.split(MARK).slice(1)
      for (const [index, step] of steps.entries()) assert.equal(comparable(printed[index] ?? ''), comparable(step.printed), `$ ${step.command}`)
    })
  }
})

// --- internal ---

interface Block {
  readonly language: string
  readonly body: string
  /** Of the first line inside. */
  readonly line: number
  readonly title: string
}

interface Step {
  readonly command: string
  readonly printed: string
}

function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language = '', 2: body = '', index }) => ({
    language,
    body,
    line: markdown.slice(0, index).split('\n').length + 1,
    title: body.split('\n')[0] ?? '',
  }))
}

/** `$ command` and what it prints, up to the next command. */
function readTranscript(body: string): Step[] {
  return body
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const end = step.indexOf('\n')
      return { command: step.slice(0, end), printed: step.slice(end + 1) }
    })
}

const MARK = '\u0001'

/** A script that prints a mark before each command's output, and leaves `$?` to the next one. */
function transcriptScript(steps: readonly Step[]): string {
  const lines = steps.map(({ command }) => `__code=$?; printf '${MARK}'; (exit $__code)\n${command}`)
  return `exec 2>&1\n${lines.join('\n')}\n`
}

/** Times and identities differ from run to run; blanks at the ends of lines nobody sees. */
function comparable(printed: string): string {
  return printed
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
    .replace(/[ \t]+$/gm, '')
    .trimEnd()
}
