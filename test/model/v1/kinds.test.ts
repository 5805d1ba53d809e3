import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { v3ToV1 } from '../../../src/model/v1/from-v3.ts'
import { v1Kinds } from '../../../src/model/v1/registry.ts'
import { at, converted, parse, stored } from './manifest.ts'

/** Pairs that become each other, with the fields in the order in which calicoctl v1.6 printed them. */
const PAIRS: readonly { readonly what: string; readonly v1: string; readonly v3: string }[] = [
  {
    what: 'the profile that the Docker plugin of Calico 2.6 makes for a network',
    v1: `
kind: profile
apiVersion: v1
metadata:
  name: net1
  tags: [net1]
spec:
  ingress:
  - {action: allow, source: {tag: net1}, destination: {}}
  egress:
  - {action: allow, source: {}, destination: {}}
`,
    v3: `
kind: Profile
apiVersion: projectcalico.org/v3
metadata: {name: net1}
spec:
  ingress:
  - {action: Allow, source: {selector: "net1 == ''"}}
  egress:
  - {action: Allow}
  labelsToApply: {net1: ""}
`,
  },
  {
    what: 'a profile of a Kubernetes namespace, with labels',
    v1: `
kind: profile
apiVersion: v1
metadata:
  name: k8s_ns.prod
  tags: [db-1, k8s_ns.prod]
  labels: {env: prod}
spec:
  egress:
  - {action: pass, source: {}, destination: {notTag: db-1, notSelector: x == 'y'}}
`,
    v3: `
kind: Profile
apiVersion: projectcalico.org/v3
metadata: {name: kns.prod}
spec:
  egress:
  - {action: Pass, destination: {notSelector: "(x == 'y') && db-1 == ''"}}
  labelsToApply: {db-1: "", env: prod, k8s_ns.prod: ""}
`,
  },
  {
    what: 'a policy with every field of its rules',
    v1: `
kind: policy
apiVersion: v1
metadata:
  name: allow-db
  annotations: {owner: net}
spec:
  order: 100.5
  ingress:
  - action: allow
    ipVersion: 4
    protocol: tcp
    notProtocol: udplite
    source:
      tag: web
      nets: [10.0.0.0/8]
      selector: calico/k8s_ns == 'prod' || b == 'c'
      ports: [80, '90:100']
      notNets: [10.9.0.0/16]
      notPorts: [81]
    destination: {ports: [http], notTag: bad}
  - {action: log, protocol: icmp, icmp: {type: 8, code: 0}, notICMP: {type: 0}, source: {}, destination: {}}
  egress:
  - {action: deny, protocol: 47, source: {}, destination: {}}
  selector: role == 'db'
  types: [ingress, egress]
`,
    v3: `
kind: GlobalNetworkPolicy
apiVersion: projectcalico.org/v3
metadata:
  name: allow-db
  labels: {projectcalico.org/tier: default}
  annotations: {owner: net}
spec:
  tier: default
  order: 100.5
  ingress:
  - action: Allow
    ipVersion: 4
    protocol: TCP
    notProtocol: UDPLite
    source:
      nets: [10.0.0.0/8]
      selector: (projectcalico.org/namespace == 'prod' || b == 'c') && web == ''
      ports: [80, '90:100']
      notNets: [10.9.0.0/16]
      notPorts: [81]
    destination: {ports: [http], notSelector: "bad == ''"}
  - {action: Log, protocol: ICMP, icmp: {type: 8, code: 0}, notICMP: {type: 0}}
  egress:
  - {action: Deny, protocol: 47}
  selector: role == 'db'
  types: [Ingress, Egress]
`,
  },
  {
    what: 'a policy for a host that holds before addresses are translated',
    v1: `
kind: policy
apiVersion: v1
metadata: {name: raw}
spec:
  order: 0
  selector: ""
  preDNAT: true
  types: [ingress]
`,
    v3: `
kind: GlobalNetworkPolicy
apiVersion: projectcalico.org/v3
metadata:
  name: raw
  labels: {projectcalico.org/tier: default}
spec: {tier: default, order: 0, types: [Ingress], preDNAT: true, applyOnForward: true}
`,
  },
  {
    what: 'a policy in a tier, as the last releases that read v1 have them',
    v1: `
kind: policy
apiVersion: v1
metadata: {name: web, tier: security}
spec:
  selector: all()
  types: [ingress]
`,
    v3: `
kind: GlobalNetworkPolicy
apiVersion: projectcalico.org/v3
metadata:
  name: security.web
  labels: {projectcalico.org/tier: security}
spec: {tier: security, selector: all(), types: [Ingress]}
`,
  },
  {
    what: 'a pool',
    v1: `
kind: ipPool
apiVersion: v1
metadata: {cidr: 192.168.0.0/16}
spec:
  ipip: {enabled: true, mode: cross-subnet}
  nat-outgoing: true
  disabled: true
`,
    v3: `
kind: IPPool
apiVersion: projectcalico.org/v3
metadata: {name: 192-168-0-0-16}
spec:
  cidr: 192.168.0.0/16
  vxlanMode: Never
  ipipMode: CrossSubnet
  natOutgoing: true
  disabled: true
  blockSize: 26
  nodeSelector: all()
  allowedUses: [Workload, Tunnel]
  assignmentMode: Automatic
`,
  },
  {
    what: 'an IPv6 pool with nothing said about it',
    v1: `
kind: ipPool
apiVersion: v1
metadata: {cidr: 'fd00:5::/64'}
spec: {}
`,
    v3: `
kind: IPPool
apiVersion: projectcalico.org/v3
metadata: {name: fd00-5---64}
spec:
  cidr: fd00:5::/64
  vxlanMode: Never
  ipipMode: Never
  blockSize: 122
  nodeSelector: all()
  allowedUses: [Workload, Tunnel]
  assignmentMode: Automatic
`,
  },
  {
    what: 'a node',
    v1: `
kind: node
apiVersion: v1
metadata: {name: host1}
spec:
  bgp: {asNumber: 4200000000, ipv4Address: 10.0.0.1/24, ipv6Address: 'fd00::1/64'}
  orchRefs:
  - {nodeName: k8s-host1, orchestrator: k8s}
  - {orchestrator: mesos}
`,
    v3: `
kind: Node
apiVersion: projectcalico.org/v3
metadata: {name: host1}
spec:
  bgp: {asNumber: 4200000000, ipv4Address: 10.0.0.1/24, ipv6Address: 'fd00::1/64'}
  orchRefs:
  - {nodeName: k8s-host1, orchestrator: k8s}
  - {orchestrator: mesos}
status: {}
`,
  },
  {
    what: 'a peer of all nodes',
    v1: `
kind: bgpPeer
apiVersion: v1
metadata: {scope: global, peerIP: 192.0.2.1}
spec: {asNumber: 64512}
`,
    v3: `
kind: BGPPeer
apiVersion: projectcalico.org/v3
metadata: {name: 192-0-2-1}
spec: {peerIP: 192.0.2.1, asNumber: 64512}
`,
  },
  {
    what: 'a peer of one node',
    v1: `
kind: bgpPeer
apiVersion: v1
metadata: {scope: node, node: host1, peerIP: 'fd00::1'}
spec: {asNumber: 65546}
`,
    v3: `
kind: BGPPeer
apiVersion: projectcalico.org/v3
metadata: {name: host1.fd00-0000-0000-0000-0000-0000-0000-0001}
spec: {node: host1, peerIP: 'fd00::1', asNumber: 65546}
`,
  },
  {
    what: 'a host endpoint',
    v1: `
kind: hostEndpoint
apiVersion: v1
metadata:
  name: eth0
  node: host1
  labels: {calico/k8s_ns: stays, role: web}
spec:
  interfaceName: eth0
  expectedIPs: [10.0.0.5, 'fd00::5']
  profiles: [prod, k8s_ns.kube-system]
  ports:
  - {name: http, protocol: tcp, port: 80}
`,
    v3: `
kind: HostEndpoint
apiVersion: projectcalico.org/v3
metadata:
  name: host1.eth0
  labels: {calico/k8s_ns: stays, role: web}
spec:
  node: host1
  interfaceName: eth0
  expectedIPs: [10.0.0.5, 'fd00::5']
  profiles: [prod, kns.kube-system]
  ports:
  - {name: http, protocol: TCP, port: 80}
`,
  },
  {
    what: 'an endpoint of a Docker container',
    v1: `
kind: workloadEndpoint
apiVersion: v1
metadata:
  name: d2d0a4
  workload: libnetwork
  orchestrator: libnetwork
  node: docker-1
  labels: {app: web}
spec:
  ipNetworks: [192.168.0.55/32, 'fd00::55/128']
  ipNATs:
  - {internalIP: 192.168.0.55, externalIP: 10.0.0.55}
  ipv4Gateway: 169.254.1.1
  ipv6Gateway: fe80::1
  profiles: [net1]
  interfaceName: cali0ef24ba
  mac: ca:fe:1d:52:bb:e9
  allow_spoofed_source_prefixes: [10.0.0.0/8]
`,
    v3: `
kind: WorkloadEndpoint
apiVersion: projectcalico.org/v3
metadata:
  name: docker--1-libnetwork-libnetwork-d2d0a4
  namespace: default
  labels: {app: web}
spec:
  orchestrator: libnetwork
  workload: libnetwork
  node: docker-1
  endpoint: d2d0a4
  ipNetworks: [192.168.0.55/32, 'fd00::55/128']
  ipNATs:
  - {internalIP: 192.168.0.55, externalIP: 10.0.0.55}
  ipv4Gateway: 169.254.1.1
  ipv6Gateway: fe80::1
  profiles: [net1]
  interfaceName: cali0ef24ba
  mac: ca:fe:1d:52:bb:e9
  allowSpoofedSourcePrefixes: [10.0.0.0/8]
`,
  },
  {
    what: 'an endpoint of a pod',
    v1: `
kind: workloadEndpoint
apiVersion: v1
metadata:
  name: eth0
  workload: web.front-1
  orchestrator: k8s
  node: node1
  activeInstanceID: 0123abcd
  labels: {calico/k8s_ns: web}
spec:
  interfaceName: cali0ef24ba
  ports:
  - {name: http, protocol: tcp, port: 8080}
`,
    v3: `
kind: WorkloadEndpoint
apiVersion: projectcalico.org/v3
metadata:
  name: node1-k8s-front--1-eth0
  namespace: web
  labels: {projectcalico.org/namespace: web}
spec:
  orchestrator: k8s
  node: node1
  containerID: 0123abcd
  pod: front-1
  endpoint: eth0
  interfaceName: cali0ef24ba
  ports:
  - {name: http, protocol: TCP, port: 8080, hostPort: 0, hostIP: ""}
`,
  },
  {
    what: 'an endpoint of a container of CNI',
    v1: `
kind: workloadEndpoint
apiVersion: v1
metadata: {name: eth0, workload: c1, orchestrator: cni, node: n1}
spec: {interfaceName: cali1}
`,
    v3: `
kind: WorkloadEndpoint
apiVersion: projectcalico.org/v3
metadata: {name: n1-cni-c1-eth0, namespace: default}
spec: {orchestrator: cni, node: n1, containerID: c1, endpoint: eth0, interfaceName: cali1}
`,
  },
]

describe('v1 kinds and v3 kinds', () => {
  for (const { what, v1, v3 } of PAIRS) {
    it(`${what}, to v3`, () => {
      assert.deepEqual(converted(parse(v1)), { resource: parse(v3), faults: [] })
    })
    it(`${what}, to v1`, () => {
      const { resource, notes } = v3ToV1(stored(v3))
      assert.deepEqual(
        notes.filter((note) => note.code !== 'not-in-calico-2.6'),
        [],
      )
      assert.equal(JSON.stringify(resource, null, 1), JSON.stringify(parse(v1), null, 1))
    })
  }

  it('every kind occurs here', () => {
    const tried = new Set(PAIRS.map(({ v1 }) => parse(v1)['kind']))
    for (const { kind } of v1Kinds) assert.ok(tried.has(kind), kind)
  })

  for (const { kind, body } of v1Kinds) {
    it(`the example of ${kind} is accepted`, () => assert.deepEqual(converted(parse(body.example)).faults, []))
  }
})

describe('what v1 takes in more than one form', () => {
  const cases: readonly [what: string, v1: string, field: string, value: unknown][] = [
    ['net becomes nets, masked', 'net: 10.0.0.1/8', 'nets', ['10.0.0.0/8']],
    ['an address alone is a network', 'nets: [10.0.0.9, "10.0.1.2/24"]', 'nets', ['10.0.0.9/32', '10.0.1.0/24']],
    ['IPv6 is spelled as in Go', 'notNet: "FD00:0::1/64"', 'notNets', ['fd00::/64']],
    ['a tag beside a selector', "tag: 1web, selector: \"a == 'b' || c == 'd'\"", 'selector', "(a == 'b' || c == 'd') && 1web == ''"],
    ['the label of namespaces is renamed in quoted text, too', 'selector: a == "calico/k8s_ns"', 'selector', 'a == "projectcalico.org/namespace"'],
  ]
  for (const [what, source, field, value] of cases) {
    it(what, () => {
      const { resource, faults } = converted(
        parse(`{kind: profile, apiVersion: v1, metadata: {name: p}, spec: {ingress: [{action: allow, source: {${source}}}]}}`),
      )
      assert.deepEqual(faults, [])
      assert.deepEqual(at(resource, `spec.ingress.0.source.${field}`), value)
    })
  }

  it('addresses in any order and spelling: IPv4 comes first', () => {
    const metadata = '{name: e, node: n, orchestrator: cni, workload: c}'
    const spec = '{interfaceName: c, mac: CAFE.1D52.BBE9, ipNetworks: ["FD00::1", 10.0.0.2, 10.0.0.1/32]}'
    const { resource, faults } = converted(parse(`{kind: workloadEndpoint, apiVersion: v1, metadata: ${metadata}, spec: ${spec}}`))
    assert.deepEqual(faults, [])
    assert.deepEqual(at(resource, 'spec.ipNetworks'), ['10.0.0.2/32', '10.0.0.1/32', 'fd00::1/128'])
    assert.equal(at(resource, 'spec.mac'), 'ca:fe:1d:52:bb:e9')
  })

  it('field names in any letter case', () => {
    const { resource, faults } = converted(parse('{KIND: node, ApiVersion: v1, Metadata: {Name: n}, spec: {BGP: {IPv4Address: 10.0.0.2}}}'))
    assert.deepEqual(faults, [])
    assert.deepEqual(resource?.spec, { bgp: { ipv4Address: '10.0.0.2/32' } })
  })
})
