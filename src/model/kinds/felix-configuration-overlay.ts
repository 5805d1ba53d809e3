import { duration } from '../duration.ts'
import { list, struct, text } from '../schema.ts'
import { choice, mask, number, period, setting, toggle } from './felix-configuration-words.ts'

/** Tunnels, reports to the datastore, health and metrics: the second part of FelixConfiguration's fields, in Go's order. */
export const overlayFields = () => ({
  ipipEnabled: toggle('Whether the IPIP device exists (default: when a pool uses IPIP).'),
  ipipMTU: number('MTU of the IPIP device in bytes (default 0: found out).'),
  vxlanEnabled: toggle('Whether the VXLAN device exists (default: when a pool uses VXLAN).'),
  vxlanMTU: number('MTU of the IPv4 VXLAN device in bytes (default 0: found out).'),
  vxlanMTUV6: number('MTU of the IPv6 VXLAN device in bytes (default 0: found out).'),
  vxlanPort: number('UDP port of VXLAN traffic (default 4789).'),
  vxlanVNI: number('Network identifier of the VXLAN (default 4096).'),
  allowVXLANPacketsFromWorkloads: toggle('Whether workloads may send VXLAN packets (default false).'),
  allowIPIPPacketsFromWorkloads: toggle('Whether workloads may send IPIP packets (default false).'),
  reportingInterval: period('How often Felix reports its status to the datastore (default 30s; 0 never).'),
  reportingTTL: period('How long a reported status holds (default 90s).'),
  endpointReportingEnabled: toggle('Whether the status of endpoints is reported to the datastore (default false).'),
  endpointReportingDelay: period("How long changes of endpoints' status are collected before they are reported (default 1s)."),
  endpointStatusPathPrefix: text('Directory below which the status of endpoints is written to files (default /var/run/calico).'),
  iptablesMarkMask: mask('Bits of the packet mark that Felix may use with iptables, at least 8 of 32 (default 0xffff0000).'),
  disableConntrackInvalidCheck: toggle('Whether packets that connection tracking finds invalid are let through to policy (default false).'),
  healthEnabled: toggle('Whether Felix answers health checks (default false).'),
  healthHost: setting('Address on which health checks are answered (default localhost).'),
  healthPort: number('Port on which health checks are answered (default 9099).'),
  healthTimeoutOverrides: list(
    'How long parts of Felix may be silent before it reports itself as not alive, instead of the built-in times.',
    struct('The time of one part.', {
      name: text('Name of the part, as Felix logs it.', { omit: 'never' }),
      timeout: duration('How long it may be silent; 0 disables the check.', { omit: 'never', check: notNegative }),
    }),
  ),
  prometheusMetricsEnabled: toggle('Whether Felix serves metrics (default false).'),
  prometheusMetricsHost: text('Address or host name on which metrics are served (default all).', { check: metricsHostFault }),
  prometheusMetricsPort: number('Port on which metrics are served (default 9091).'),
  prometheusGoMetricsEnabled: toggle("Whether the Go runtime's metrics are served too (default true)."),
  prometheusProcessMetricsEnabled: toggle("Whether the process's metrics are served too (default true)."),
  prometheusWireGuardMetricsEnabled: toggle('Whether metrics of WireGuard are served too (default true).'),
  prometheusMetricsCAFile: setting('File with the certificate authorities that clients of the metrics are checked against.'),
  prometheusMetricsCertFile: setting('File with the certificate with which metrics are served.'),
  prometheusMetricsKeyFile: setting("File with the key of the metrics' certificate."),
  prometheusMetricsClientAuth: choice('Whether clients of the metrics must show a certificate (default RequireAndVerifyClientCert).', [
    'RequireAndVerifyClientCert',
    'RequireAnyClientCert',
    'VerifyClientCertIfGiven',
    'NoClientCert',
  ]),
})

// --- internal ---

function notNegative(value: string): string | undefined {
  return value.startsWith('-') ? 'is negative\na timeout is zero or more' : undefined
}

function metricsHostFault(value: string): string | undefined {
  if (/^[a-zA-Z0-9:._+-]{1,64}$/.test(value)) return undefined
  return 'is not an address or host name\nit consists of 1 to 64 letters, digits, ":", ".", "_", "+" and "-", without brackets'
}
