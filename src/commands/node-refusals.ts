import { type Command, Option } from 'commander'
import { UsageError } from './usage-error.ts'

/** Options of the peer's `node run` that are about its container: they are known, so that they can be answered. */
export function addContainerOptions(command: Command): void {
  for (const { flags } of REFUSED) command.addOption(new Option(flags).hideHelp())
}

/** @throws UsageError for an option that has no meaning for an agent without a container, with what to do instead */
export function refuseContainerOptions(options: object): void {
  for (const { flags, name, why, help } of REFUSED) {
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined) throw new UsageError(`${flags.split(/[ =]/)[0]}: ${why}`, help)
  }
}

// --- internal ---

const REFUSED = [
  {
    flags: '--node-image <image>',
    name: 'nodeImage',
    why: 'the agent is this program, not a container: there is no image',
    help: 'leave it out',
  },
  {
    flags: '--dryrun',
    name: 'dryrun',
    why: 'no container is started, so there is no command to show',
    help: 'to see what policy would do: calicoctl reach, or calicoctl why',
  },
  {
    flags: '--init-system',
    name: 'initSystem',
    why: 'the agent always runs in the foreground, as init systems want it',
    help: 'leave it out: ExecStart=calicoctl node run',
  },
  {
    flags: '--log-dir <folder>',
    name: 'logDir',
    why: 'the agent logs to standard error',
    help: 'let systemd keep it, or redirect it: calicoctl node run 2>> /var/log/calico/agent.log',
  },
  {
    flags: '--docker-networking-ifprefix <prefix>',
    name: 'dockerNetworkingIfprefix',
    why: 'interfaces of containers always begin with cali on the host, and with eth within the container',
    help: 'leave it out',
  },
] as const
