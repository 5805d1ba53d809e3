/** A directory of manifests as a team has it: a file for each application, with its policy, its endpoints and, in the first ones, the profile of a network. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes `files` files with `endpoints` endpoints each: `web-0`, `web-1`, ... may be reached on TCP 80 by the next application's. */
export function writeManifests(folder, files, endpoints) {
  mkdirSync(folder, { recursive: true })
  for (let file = 0; file < files; file++) {
    const documents = [policy(file, files)]
    for (let i = 0; i < endpoints; i++) documents.push(endpoint(file, file * endpoints + i))
    if (file < NETWORKS) documents.push(profile(file))
    writeFileSync(join(folder, `app-${String(file).padStart(4, '0')}.yaml`), documents.join('---\n'))
  }
}

// --- internal ---

const NETWORKS = 10

function policy(file, files) {
  return `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: app-${file}
spec:
  order: ${100 + file}
  selector: app == 'app-${file}'
  types:
  - Ingress
  - Egress
  ingress:
  - action: Allow
    protocol: TCP
    source:
      selector: app == 'app-${(file + 1) % files}' || role == 'monitor'
    destination:
      ports:
      - 80
      - 443
  - action: Allow
    protocol: ICMP
  egress:
  - action: Allow
`
}

function endpoint(file, number) {
  return `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata:
  name: host--${number % 20}-docker-web--${number}-eth0
  namespace: team-${file % 10}
  labels:
    app: app-${file}
    role: ${number % 10 === 0 ? 'monitor' : 'web'}
spec:
  node: host-${number % 20}
  orchestrator: docker
  workload: web-${number}
  endpoint: eth0
  interfaceName: cali${number}
  ipNetworks:
  - 10.${number >> 8}.${number & 255}.7/32
  profiles:
  - net-${file % NETWORKS}
`
}

function profile(number) {
  return `apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: net-${number}
spec:
  ingress:
  - action: Allow
    source:
      selector: has(net-${number})
  egress:
  - action: Allow
  labelsToApply:
    net-${number}: ""
`
}
