import { commandList } from './list.ts'

/** What `calicoctl`, `calicoctl help` and `calicoctl --help` print. */
export function programHelp(): string {
  const width = Math.max(...commandList.map((row) => row.name.length)) + 3
  const section = (title: string, group: string) =>
    `${title}:\n${commandList
      .filter((row) => row.group === group)
      .map((row) => `  ${row.name.padEnd(width)}${row.summary}\n`)
      .join('')}`
  return `Security profiles and network policy for Docker hosts and Calico datastores.

Examples:
  calicoctl apply -f profile.yaml            create or change what the file describes
  calicoctl get profile net1 -o yaml         show one profile
  calicoctl why workload-A workload-B icmp   may A ping B, and which rule says so?
  calicoctl validate -f policies/            check manifests, without a datastore

Usage:
  calicoctl <command> [arguments] [options]

${section('Resources', 'resources')}
${section('Questions about policy', 'policy')}
${section('Manifests', 'manifests')}
${section('Addresses and the datastore', 'addresses')}
${section('This host', 'host')}
${section('About', 'about')}
Options of every command:
  -c, --config <file>          client configuration file (default: /etc/calico/calicoctl.cfg)
      --datastore <path>       use the local datastore in this file
  -l, --log-level <level>      panic, fatal, error, warn, info or debug (default: panic)
      --color <when>           auto, always or never (default: auto)
      --allow-version-mismatch work on a cluster whose Calico version is another one
  -h, --help                   show help, also for a command: calicoctl get --help

Without configuration, resources are kept in a local datastore below ~/.local/state/calicoctl.
With ETCD_ENDPOINTS set, or a configuration file, they are kept in etcd, as Calico's own components expect.

Exit codes: 0 done; 1 failed; for questions and validate: 0 yes or all good, 1 no or problems found, 2 could not tell.
`
}
