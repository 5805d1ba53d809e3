import { duration } from '../duration.ts'
import { text } from '../schema.ts'
import { anyCaseChoice, choice, expression, number, period, setting, severity, toggle } from './felix-configuration-words.ts'

/** Where the configuration holds, the data plane driver, iptables and logs: the first fields of FelixConfiguration, in Go's order. */
export const hostFields = () => ({
  nodeSelector: setting('Nodes for which the settings hold; not possible in the objects "default" and "node.<name>".'),
  useInternalDataplaneDriver: toggle('Whether Felix programs the kernel itself instead of an external driver (default true).'),
  dataplaneDriver: text('Program that drives the data plane when the internal driver is off (default calico-iptables-plugin).'),
  dataplaneWatchdogTimeout: duration('How long the data plane may be busy before Felix reports itself as not alive (default 90s).'),
  ipv6Support: toggle('Whether Felix programs IPv6 (default true).'),
  routeRefreshInterval: period('How often routes are checked and repaired (default 90s; 0 never).'),
  interfaceRefreshInterval: period('How often interfaces are listed again (default 90s; 0 never).'),
  iptablesRefreshInterval: period("How often iptables rules are checked for other programs' changes (default 3m0s; 0 never)."),
  iptablesPostWriteCheckInterval: period('How soon after a write iptables rules are read back (default 1s).'),
  iptablesLockProbeInterval: period('How often a busy iptables lock is tried (default 50ms).'),
  featureDetectOverride: text('Kernel features that Felix takes as present or missing instead of detecting them, as in SNATFullyRandom=true.', {
    check: featureOverrideFault,
  }),
  featureGates: text('Features that are tried out, as in name=value with commas between.', { check: featureGateFault }),
  ipsetsRefreshInterval: period('How often IP sets are checked and repaired (default 90s; 0 never).'),
  maxIpsetSize: number('Most members an IP set may have (default 1048576).'),
  iptablesBackend: choice('Which iptables programs to use (default Auto).', ['Legacy', 'NFT', 'Auto']),
  xdpRefreshInterval: period('How often XDP state is checked and repaired (default 90s; 0 never).'),
  netlinkTimeout: period('How long a netlink request may take (default 10s).'),
  metadataAddr: text('Address or host name of the OpenStack metadata server; "none" for no rule (default 127.0.0.1).'),
  metadataPort: number('Port of the OpenStack metadata server (default 8775).'),
  openstackRegion: text('OpenStack region that this Felix belongs to: a DNS label of at most 46 characters (default none).', { check: regionFault }),
  interfacePrefix: text('What names of workload interfaces begin with; several with commas between (default cali).'),
  interfaceExclude: text('Interfaces that are never taken for host endpoints, by name or /expression/, with commas between (default kube-ipvs0).'),
  chainInsertMode: anyCaseChoice("Whether Felix's rules go before or after the others in the kernel's chains (default Insert).", [
    'Insert',
    'Append',
  ]),
  defaultEndpointToHostAction: anyCaseChoice('What happens to traffic from a workload to its host after policy (default Drop).', [
    'Drop',
    'Accept',
    'Return',
  ]),
  iptablesFilterAllowAction: anyCaseChoice('What happens in the filter table to allowed packets (default Accept).', ['Accept', 'Return']),
  iptablesMangleAllowAction: anyCaseChoice('What happens in the mangle table to allowed packets (default Accept).', ['Accept', 'Return']),
  iptablesFilterDenyAction: anyCaseChoice('What happens to denied packets (default Drop).', ['Drop', 'Reject']),
  logPrefix: text(
    'What begins each line that a Log rule writes; %t, %k, %n, %p stand for tier, kind, name and full name of the policy (default calico-packet).',
    {
      check: logPrefixFault,
    },
  ),
  logActionRateLimit: text('Most lines that Log rules write, as in 10/second, minute, hour or day (default no limit).', {
    omit: 'absent',
    check: rateFault,
  }),
  logActionRateLimitBurst: number('Lines that Log rules may write at once above the limit (default 5).', { min: 0, max: 9999 }),
  logFilePath: text("Felix's log file; none for no file (default /var/log/calico/felix.log)."),
  logSeverityFile: severity('How much goes to the log file (default Info).'),
  logSeverityScreen: severity('How much goes to standard output (default Info).'),
  logSeveritySys: severity('How much goes to syslog (default Info).'),
  logDebugFilenameRegex: expression('Source files whose debug logs are written (default all).'),
})

// --- internal ---

function keyValueFault(value: string): string | undefined {
  const bad = value.split(',').find((item) => item !== '' && !item.includes('='))
  return bad === undefined ? undefined : `has "${bad}" without a value\nwrite name=value, with commas between several`
}

function featureOverrideFault(value: string): string | undefined {
  if (/^([a-zA-Z0-9_-]+=(true|false|),)*([a-zA-Z0-9_-]+=(true|false|))?$/.test(value)) return keyValueFault(value)
  return keyValueFault(value) ?? 'is not a list of features\nwrite name=true or name=false, with commas and no spaces between several'
}

function featureGateFault(value: string): string | undefined {
  if (/^([a-zA-Z0-9_-]+=([^=]+),)*([a-zA-Z0-9_-]+=([^=]+))?$/.test(value)) return keyValueFault(value)
  return keyValueFault(value) ?? 'is not a list of features\nwrite name=value, with commas and no spaces between several'
}

function regionFault(value: string): string | undefined {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value)) {
    return 'is not a DNS label\na region consists of lower case letters, digits and "-", and starts and ends with a letter or digit'
  }
  return value.length > 46 ? `has ${value.length} characters, 46 at most are allowed` : undefined
}

function logPrefixFault(value: string): string | undefined {
  return /^([a-zA-Z0-9%: /_-])*$/.test(value)
    ? undefined
    : 'has characters that a log prefix cannot have\nit takes letters, digits, spaces and % : / _ -'
}

function rateFault(value: string): string | undefined {
  return /^[1-9]\d{0,3}\/(?:second|minute|hour|day)$/.test(value)
    ? undefined
    : 'is not a rate\nwrite a number from 1 to 9999 and a unit: 10/second, /minute, /hour or /day'
}
