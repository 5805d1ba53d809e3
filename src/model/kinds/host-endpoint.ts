import { ipAddress } from '../address.ts'
import { join, nameColumn } from '../column.ts'
import { checkPorts, hostPorts } from '../endpoint-port.ts'
import { interfaceName } from '../interface-name.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { objectName } from '../object-name.ts'
import { list, struct, text, type ValueOf } from '../schema.ts'

export const hostEndpoint = defineKind({ kind: 'HostEndpoint', plural: 'hostendpoints', aliases: ['hep', 'heps'], scope: 'cluster' }, () => ({
  description: "An interface of a host, or all of them, so that policies hold for the host's own traffic.",
  spec: specSchema,
  columns: [
    nameColumn(),
    { heading: 'NODE', value: (resource: Endpoint) => resource.spec?.node ?? '' },
    { heading: 'INTERFACE', views: ['wide'], value: (resource: Endpoint) => resource.spec?.interfaceName ?? '' },
    { heading: 'IPS', views: ['wide'], value: (resource: Endpoint) => join(resource.spec?.expectedIPs) },
    { heading: 'PROFILES', views: ['wide'], value: (resource: Endpoint) => join(resource.spec?.profiles) },
  ],
  rules,
  example: `apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata:
  name: host1-eth0
  labels:
    role: webserver
spec:
  node: host1
  interfaceName: eth0
  expectedIPs:
  - 192.168.0.1
  profiles:
  - web
  ports:
  - name: http
    protocol: TCP
    port: 80
`,
}))

// --- internal ---

const specSchema = struct('What the endpoint is.', {
  node: text('The host.', { check: objectName, maxLength: 253 }),
  interfaceName: text('The interface; * for all of the host.', { check: interfaceName }),
  expectedIPs: list('Addresses of the interface; without interfaceName they tell which it is.', text('An address.', { check: ipAddress })),
  profiles: list('Profiles that hold after all policies.', text('A profile.', { check: objectName })),
  ports: hostPorts(),
})

interface Endpoint {
  readonly spec?: ValueOf<typeof specSchema>
}

function rules({ spec = {} }: Resource<ValueOf<typeof specSchema>>, report: Report): void {
  if (!spec.node)
    report({ code: 'missing-field', path: ['spec', 'node'], message: 'node must be given', help: 'name the host that has the interface' })
  if (!spec.interfaceName && !spec.expectedIPs?.length) {
    report({
      code: 'missing-field',
      path: ['spec', 'interfaceName'],
      message: 'interfaceName or expectedIPs must be given',
      help: 'interfaceName: "*" stands for all interfaces of the host',
    })
  }
  checkPorts(spec.ports, report)
}
