/** Worlds for tests of `reach`, as manifests. */

/** The five containers of the tutorial and their three networks. */
export const TUTORIAL: readonly string[] = ['examples/tutorial', 'examples/workloads/tutorial.yaml']

/** Names that some format could take for more than a name, and how they are shown. */
export const HOSTILE_NAMES = {
  given: [
    '</script><script>window.hacked=1</script>',
    '<img src=x onerror=window.hacked=1>',
    `quotes " and ' and \\ and \``,
    'pipes | and, commas; and #',
    'left\u202Eright\u0007bell',
    'שלום',
    '=1+1',
    ']]> -->',
  ],
  shown: [
    '</script><script>window.hacked=1</script>',
    '<img src=x onerror=window.hacked=1>',
    `quotes " and ' and \\ and \``,
    'pipes | and, commas; and #',
    'left\\u{202e}right\\x07bell',
    'שלום',
    '=1+1',
    ']]> -->',
  ],
} as const

/** One endpoint for each hostile name, each with rules of its own, so that each is a group. */
export function hostileWorld(): string {
  return HOSTILE_NAMES.given.map((name, at) => `${profile(`net${at}`, at)}---\n${workload(name, at)}`).join('---\n')
}

/** Two workloads with addresses of both versions of IP, their host, and a network set: over IPv4 all may come in, over IPv6 only TCP to 443. */
export const DUAL_STACK = `apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: net1}
spec: {ingress: [{action: Allow, ipVersion: 4}, {action: Allow, protocol: TCP, destination: {ports: [443]}}], egress: [{action: Allow}]}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: default}
spec: {orchestrator: k8s, pod: a, endpoint: eth0, node: host, interfaceName: cali1, ipNetworks: [10.0.0.1/32, 'fd00::1/128'], profiles: [net1]}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: default}
spec: {orchestrator: k8s, pod: b, endpoint: eth0, node: host, interfaceName: cali2, ipNetworks: [10.0.0.2/32, 'fd00::2/128'], profiles: [net1]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: h1}
spec: {node: host, interfaceName: eth0, expectedIPs: [192.0.2.1], profiles: [net1]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: office, labels: {office: ''}}
spec: {nets: [198.51.100.0/24, 203.0.113.0/24]}
`

// --- internal ---

function profile(name: string, at: number): string {
  return `apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: ${name}
spec:
  egress:
  - action: Allow
  ingress:
  - action: Allow
    protocol: TCP
    destination:
      ports: [${8000 + at}]
`
}

function workload(title: string, at: number): string {
  return `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata:
  namespace: libnetwork
  annotations:
    docker.projectcalico.org/container: ${JSON.stringify(title)}
spec:
  orchestrator: libnetwork
  workload: libnetwork
  node: host
  endpoint: e${at}
  interfaceName: cali${at}
  ipNetworks: [192.168.0.${at + 1}/32]
  profiles: [net${at}]
`
}
