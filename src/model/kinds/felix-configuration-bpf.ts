import { networkOrAddress } from '../address.ts'
import { duration } from '../duration.ts'
import { interfaceFilter } from '../interface-name.ts'
import { port } from '../port.ts'
import { list, map, struct, text } from '../schema.ts'
import { anyCaseChoice, choice, expression, looseChoice, mask, number, period, toggle } from './felix-configuration-words.ts'

/** nftables and the eBPF data plane: the fourth part of FelixConfiguration's fields, in Go's order. */
export const bpfFields = () => ({
  nftablesMode: choice('Whether nftables is used instead of iptables (default Auto).', ['Disabled', 'Enabled', 'Auto'], { default: 'Auto' }),
  nftablesFlowTableOffload: choice('Whether established connections bypass the rules through a flow table (default Disabled).', ['All', 'Disabled'], {
    default: 'Disabled',
  }),
  nftablesFlowTableDataIfacePattern: expression("Interfaces, besides the workloads', whose traffic may use the flow table (default none)."),
  nftablesRefreshInterval: duration("How often nftables rules are checked for other programs' changes (default 3m0s; 0 never)."),
  nftablesFilterAllowAction: anyCaseChoice('What happens in the filter chains to allowed packets (default Accept).', ['Accept', 'Return']),
  nftablesMangleAllowAction: anyCaseChoice('What happens in the mangle chains to allowed packets (default Accept).', ['Accept', 'Return']),
  nftablesFilterDenyAction: anyCaseChoice('What happens to denied packets (default Drop).', ['Drop', 'Reject']),
  nftablesMarkMask: mask('Bits of the packet mark that Felix may use with nftables, at least 8 of 32 (default 0xffff0000).'),
  bpfEnabled: toggle('Whether the eBPF data plane is used (default false).'),
  bpfOverlayHostSourceIP: choice('Source address of traffic from a host into an overlay (default TunnelAddress).', ['TunnelAddress', 'HostAddress']),
  bpfDisableUnprivileged: toggle('Whether users without privileges are kept from loading eBPF programs (default true).'),
  bpfJITHardening: choice("What happens to the kernel's hardening of eBPF programs, which slows them down (default Auto).", ['Auto', 'Strict']),
  bpfLogLevel: text('How much eBPF programs log (default Off).', { omit: 'never', oneOf: ['', 'Off', 'Info', 'Debug'], anyCase: true }),
  bpfConntrackLogLevel: looseChoice('How much the cleaner of connection tracking logs (default Off).', ['Off', 'Debug']),
  bpfConntrackMode: choice('Who removes connections that have ended (default Userspace).', ['Auto', 'Userspace', 'BPFProgram']),
  bpfConntrackTimeouts: struct('How long connections are remembered; "Auto" takes the kernel\'s own time.', {
    creationGracePeriod: timeout('After creation, in any case (default 10s).'),
    tcpSynSent: timeout('TCP: waiting for the answer to a SYN (default 20s).'),
    tcpEstablished: timeout('TCP: established and idle (default 1h).'),
    tcpFinsSeen: timeout('TCP: after both sides have closed (default 30s).'),
    tcpResetSeen: timeout('TCP: after a reset (default 40s).'),
    udpTimeout: timeout('UDP: idle (default 60s).'),
    genericTimeout: timeout('Other protocols: idle (default 10m).'),
    icmpTimeout: timeout('ICMP: idle (default 5s).'),
  }),
  bpfIPFragTimeout: period("How long fragments wait for the rest of their packet (default: the kernel's)."),
  bpfLogFilters: map(
    'Which packets eBPF programs log, by interface name ("all", "weps", "heps" for sets of them): filters as tcpdump takes them.',
    text('A filter as tcpdump takes it.'),
    { omit: 'absent' },
  ),
  bpfCTLBLogFilter: text('What connect-time load balancing logs: "all" (default nothing).'),
  bpfDataIfacePattern: expression('Interfaces of the host on which eBPF programs handle traffic (default: physical ones and tunnels).'),
  bpfL3IfacePattern: expression('Interfaces without Ethernet headers on which eBPF programs handle traffic (default: tunnels that are known).'),
  bpfConnectTimeLoadBalancingEnabled: toggle(
    'Out of use: sets bpfConnectTimeLoadBalancing to Enabled or Disabled, and turns bpfHostNetworkedNATWithoutCTLB off.',
  ),
  bpfConnectTimeLoadBalancing: choice('Connections to services that are directed when they are opened (default TCP).', [
    'TCP',
    'Enabled',
    'Disabled',
  ]),
  bpfHostNetworkedNATWithoutCTLB: choice('Whether other traffic from hosts to services is translated by packet (default Enabled).', [
    'Enabled',
    'Disabled',
  ]),
  bpfExternalServiceMode: anyCaseChoice('How answers of services get out when their node is not the one asked (default Tunnel).', ['Tunnel', 'DSR']),
  bpfDSROptoutCIDRs: list('Clients that get no direct answers in DSR mode.', text('A network or address.', { check: networkOrNothing }), {
    omit: 'absent',
  }),
  bpfExtToServiceConnmark: mask('Mark on connections from outside to services, to give them a route of their own (default 0).'),
  bpfKubeProxyIptablesCleanupEnabled: toggle("Whether kube-proxy's iptables chains are removed (default true)."),
  bpfKubeProxyMinSyncPeriod: period('Least time between two updates of services (default 1s).'),
  bpfKubeProxyHealthzPort: number('Port of the health check that stands in for that of kube-proxy; 0 for none (default 10256).', {
    min: 0,
    max: 65_535,
  }),
  bpfPSNATPorts: port('Source ports that are used when two connections would collide (default 20000:29999).', { omit: 'absent' }),
  bpfMapSizeNATFrontend: number('Most services with their ports (default 65536).'),
  bpfMapSizeNATBackend: number('Most backends of services (default 262144).'),
  bpfMapSizeNATAffinity: number('Most clients that stay with their backend (default 65536).'),
  bpfMapSizeRoute: number('Most routes, at least one for each workload (default 262144).'),
  bpfMapSizeConntrack: number('Most connections (default 512000).'),
  bpfMapSizePerCpuConntrack: number('Most connections for each CPU, instead of bpfMapSizeConntrack; 0 for that (default 0).'),
  bpfMapSizeConntrackScaling: anyCaseChoice('Whether the size for connections doubles when it is used up (default DoubleIfFull).', [
    'Disabled',
    'DoubleIfFull',
  ]),
  bpfMapSizeConntrackCleanupQueue: number('Most connections that wait for their removal (default 100000).', { min: 1 }),
  bpfMapSizeIPSets: number('Most members of all IP sets together (default 1048576).'),
  bpfMapSizeIfState: number('Most interfaces, including those not of workloads (default 1000).'),
  bpfHostConntrackBypass: toggle("Whether traffic to and from workloads bypasses the host's own connection tracking (default true)."),
  bpfIPFragmentReassemblyEnabled: toggle('Whether packets in fragments are put together before policy (default true).'),
  bpfEnforceRPF: anyCaseChoice('How strictly the way a packet came must be the way back to its source (default Loose).', [
    'Disabled',
    'Strict',
    'Loose',
  ]),
  bpfPolicyDebugEnabled: toggle('Whether programs are annotated so that their policy can be shown (default true).'),
  bpfForceTrackPacketsFromIfaces: list(
    'Interfaces whose packets use the host\'s connection tracking all the same; a final "+" stands for any text (default docker+).',
    text('An interface or the beginning of names.', { check: interfaceFilter }),
    { omit: 'absent' },
  ),
  bpfDisableGROForIfaces: expression('Interfaces on which the joining of received packets is turned off (default none).'),
  bpfExcludeCIDRsFromNAT: list(
    'Services that eBPF leaves to other programs, by their addresses.',
    text('A network or address.', { check: networkOrNothing }),
    {
      omit: 'absent',
    },
  ),
  bpfExportBufferSizeMB: number('Size in MB of the buffers through which eBPF programs report (default 1).'),
})

// --- internal ---

/** An empty text passes, as it does everywhere in Calico where networks are checked. */
function networkOrNothing(value: string): string | undefined {
  return value === '' ? undefined : networkOrAddress(value)
}

function timeout(description: string) {
  return text(description, {
    omit: 'absent',
    check: (value) =>
      /^(?:(?:\d*(?:\.\d*)?(?:us|[smh]))+|Auto)$/.test(value)
        ? undefined
        : 'is not a timeout\nwrite "Auto", or numbers with a unit (us, ms, s, m, h), as in 90s or 1h30m',
  })
}
