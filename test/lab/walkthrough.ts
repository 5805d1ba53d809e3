import assert from 'node:assert/strict'
import type { DockerHost, Said } from './docker-host.ts'

/** A command of a text for people, where it is typed, and what it is said to do. */
export interface Step {
  /** Names of hosts. */
  readonly hosts: readonly string[]
  readonly command: string
  readonly fails: boolean
}

/**
 * The commands of a text, from its blocks that begin with a line such as `# On calico-01`: one a line, or, where a line has `<< EOF`, up to the line `EOF`.
 * A line `# This fails:` is about the next one.
 */
export function readSteps(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```sh\n# On (.*)\n([\s\S]*?)^```$/gm)]
  return blocks.flatMap(([, where = '', body = '']) => {
    const hosts = where.match(/calico-\d+/g) ?? []
    const lines = [...body.matchAll(/^.*<< (\w+).*$[\s\S]*?^\1$|^.+$/gm)].map(([line]) => line)
    return lines.flatMap((command, index) => {
      return command.startsWith('#') ? [] : [{ hosts, command, fails: lines[index - 1] === '# This fails:' }]
    })
  })
}

/** Types commands as a reader would, who puts what the last one printed in the place of `<...>`. @throws AssertionError when one does not do what the text says */
export async function walk(steps: readonly Step[], hosts: readonly DockerHost[], environment = ''): Promise<Map<string, Said>> {
  const said = new Map<string, Said>()
  let last = ''
  for (const step of steps) {
    for (const name of step.hosts) {
      const host = hosts.find((host) => host.name === name) ?? assert.fail(`no host ${name}`)
      const command = step.command.replace(/<(?:IP )?address of \w+>/, last)
      const { code, stdout, stderr } = await host.try(['bash', '-c', `${environment}\n${command}`])
      assert.equal(code !== 0, step.fails, `${name}: ${command}\nexit ${code}\n${stdout}${stderr}\n${host.log.slice(-3000)}`)
      last = stdout.trim()
      said.set(step.command, { code, stdout, stderr })
    }
  }
  return said
}
