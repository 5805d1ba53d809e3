import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run, type RunResult } from '../context.ts'
import { inFolder } from '../system/folder.ts'

export const V3 = 'apiVersion: projectcalico.org/v3\n'
/** A profile as a Docker network has it. */
export const net = (name: string, source = `\n    source:\n      selector: ${name} == ''`) =>
  `${V3}kind: Profile\nmetadata:\n  name: ${name}\nspec:\n  egress:\n  - action: Allow\n  ingress:\n  - action: Allow${source}\n  labelsToApply:\n    ${name}: ""\n`
export const workload = (name: string, network: string, address: string) =>
  `${V3}kind: WorkloadEndpoint\nmetadata:\n  namespace: libnetwork\n  annotations:\n    docker.projectcalico.org/container: ${name}\nspec:\n  orchestrator: libnetwork\n  workload: libnetwork\n  node: host1\n  endpoint: ep${name}\n  interfaceName: cali${name}\n  ipNetworks: [${address}/32]\n  profiles: [${network}]\n`
/** Two containers on net1, one on net2. */
export const NETWORKS = [
  net('net1'),
  net('net2'),
  workload('a', 'net1', '10.0.0.1'),
  workload('b', 'net2', '10.0.0.2'),
  workload('c', 'net1', '10.0.0.3'),
].join('---\n')
/** The beginning of a policy test. */
export const HEAD = 'apiVersion: calicoctl.projectcalico.org/v1\nkind: PolicyTest\n'

/** Runs `calicoctl test ...` in a folder with these files. */
export function tested(args: readonly string[], files: Readonly<Record<string, string>>, options: { stdin?: string } = {}): Promise<RunResult> {
  return inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    return run(['test', ...args], { cwd: folder, env: { HOME: folder }, ...options })
  })
}
