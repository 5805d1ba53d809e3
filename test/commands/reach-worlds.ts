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
