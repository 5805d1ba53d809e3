import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { DockerApi } from '../../../src/agent/docker/docker-api.ts'
import { DockerApiError } from '../../../src/agent/docker/docker-request.ts'
import { endpoints } from '../../../src/agent/docker/endpoints.ts'
import { hostInterface, type Interfaces } from '../../../src/agent/docker/interfaces.ts'
import { networkDriver } from '../../../src/agent/docker/network-driver.ts'
import { networkNames } from '../../../src/agent/docker/network-names.ts'
import type { Body } from '../../../src/agent/docker/plugin-server.ts'
import { formatIp, parseIp } from '../../../src/model/net.ts'
import { UserError } from '../../../src/model/user-error.ts'
import { type Datastore, prefixRange } from '../../../src/store/datastore.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { run } from '../../context.ts'

/** What the driver writes and makes for Docker's calls, with a Docker and a kernel that only take notes. */

const ONE = '44eb2567d7640000000000000000000000000000000000000000000000000001'
const TWO = '55fc3678e8750000000000000000000000000000000000000000000000000002'
const SANDBOX = '/var/run/docker/netns/ecd1f02897d2'
const clock = { now: () => new Date(), timestamp: () => '2026-01-02T03:04:05Z', uuid: () => globalThis.crypto.randomUUID(), pause: async () => {} }

interface World {
  readonly store: Datastore
  /** Interfaces that are there, with the addresses that lead over them. */
  readonly links: Map<string, readonly string[]>
  readonly ask: (method: string, body: Body) => Promise<object>
  readonly warnings: string[]
  readonly settings: {
    containerLabels: boolean
    programmed: (interfaceName: string, revision: number) => Promise<void>
    interfaceFails: boolean
    gateways: string[]
    dockerIsAway: boolean
    pause: () => Promise<void>
  }
}

let world: World
beforeEach(() => (world = makeWorld()))

function makeWorld(): World {
  const store = openMemory()
  const links = new Map<string, readonly string[]>()
  const warnings: string[] = []
  const settings: World['settings'] = {
    containerLabels: true,
    programmed: async () => {},
    interfaceFails: false,
    gateways: [],
    dockerIsAway: false,
    pause: async () => {},
  }
  const interfaces: Interfaces = {
    create: async ({ endpoint, addresses }) => {
      if (settings.interfaceFails) throw new UserError('the kernel has no interfaces left')
      links.set(hostInterface(endpoint), addresses.map(formatIp))
      return { containerEnd: hostInterface(endpoint).replace('cali', 'temp') }
    },
    remove: async (endpoint) => void links.delete(hostInterface(endpoint)),
    list: async () => [...links.keys()].map((name) => ({ name, isJoined: true })),
    removeNamed: async (name) => void links.delete(name),
    gateways: async () => settings.gateways,
  }
  const docker: DockerApi = {
    network: async (id) => {
      if (settings.dockerIsAway) throw new DockerApiError('Docker does not answer')
      const name = { n1: 'net1', n2: 'net2', odd: 'Net_1', bad: 'net-' }[id]
      return name === undefined
        ? undefined
        : {
            name,
            endpoints: [
              { id: ONE, name: 'web' },
              { id: TWO, name: 'web' },
            ],
          }
    },
    containerNamed: async (name) => ({
      id: `container-of-${name}`,
      labels: { 'org.projectcalico.label.role': 'db', 'org.projectcalico.label.bad key': 'x', other: 'y' },
    }),
    sharesNetworks: async () => false,
  }
  const own = endpoints({ datastore: store, clock, node: 'host-1', interfaces })
  const methods = networkDriver({
    docker,
    names: networkNames(store, docker),
    endpoints: own,
    interfaces,
    scope: async () => 'local',
    get containerLabels() {
      return settings.containerLabels
    },
    programmed: (name, revision) => settings.programmed(name, revision),
    pause: () => settings.pause(),
    warn: (message) => void warnings.push(message),
  })
  const ask = async (method: string, body: Body) => await (methods[method] ?? assert.fail(method))(body)
  return { store, links, ask, warnings, settings }
}

const create = (id: string, network: string, more: object = {}) =>
  world.ask('NetworkDriver.CreateEndpoint', {
    NetworkID: network,
    EndpointID: id,
    Interface: { Address: '192.168.0.0/32', AddressIPv6: '', MacAddress: '', ...more },
    Options: { 'com.docker.network.endpoint.exposedports': [], 'com.docker.network.portmap': [] },
  })
const join = (id: string, network: string) =>
  world.ask('NetworkDriver.Join', { NetworkID: network, EndpointID: id, SandboxKey: SANDBOX, Options: {} })

interface Shown {
  readonly metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  readonly spec: Record<string, unknown>
}

async function get(...args: string[]): Promise<Shown[]> {
  const { stdout } = await run(['get', ...args, '-o', 'json'], { store: world.store })
  return (JSON.parse(stdout) as { items: Shown[] }).items
}

const profileNames = async () => (await get('profiles')).map((profile) => profile.metadata.name)

describe('a network', () => {
  const data = { AddressSpace: 'CalicoLocalAddressSpace', Gateway: '0.0.0.0/0', Pool: '0.0.0.0/0' }
  const network = { NetworkID: 'n1', Options: { 'com.docker.network.generic': {} }, IPv4Data: [data], IPv6Data: [] }

  it('is made and removed without a trace', async () => {
    assert.deepEqual(await world.ask('NetworkDriver.CreateNetwork', network), {})
    assert.deepEqual(await world.ask('NetworkDriver.DeleteNetwork', { NetworkID: 'n1' }), {})
    assert.deepEqual(await profileNames(), ['projectcalico-default-allow'])
  })

  for (const [what, more, message] of [
    ["Docker's own addresses", { IPv4Data: [{ ...data, AddressSpace: 'GlobalDefault', Pool: '10.0.0.0/24' }] }, /needs addresses of Calico/],
    ['options', { Options: { 'com.docker.network.generic': { mtu: '9000' } } }, /unknown options \(--opt\): mtu/],
    ['--internal', { Options: { 'com.docker.network.internal': true } }, /--internal/],
    ['something else than a list', { IPv4Data: 'x' }, /IPv4Data is not a list/],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      await assert.rejects(world.ask('NetworkDriver.CreateNetwork', { ...network, ...more }), message)
    })
  }
})

describe('an endpoint', () => {
  it('is written as Calico does, with the profile of its network', async () => {
    assert.deepEqual(await create(ONE, 'n1'), { Interface: { MacAddress: 'ee:ee:ee:ee:ee:ee' } })
    const [endpoint] = await get('workloadendpoints', '--all-namespaces')
    assert.deepEqual(endpoint?.spec, {
      orchestrator: 'libnetwork',
      workload: 'libnetwork',
      node: 'host-1',
      endpoint: ONE,
      ipNetworks: ['192.168.0.0/32'],
      profiles: ['net1'],
      interfaceName: 'cali44eb2567d76',
    })
    assert.deepEqual([endpoint?.metadata.namespace, endpoint?.metadata.name], ['libnetwork', `host--1-libnetwork-libnetwork-${ONE}`])
    const profile = (await get('profiles')).find((profile) => profile.metadata.name === 'net1')
    assert.deepEqual(profile?.spec, {
      ingress: [{ action: 'Allow', source: { selector: "net1 == ''" } }],
      egress: [{ action: 'Allow' }],
      labelsToApply: { net1: '' },
    })
  })

  it('leaves an existing profile as it is', async () => {
    const own = { apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: 'net1' }, spec: { egress: [{ action: 'Deny' }] } }
    await run(['apply', '-f', '-'], { store: world.store, stdin: JSON.stringify(own) })
    await create(ONE, 'n1')
    const profile = (await get('profiles')).find((profile) => profile.metadata.name === 'net1')
    assert.deepEqual(profile?.spec, { egress: [{ action: 'Deny' }] })
  })

  it('has the address of the hardware that the user chose', async () => {
    assert.deepEqual(await create(ONE, 'n1', { MacAddress: '02:42:ac:11:00:02' }), { Interface: {} })
    const [endpoint] = await get('workloadendpoints', '--all-namespaces')
    assert.equal(endpoint?.spec['mac'], '02:42:ac:11:00:02')
  })

  it('of a network with letters that no profile has gets a profile with another name, and the label all the same', async () => {
    await create(ONE, 'odd')
    const [name] = (await profileNames()).filter((name) => name !== 'projectcalico-default-allow')
    assert.match(name ?? '', /^net-1-[0-9a-f]{8}$/)
  })

  for (const [what, id, network, more, message] of [
    ['a network that Docker does not know', ONE, 'n9', {}, /Docker knows no network n9/],
    ['a network whose name cannot be a label', ONE, 'bad', {}, /the network "net-" cannot have a profile/],
    ['an id that is none', '../../x', 'n1', {}, /no endpoint can have the id|is not the id/],
    ['no address', ONE, 'n1', { Address: '' }, /has no address/],
    ['what is no address', ONE, 'n1', { Address: '10.0.0.1; ls' }, /is not an address/],
  ] as const) {
    it(`is refused for ${what}, and nothing is written`, async () => {
      await assert.rejects(create(id, network, more), message)
      assert.deepEqual(await get('workloadendpoints', '--all-namespaces'), [])
      assert.deepEqual(await profileNames(), ['projectcalico-default-allow'])
    })
  }

  it('goes with its interface; a second time is fine', async () => {
    await create(ONE, 'n1')
    await join(ONE, 'n1')
    for (let time = 0; time < 2; time++) assert.deepEqual(await world.ask('NetworkDriver.DeleteEndpoint', { EndpointID: ONE }), {})
    assert.deepEqual(await get('workloadendpoints', '--all-namespaces'), [])
    assert.equal(world.links.size, 0)
  })

  it('and its profile come from two hosts at once without harm', async () => {
    await Promise.all([create(ONE, 'n1'), create(TWO, 'n1', { Address: '192.168.0.1/32' })])
    assert.equal((await get('workloadendpoints', '--all-namespaces')).length, 2)
  })
})

describe('a container that joins', () => {
  it('gets a routed interface, and its name and labels on the endpoint', async () => {
    await create(ONE, 'n1')
    assert.deepEqual(await join(ONE, 'n1'), {
      InterfaceName: { SrcName: 'temp44eb2567d76', DstPrefix: 'cali' },
      Gateway: '169.254.1.1',
      StaticRoutes: [{ Destination: '169.254.1.1/32', RouteType: 1, NextHop: '' }],
    })
    assert.deepEqual([...world.links], [['cali44eb2567d76', ['192.168.0.0']]])
    const [endpoint] = await get('workloadendpoints', '--all-namespaces')
    assert.equal(endpoint?.metadata.labels?.['role'], 'db')
    assert.equal(endpoint?.metadata.labels?.['other'], undefined)
    assert.equal(endpoint?.metadata.annotations?.['docker.projectcalico.org/container'], 'web')
    assert.equal(endpoint?.spec['containerID'], 'container-of-web')
    assert.match(world.warnings.join(), /org\.projectcalico\.label\.bad key/)
  })

  it('with IPv6 gets a gateway for that too', async () => {
    await create(ONE, 'n1', { AddressIPv6: 'fd00::1/128' })
    const { GatewayIPv6, Gateway } = (await join(ONE, 'n1')) as Record<string, string>
    assert.deepEqual([Gateway, GatewayIPv6], ['169.254.1.1', 'fe80::1'])
    assert.deepEqual([...world.links.values()], [['192.168.0.0', 'fd00::1']])
  })

  it('has another gateway in each of its networks', async () => {
    await create(ONE, 'n1')
    await create(TWO, 'n2', { Address: '192.168.0.1/32' })
    await join(ONE, 'n1')
    assert.deepEqual(await join(TWO, 'n2'), {
      InterfaceName: { SrcName: 'temp55fc3678e87', DstPrefix: 'cali' },
      Gateway: '169.254.1.2',
      StaticRoutes: [{ Destination: '169.254.1.2/32', RouteType: 1, NextHop: '' }],
    })
  })

  it('has the first again when it has left the network with it', async () => {
    await create(ONE, 'n1')
    await create(TWO, 'n2', { Address: '192.168.0.1/32' })
    await join(ONE, 'n1')
    await world.ask('NetworkDriver.Leave', { EndpointID: ONE })
    assert.equal(((await join(TWO, 'n2')) as { Gateway?: string }).Gateway, '169.254.1.1')
  })

  it('keeps the gateways that the kernel knows of, when the driver has started anew', async () => {
    await create(ONE, 'n1')
    world.settings.gateways = ['169.254.1.1', '169.254.1.2']
    assert.equal(((await join(ONE, 'n1')) as { Gateway?: string }).Gateway, '169.254.1.3')
  })

  it('leaves no interface when the data plane does not take it', async () => {
    await create(ONE, 'n1')
    world.settings.programmed = () => Promise.reject(new Error('nft failed'))
    await assert.rejects(join(ONE, 'n1'), /nft failed/)
    assert.equal(world.links.size, 0)
  })

  it('is told when its interface cannot be made, and goes without a trace', async () => {
    world.settings.interfaceFails = true
    await create(ONE, 'n1')
    await assert.rejects(join(ONE, 'n1'), /the kernel has no interfaces left/)
    // Docker takes the endpoint back then.
    await world.ask('NetworkDriver.DeleteEndpoint', { EndpointID: ONE })
    assert.deepEqual(await get('workloadendpoints', '--all-namespaces'), [])
  })

  it('waits for the rules that its labels ask for, and not for those alone that were there before', async () => {
    const labelled: boolean[] = []
    world.settings.programmed = async (name, revision) => {
      assert.equal(name, 'cali44eb2567d76')
      // What the datastore had at that revision.
      const { keyValues } = await world.store.range(prefixRange('/calico/resources/'), { revision })
      labelled.push(keyValues.some(({ value }) => value.includes('"role":"db"')))
    }
    for (const containerLabels of [true, false]) {
      world.settings.containerLabels = containerLabels
      await create(ONE, 'n1')
      await join(ONE, 'n1')
      await world.ask('NetworkDriver.Leave', { EndpointID: ONE })
      await world.ask('NetworkDriver.DeleteEndpoint', { EndpointID: ONE })
    }
    assert.deepEqual(labelled, [true, false])
  })

  it('does not start without the labels that policy is to go by, when they cannot be written', async () => {
    for (const containerLabels of [false, true]) {
      world.settings.containerLabels = containerLabels
      await create(ONE, 'n1')
      await world.store.txn({
        compare: [],
        then: [{ type: 'delete', range: prefixRange('/calico/resources/v3/projectcalico.org/workloadendpoints/') }],
      })
      if (containerLabels) await assert.rejects(join(ONE, 'n1'), UserError)
      else await join(ONE, 'n1')
      assert.equal(world.links.size, containerLabels ? 0 : 1)
    }
  })

  it('is let in while Docker starts and answers nobody, and its name and labels come later', async () => {
    await create(ONE, 'n1')
    world.settings.dockerIsAway = true
    world.settings.pause = async () => void (world.settings.dockerIsAway = false)
    // The name of the network is known from before.
    await create(TWO, 'n1', { Address: '192.168.0.1/32' })
    assert.equal(((await join(ONE, 'n1')) as { Gateway?: string }).Gateway, '169.254.1.1')
    const seen = new AbortController()
    for await (const { events } of world.store.watch(prefixRange('/calico/resources/'), 1, seen.signal)) {
      if (events.some(({ keyValue }) => keyValue?.value.includes('"role":"db"'))) break
    }
    seen.abort()
    const labelled = (await get('workloadendpoints', '--all-namespaces')).filter(({ metadata }) => metadata.labels?.['role'] === 'db')
    assert.deepEqual(
      labelled.map(({ spec }) => spec['endpoint']),
      [ONE],
    )
  })

  it('cannot without an endpoint', async () => {
    await assert.rejects(join(ONE, 'n1'), /does not exist/)
    assert.equal(world.links.size, 0)
  })

  it('is told that ports are not published', async () => {
    const portmap = [{ Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 8080, HostPortEnd: 8080 }]
    const body = { NetworkID: 'n1', EndpointID: ONE, Options: { 'com.docker.network.portmap': portmap } }
    assert.deepEqual(await world.ask('NetworkDriver.ProgramExternalConnectivity', body), {})
    assert.match(world.warnings.join(), /not published \(-p\)/)
  })
})

describe('an address that Docker gives back without a word of its endpoint', () => {
  it('takes the endpoint along', async () => {
    await create(ONE, 'n1')
    await join(ONE, 'n1')
    const own = endpoints({
      datastore: world.store,
      clock,
      node: 'host-1',
      interfaces: {
        create: () => assert.fail(),
        remove: async (id) => void world.links.delete(hostInterface(id)),
        list: () => assert.fail(),
        removeNamed: () => assert.fail(),
        gateways: () => assert.fail(),
      },
    })
    await own.removeByAddress(parseIp('192.168.0.9') ?? assert.fail())
    assert.equal(world.links.size, 1)
    await own.removeByAddress(parseIp('192.168.0.0') ?? assert.fail())
    assert.equal(world.links.size, 0)
    assert.deepEqual(await get('workloadendpoints', '--all-namespaces'), [])
  })
})
