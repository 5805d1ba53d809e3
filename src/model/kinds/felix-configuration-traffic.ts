import { ipv4Address, ipv4AddressOrNetwork, ipv6Address } from '../address.ts'
import { interfaceFilter } from '../interface-name.ts'
import { port } from '../port.ts'
import { integer, list, struct, text } from '../schema.ts'
import { choice, looseChoice, number, period, setting, toggle } from './felix-configuration-words.ts'

/** Fail-safe ports, address translation, routes and aids for debugging: the third part of FelixConfiguration's fields, in Go's order. */
export const trafficFields = () => ({
  failsafeInboundHostPorts: failsafePorts(
    'Ports of the host that policy cannot close to the outside (default TCP 22, 179, 2379, 2380, 5473, 6443, 6666, 6667 and UDP 68).',
  ),
  failsafeOutboundHostPorts: failsafePorts(
    'Ports that policy cannot keep the host from reaching (default TCP 179, 2379, 2380, 5473, 6443, 6666, 6667 and UDP 53, 67).',
  ),
  kubeNodePortRanges: list(
    'Ports that Kubernetes uses for node ports: numbers and ranges, 7 at most (default 30000:32767).',
    port('A port or range.', { named: false }),
    {
      omit: 'absent',
      max: 7,
    },
  ),
  policySyncPathPrefix: text('Directory in which policy is offered to workloads over sockets (default none).'),
  usageReportingEnabled: toggle('Whether anonymous figures about the cluster are sent to projectcalico.org (default true).'),
  usageReportingInitialDelay: period('How long after its start Felix first sends them (default 300s).'),
  usageReportingInterval: period('How often Felix sends them (default 86400s).'),
  natPortRange: port('Source ports that outgoing address translation uses (default: chosen by the kernel).', { omit: 'absent' }),
  natOutgoingAddress: text('IPv4 address that traffic leaving the pools gets (default: that of the outgoing interface).', {
    check: plainIpv4Address,
  }),
  natOutgoingExclusions: choice('To which destinations the address is left as it is (default IPPoolsOnly).', ['IPPoolsOnly', 'IPPoolsAndHostIPs']),
  deviceRouteSourceAddress: text('IPv4 source address in routes to workloads (default: chosen by the kernel).', { check: plainIpv4Address }),
  deviceRouteSourceAddressIPv6: text('IPv6 source address in routes to workloads (default: chosen by the kernel).', { check: ipv6Address }),
  deviceRouteProtocol: number('Protocol number that marks routes as those of Felix (default 3).'),
  removeExternalRoutes: toggle('Whether routes to workload interfaces that Felix did not make are removed (default true).'),
  programClusterRoutes: choice('Which routes to other hosts Felix makes, rather than BIRD (default EnabledIPIPOnly).', [
    'Enabled',
    'Disabled',
    'EnabledIPIPOnly',
    'EnabledNoEncapOnly',
  ]),
  ipForwarding: looseChoice('Whether Felix turns on IP forwarding on the host (default Enabled).', ['Enabled', 'Disabled']),
  externalNodesList: list(
    'IPv4 addresses and networks outside of the cluster whose tunnel packets are accepted.',
    text('An address or network.', { check: ipv4AddressOrNetwork }),
    {
      omit: 'absent',
    },
  ),
  debugMemoryProfilePath: text('File to which a memory profile is written on signal USR1 (default none).'),
  debugDisableLogDropping: toggle('Whether all logs are kept even if that slows Felix down (default false).'),
  debugSimulateCalcGraphHangAfter: period('For tests: when the calculation graph stops (default never).'),
  debugSimulateDataplaneHangAfter: period('For tests: when the data plane stops (default never).'),
  debugSimulateDataplaneApplyDelay: period('For tests: how long each change of the data plane is held up (default 0s).'),
  debugHost: setting('Address on which profiles of the running Felix are served (default localhost).'),
  debugPort: number('Port on which profiles of the running Felix are served (default none).', { min: 0, max: 65_535 }),
  iptablesNATOutgoingInterfaceFilter: text(
    'Outgoing interfaces to which outgoing address translation is limited; a final "+" stands for any text (default all).',
    {
      check: interfaceFilter,
    },
  ),
  sidecarAccelerationEnabled: toggle('Whether connections of sidecars are shortened (default false).'),
  xdpEnabled: toggle('Whether untracked deny rules are enforced by XDP where possible (default true).'),
  genericXDPEnabled: toggle('Whether XDP is used on interfaces whose driver does not support it (default false).'),
})

// --- internal ---

/** Protocols and networks are not checked, as in Calico (`reference/model.md 0.9`). */
function failsafePorts(description: string) {
  const entry = struct('A port that stays open.', {
    protocol: text('TCP, UDP or SCTP (default TCP).'),
    port: integer('Number of the port.', { range: [0, 65_535], omit: 'never' }),
    net: text('Network to which the port stays open (default all).'),
  })
  return list(description, entry, { omit: 'absent' })
}

/** Not one in IPv6 clothes (`::ffff:10.0.0.1`). */
function plainIpv4Address(value: string): string | undefined {
  return value.includes(':') ? 'is not an IPv4 address\nwrite it as in 192.0.2.1' : ipv4Address(value)
}
