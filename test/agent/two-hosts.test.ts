import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DockerHost, dockerHere } from '../lab/docker-host.ts'
import { Fabric } from '../lab/fabric.ts'
import { readSteps, walk } from '../lab/walkthrough.ts'
import { PROGRAM } from '../system/built.ts'
import { CHECKOUT } from '../system/folder.ts'

/** The commands of Calico 2.6's tutorial "Security using Calico Profiles", in its order, as it has them (`reference/tutorial.md`). */
const TUTORIAL = [
  'docker network create --driver calico --ipam-driver calico-ipam net1',
  'docker network create --driver calico --ipam-driver calico-ipam net2',
  'docker network create --driver calico --ipam-driver calico-ipam net3',
  'docker run --net net1 --name workload-A -tid busybox',
  'docker run --net net2 --name workload-B -tid busybox',
  'docker run --net net1 --name workload-C -tid busybox',
  'docker run --net net3 --name workload-D -tid busybox',
  'docker run --net net1 --name workload-E -tid busybox',
  'docker exec workload-A ping -c 4 workload-C.net1',
  'docker exec workload-A ping -c 4 workload-E.net1',
  'docker exec workload-A ping -c 2  `docker inspect --format "{{ .NetworkSettings.Networks.net2.IPAddress }}" workload-B`',
  'docker inspect --format "{{ .NetworkSettings.Networks.net3.IPAddress }}" workload-D',
  'docker exec workload-A ping -c 2 <IP address of D>',
  'docker network ls',
]

const [, section = ''] = /^## Two hosts\n([\s\S]*?)^## /m.exec(readFileSync(join(CHECKOUT, 'README.md'), 'utf8')) ?? []
const [setUp, ...steps] = readSteps(section)
const [shared = '', ofOneHost = ''] = [...section.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, body]) => body)

const tutorial = (name: string) => readSteps(readFileSync(join(CHECKOUT, 'examples', 'tutorial', `${name}.md`), 'utf8'))

describe("the README's two hosts are Calico 2.6's tutorial", () => {
  it('has its commands, unchanged and in order', () => {
    assert.deepEqual(
      steps.map(({ command }) => command).filter((command) => command.startsWith('docker ')),
      TUTORIAL,
    )
  })

  it('starts the agent on both', () => {
    assert.deepEqual(setUp, {
      hosts: ['calico-01', 'calico-02'],
      command: 'ETCD_ENDPOINTS=http://172.18.18.1:2379 calicoctl node run 2> agent.log &',
      fails: false,
    })
  })
})

for (const { docker, daemon, scope } of [
  { docker: 'shares its networks', daemon: () => shared, scope: 'global' },
  { docker: 'knows its own networks only', daemon: (address: string) => ofOneHost.replace('172.18.18.101', address), scope: 'local' },
]) {
  describe(`the tutorial, typed on two hosts whose Docker ${docker}`, { skip: dockerHere() }, () => {
    let fabric: Fabric
    let hosts: DockerHost[] = []
    let folder: string

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'calicoctl-two-hosts-'))
      await symlink(PROGRAM, join(folder, 'calicoctl'))
      fabric = await Fabric.open()
      hosts = [await DockerHost.open('calico-01', fabric), await DockerHost.open('calico-02', fabric)]
      await Promise.all(
        hosts.map(async (host) => {
          const file = join(folder, `${host.name}.json`)
          await writeFile(file, daemon(host.address))
          await host.startAgent()
          await host.startDocker(`--config-file=${file}`)
        }),
      )
    })
    after(async () => {
      await Promise.all(hosts.map((host) => host.close()))
      await fabric.close()
      await rm(folder, { recursive: true, force: true })
    })

    it('does what its text says', async () => {
      const said = await walk(steps, hosts, `export PATH=${folder}:$PATH`)
      const printed = (command: string) => said.get(command)?.stdout ?? ''
      assert.match(printed('docker exec workload-A ping -c 4 workload-C.net1'), /4 packets transmitted, 4 packets received/)
      assert.match(printed('docker exec workload-A ping -c 4 workload-E.net1'), /4 packets transmitted, 4 packets received/)
      for (const command of TUTORIAL.filter((command) => command.includes('ping -c 2'))) {
        assert.match(printed(command), /2 packets transmitted, 0 packets received/)
      }
      for (const network of ['net1', 'net2', 'net3']) assert.match(printed('docker network ls'), new RegExp(` ${network} +calico +${scope}`))
      assert.match(printed('calicoctl why workload-A workload-D icmp'), /^DENIED: workload-A may not reach workload-D with icmp/)
    })

    it('names work without the network too, and are not known in other networks', async () => {
      const [one, two] = hosts
      const looks = async (host: DockerHost | undefined, from: string, name: string) =>
        (await host?.try(['docker', 'exec', from, 'nslookup', name]))?.stdout ?? ''
      const address = (await two?.docker('inspect', '--format', '{{ .NetworkSettings.Networks.net1.IPAddress }}', 'workload-E')) ?? ''
      assert.ok((await looks(one, 'workload-A', 'workload-E')).includes(address))
      assert.ok(!(await looks(one, 'workload-B', 'workload-E.net1')).includes(address))
    })

    it('goes on with profiles and policy', async () => {
      const said = await walk(tutorial('profiles-and-policy'), hosts, `export PATH=${folder}:$PATH; cd ${folder}`)
      assert.match([...said].find(([command]) => command.startsWith('docker exec frontend-B'))?.[1].stdout ?? '', /hello/)
    })

    it('goes on with labels of containers', async () => {
      const [restart, ...rest] = tutorial('labels')
      assert.equal(restart?.command, 'ETCD_ENDPOINTS=http://172.18.18.1:2379 calicoctl node run --container-labels 2> agent.log &')
      await Promise.all(
        hosts.map(async (host) => {
          await host.stopDrivers('SIGTERM')
          await host.startAgent(scope === 'global' ? '--container-labels' : '--use-docker-networking-container-labels')
        }),
      )
      const said = await walk(rest, hosts, `export PATH=${folder}:$PATH`)
      assert.match(said.get('docker exec till nc -w 1 store 3306')?.stdout ?? '', /hello/)
    })
  })
}
