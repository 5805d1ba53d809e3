import { dscp } from '../dscp.ts'
import { duration } from '../duration.ts'
import { interfaceName } from '../interface-name.ts'
import { integer, list, struct, text } from '../schema.ts'
import { anyCaseChoice, choice, expression, looseChoice, number, period, setting, toggle } from './felix-configuration-words.ts'

/** Flow logs, route tables, WireGuard and limits of the process: the last part of FelixConfiguration's fields, in Go's order. */
export const routingFields = () => ({
  istioAmbientMode: choice("Whether traffic goes through Istio's node proxies where namespaces ask for it (default Disabled).", [
    'Enabled',
    'Disabled',
  ]),
  istioDSCPMark: dscp('Mark of packets that go to an Istio node proxy (default 23).'),
  cgroupV2Path: text('Where the cgroup v2 file system is mounted (default: found out).'),
  flowLogsPolicyEvaluationMode: choice('Whether flows are judged again when policy changes while they last (default Continuous).', [
    'None',
    'Continuous',
  ]),
  bpfRedirectToPeer: looseChoice("Whether eBPF hands packets straight to the other end of a workload's interface (default Enabled).", [
    'Enabled',
    'Disabled',
  ]),
  bpfAttachType: choice('How eBPF programs are attached to interfaces (default Netkit where possible).', ['TC', 'TCX', 'Netkit']),
  flowLogsFlushInterval: period('How often flows are reported (default 15s).'),
  flowLogsCollectorDebugTrace: toggle('Whether the collector of flows logs each packet and statistic (default false).'),
  flowLogsGoldmaneServer: setting('Address of the server that flows are reported to (default none).'),
  flowLogsLocalReporter: choice('Whether flows are offered on a socket of the host (default Disabled).', ['Disabled', 'Enabled']),
  bpfProfiling: looseChoice('Whether times of eBPF programs are measured (default Disabled).', ['Enabled', 'Disabled']),
  routeSource: anyCaseChoice('Where Felix learns which host has which addresses (default CalicoIPAM).', ['WorkloadIPs', 'CalicoIPAM']),
  routeTableRanges: list(
    'Kernel route tables that Felix may use, 65535 at most (default 1 to 250).',
    struct('Tables from min to max.', {
      min: integer('First table, from 1.', { omit: 'never' }),
      max: integer('Last table, up to 4294967295.', { omit: 'never' }),
    }),
    { omit: 'absent' },
  ),
  routeTableRange: struct('Out of use: one range for routeTableRanges, within 1 to 250.', {
    min: integer('First table.', { omit: 'never' }),
    max: integer('Last table.', { omit: 'never' }),
  }),
  routeSyncDisabled: toggle('Whether Felix leaves all routes of the host alone (default false).'),
  ipv4NormalRoutePriority: priority('Priority of IPv4 routes to workloads; lower goes first (default 1024).'),
  ipv4ElevatedRoutePriority: priority('Priority of IPv4 routes to workloads that are migrating here (default 512).'),
  ipv6NormalRoutePriority: priority('Priority of IPv6 routes to workloads; lower goes first (default 1024).'),
  ipv6ElevatedRoutePriority: priority('Priority of IPv6 routes to workloads that are migrating here (default 512).'),
  liveMigrationRouteConvergenceTime: duration('How long after a migration routes keep their elevated priority (default 30s).', { which: 'decimal' }),
  wireguardEnabled: toggle('Whether IPv4 traffic between hosts is encrypted by WireGuard (default false).'),
  wireguardEnabledV6: toggle('Whether IPv6 traffic between hosts is encrypted by WireGuard (default false).'),
  wireguardThreadingEnabled: toggle('Whether WireGuard spreads its work over CPUs (default false).'),
  wireguardListeningPort: number('UDP port of WireGuard over IPv4 (default 51820).', { min: 1, max: 65_535 }),
  wireguardListeningPortV6: number('UDP port of WireGuard over IPv6 (default 51821).', { min: 1, max: 65_535 }),
  wireguardRoutingRulePriority: number("Priority of WireGuard's routing rule (default 99).", { min: 1, max: 32_765 }),
  wireguardInterfaceName: text('Name of the IPv4 WireGuard interface (default wireguard.cali).', { check: interfaceName }),
  wireguardInterfaceNameV6: text('Name of the IPv6 WireGuard interface (default wg-v6.cali).', { check: interfaceName }),
  wireguardMTU: number('MTU of the IPv4 WireGuard interface in bytes (default 1440).'),
  wireguardMTUV6: number('MTU of the IPv6 WireGuard interface in bytes (default 1420).'),
  wireguardHostEncryptionEnabled: toggle("Whether the hosts' own traffic to each other is encrypted too (default false)."),
  wireguardKeepAlive: period('How often idle WireGuard peers are sent a packet (default 0s: never).'),
  awsSrcDstCheck: choice("What to do about AWS's check of source and destination on the host's interface (default DoNothing).", [
    'DoNothing',
    'Enable',
    'Disable',
  ]),
  serviceLoopPrevention: looseChoice('What happens to packets for service addresses that nobody answers (default Drop).', [
    'Drop',
    'Reject',
    'Disabled',
  ]),
  workloadSourceSpoofing: looseChoice('Whether workloads may be allowed to send from foreign addresses (default Disabled).', ['Disabled', 'Any']),
  mtuIfacePattern: expression("Interfaces whose MTU sets that of the workloads' (default: physical ones)."),
  floatingIPs: choice('Whether workloads may have addresses outside of their own that are translated to them (default Disabled).', [
    'Enabled',
    'Disabled',
  ]),
  localSubnetL2Reachability: choice('Whether the host answers ARP and NDP for addresses of its own subnet that it hosts (default Disabled).', [
    'Disabled',
    'PodsAndLoadBalancers',
  ]),
  localSubnetL2ReachabilityRefreshInterval: duration('How often such addresses are announced again (default 2m0s).'),
  windowsManageFirewallRules: choice("Whether Felix opens its ports in Windows' firewall (default Disabled).", ['Enabled', 'Disabled']),
  goGCThreshold: number('Growth of the memory in percent after which garbage is collected; -1 never (default 40).', { min: -1 }),
  goMemoryLimitMB: number('Memory in MB that Felix tries to stay below; -1 for no limit (default -1).', { min: -1 }),
  goMaxProcs: number('CPUs that Felix uses at a time; -1 for all (default -1).', { min: -1 }),
  requireMTUFile: toggle('Whether the host is not ready until the MTU is known (default false).'),
  bpfMaglevMaxEndpointsPerService: number('Most backends of a service that is balanced by Maglev (default 100).', { min: 1, max: 3000 }),
  bpfMaglevMaxServices: number('Most services that are balanced by Maglev (default 100).', { min: 1, max: 3000 }),
})

// --- internal ---

function priority(description: string) {
  return number(description, { min: 1, max: 2_147_483_646 })
}
