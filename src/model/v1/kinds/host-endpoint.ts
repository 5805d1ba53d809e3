import { API_VERSION } from '../../kind.ts'
import { interfaceName } from '../../interface-name.ts'
import { list, struct, text } from '../../schema.ts'
import { address, ipv4First } from '../address.ts'
import { endpointPorts, portsToV1, portsToV3, type V3Port } from '../endpoint-port.ts'
import { checkLabels, labels, pathName, plainName, profileNames } from '../field.ts'
import { defineV1Kind, movePath, present } from '../kind.ts'
import { convertName, convertNodeName, convertProfileName, revertProfileName } from '../names.ts'

interface V3Spec {
  readonly node?: string
  readonly interfaceName?: string
  readonly expectedIPs?: readonly string[]
  readonly profiles?: readonly string[]
  readonly ports?: readonly V3Port[]
}

/** `reference/model.md 1.3`. */
export const hostEndpoint = defineV1Kind({ kind: 'hostEndpoint', v3: 'HostEndpoint' }, () => ({
  description: "An interface of a host, so that policies hold for the host's own traffic.",
  metadata: struct('What tells the endpoint apart, and its labels.', {
    name: text('Name, unique on its node.', { check: pathName }),
    node: text('The host.', { check: plainName }),
    labels: labels('Labels, matched by selectors.'),
  }),
  spec: struct('What the endpoint is.', {
    interfaceName: text('The interface; * for all of the host.', { check: interfaceName }),
    expectedIPs: list('Addresses of the interface; without interfaceName they tell which it is.', address('An address.')),
    profiles: profileNames(),
    ports: endpointPorts(),
  }),
  rules: ({ metadata, spec }, report) => {
    checkLabels(metadata.labels, ['metadata', 'labels'], report)
    if (spec.interfaceName || spec.expectedIPs?.length) return
    const help = 'interfaceName: "*" stands for all interfaces of the host'
    report({ code: 'missing-field', path: ['spec', 'interfaceName'], message: 'interfaceName or expectedIPs must be given', help })
  },
  toV3: ({ metadata, spec }) => {
    const node = convertNodeName(metadata.node ?? '')
    return {
      kind: 'HostEndpoint',
      apiVersion: API_VERSION,
      metadata: present({ name: convertName(`${node}.${metadata.name ?? ''}`), labels: metadata.labels }),
      spec: present({
        node,
        interfaceName: spec.interfaceName,
        expectedIPs: ipv4First(spec.expectedIPs ?? [], (address) => address),
        profiles: spec.profiles?.map(convertProfileName),
        ports: portsToV3(spec.ports),
      }),
    }
  },
  fromV3: ({ metadata, spec: rawSpec }) => {
    const spec = rawSpec as V3Spec
    const name = metadata.name ?? ''
    const prefix = `${spec.node ?? ''}.`
    return {
      metadata: present({ name: name.startsWith(prefix) ? name.slice(prefix.length) : name, node: spec.node, labels: metadata.labels }),
      spec: present({
        interfaceName: spec.interfaceName,
        expectedIPs: [...(spec.expectedIPs ?? [])],
        profiles: spec.profiles?.map(revertProfileName),
        ports: portsToV1(spec.ports),
      }),
    }
  },
  v1Path: (path) =>
    movePath(path, [
      [
        ['spec', 'node'],
        ['metadata', 'node'],
      ],
    ]),
  harmless: ['metadata.annotations'],
  example: `apiVersion: v1
kind: hostEndpoint
metadata:
  name: eth0
  node: host1
  labels:
    role: webserver
spec:
  interfaceName: eth0
  expectedIPs:
  - 192.168.0.1
  profiles:
  - web
`,
}))
