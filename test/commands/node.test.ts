import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { run } from '../context.ts'

describe('node run', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-node-'))
    await writeFile(join(folder, 'bad.cfg'), '[global]\nNATPortRange = 9:1\n')
  })
  after(() => rm(folder, { recursive: true }))

  /** What is refused before anything is touched, and what is said. */
  const refused: readonly (readonly [string, readonly string[], RegExp, Readonly<Record<string, string>>?])[] = [
    ['an image, for there is no container', ['--node-image=calico/node'], /--node-image: the agent is this program.*\n.*leave it out/],
    ['a dry run', ['--dryrun'], /--dryrun: no container is started.*\n.*calicoctl reach/],
    ['to be run by an init system, for it always is', ['--init-system'], /--init-system: the agent always runs in the foreground/],
    ['a folder for logs', ['--log-dir', '/var/log/calico'], /--log-dir: the agent logs to standard error\n.*2>>/],
    ['another prefix of interfaces', ['--docker-networking-ifprefix=eth'], /--docker-networking-ifprefix: .*cali/],
    [
      "labels of containers without Docker's networking, by Calico 2.6's name",
      ['--disable-docker-networking', '--use-docker-networking-container-labels'],
      /invalid to disable Docker Networking and enable Container labels/,
    ],
    ['to answer for names at all addresses', ['--dns=0.0.0.0'], /--dns 0\.0\.0\.0: that is not an address of one host/],
    ['to answer for names at no address', ['--dns=here'], /--dns here: that is not an address of one host/],
    ['a Felix file that is not there', ['--felix-config=none.cfg'], /cannot read none\.cfg: no such file/],
    ['a Felix file with a bad value', ['--felix-config=bad.cfg'], /bad\.cfg:2: NATPortRange = 9:1: the value is not a range of ports/],
    ['a bad value in the environment', [], /FELIX_LOGPREFIX=":: the value has characters that a log prefix cannot have/, { FELIX_LOGPREFIX: '":' }],
  ]
  for (const [what, args, said, env = {}] of refused) {
    it(`refuses ${what}`, async () => {
      const { code, stdout, stderr } = await run(['node', 'run', ...args], { cwd: folder, env })
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, said)
    })
  }
})
