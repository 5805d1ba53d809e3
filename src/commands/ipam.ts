import { parseIp } from '../model/net.ts'
import { releaseAddresses } from '../ipam/release.ts'
import { setIpamConfig, type IpamConfig } from '../ipam/config.ts'
import { createIpam, type Ipam } from '../ipam/store.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import { showAddress, showBorrowed, showConfiguration, showUsage } from './ipam-show.ts'
import type { GlobalOptions } from './options.ts'
import { openSession } from './session.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface IpamOptions extends GlobalOptions {
  readonly ip?: string
  readonly showBlocks?: boolean
  readonly showBorrowed?: boolean
  readonly showConfiguration?: boolean
  readonly name?: string
  readonly cidr?: string
  readonly strictaffinity?: string
  readonly maxBlocksPerHost?: string
  readonly kubevirtIpPersistence?: string
  readonly ipCooldownSeconds?: string
}

export const define: Define = (command, run) => {
  command
    .argument('[verb]', 'show, release, split or configure')
    .argument('[number]', 'split: into how many pools, a power of two')
    .option('--ip <address>', 'show: who has this address; release: give it back')
    .option('--show-blocks', 'show: the blocks of each pool too')
    .option('--show-borrowed', 'show: addresses that a host has from blocks of another')
    .option('--show-configuration', 'show: what configure has set')
    .option('--name <name>', 'split: the pool, by its name')
    .option('--cidr <cidr>', 'split: the pool, by its CIDR')
    .option('--strictaffinity <yes-no>', 'configure: whether hosts keep to their own blocks (true or false)')
    .option('--max-blocks-per-host <count>', 'configure: how many blocks a host may have; 0: no limit')
    .option('--kubevirt-ip-persistence <mode>', 'configure: whether virtual machines keep their addresses (Enabled or Disabled)')
    .option('--ip-cooldown-seconds <count>', 'configure: how long a released address rests; 0: not at all')
  withExamples(command, [
    ['calicoctl ipam show', 'how much of each pool is in use'],
    ['calicoctl ipam show --ip=10.0.0.1', 'who has an address'],
    ['calicoctl datastore migrate lock && calicoctl ipam split 4 --name=pool1', 'four pools in the place of one'],
    ['calicoctl ipam configure --strictaffinity=true', 'hosts no longer borrow addresses from each other'],
  ])
  command.action(
    run((context, verb: string | undefined, number: string | undefined, options: IpamOptions) => {
      if (verb !== undefined) return runVerb(verb, number, options, context)
      command.outputHelp()
      return EXIT.ok
    }),
  )
}

// --- internal ---

/** Which options each verb takes. */
const VERBS: Readonly<Record<string, readonly (keyof IpamOptions)[]>> = {
  show: ['ip', 'showBlocks', 'showBorrowed', 'showConfiguration'],
  release: ['ip'],
  split: ['name', 'cidr'],
  configure: ['strictaffinity', 'maxBlocksPerHost', 'kubevirtIpPersistence', 'ipCooldownSeconds'],
}

async function runVerb(verb: string, number: string | undefined, options: IpamOptions, context: Context): Promise<number> {
  const own = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!own) throw new UsageError(`unknown command "ipam ${verb}"`, `one of: ${Object.keys(VERBS).join(', ')}`)
  const foreign = Object.values(VERBS)
    .flat()
    .find((name) => options[name] !== undefined && !own.includes(name))
  if (foreign !== undefined) throw new UsageError(`--${dashed(foreign)} is not for ipam ${verb}`)
  if (verb === 'split') {
    const { partsOf, splitPool } = await import('./ipam-split.ts')
    const split = { number, name: options.name, cidr: options.cidr }
    partsOf(split)
    return await splitPool(await openSession(context, options), split, context)
  }
  if (number !== undefined) throw new UsageError(`ipam ${verb} takes no further argument`, `"${number}" was not expected`)
  if (verb === 'configure') return await configure(options, context)
  return verb === 'show' ? await show(options, context) : await release(options, context)
}

async function show(options: IpamOptions, context: Context): Promise<number> {
  const ip = options.ip === undefined ? undefined : addressOption(options.ip)
  const ipam = await open(options, context)
  if (ip) return await showAddress(ipam, ip, context)
  // Of several, the peer shows the first of these.
  if (options.showBlocks) await showUsage(ipam, true, context)
  else if (options.showBorrowed) await showBorrowed(ipam, context)
  else if (options.showConfiguration) await showConfiguration(ipam, context)
  else await showUsage(ipam, false, context)
  return EXIT.ok
}

async function release(options: IpamOptions, context: Context): Promise<number> {
  if (options.ip === undefined) throw new UsageError('which address is to be given back?', 'as in: calicoctl ipam release --ip=10.0.0.1')
  addressOption(options.ip)
  const { unassigned } = await releaseAddresses(await open(options, context), [{ address: options.ip }])
  if (unassigned.length > 0) {
    context.stderr.write(`IP address ${options.ip} is not assigned\n`)
    return EXIT.failure
  }
  context.stdout.write(`Successfully released IP address ${options.ip}\n`)
  return EXIT.ok
}

async function configure(options: IpamOptions, context: Context): Promise<number> {
  const { strictaffinity, maxBlocksPerHost, kubevirtIpPersistence, ipCooldownSeconds } = options
  const changes: { -readonly [Name in keyof IpamConfig]?: IpamConfig[Name] } = {}
  const done: string[] = []
  if (strictaffinity !== undefined) {
    if (!['true', 'false'].includes(strictaffinity))
      throw new UsageError(`invalid value "${strictaffinity}" for --strictaffinity: write true or false`)
    changes.strictAffinity = strictaffinity === 'true'
    done.push(`StrictAffinity to: ${changes.strictAffinity}`)
  }
  if (maxBlocksPerHost !== undefined) {
    changes.maxBlocksPerHost = wholeNumber('--max-blocks-per-host', maxBlocksPerHost, 1_000_000)
    done.push(`MaxBlocksPerHost to: ${changes.maxBlocksPerHost}`)
  }
  if (kubevirtIpPersistence !== undefined) {
    if (!['Enabled', 'Disabled'].includes(kubevirtIpPersistence)) {
      throw new UsageError(`invalid value "${kubevirtIpPersistence}" for --kubevirt-ip-persistence: write Enabled or Disabled`)
    }
    changes.kubeVirtVMAddressPersistence = kubevirtIpPersistence
    done.push(`KubeVirtVMAddressPersistence to: ${kubevirtIpPersistence}`)
  }
  if (ipCooldownSeconds !== undefined) {
    changes.ipCooldownSeconds = wholeNumber('--ip-cooldown-seconds', ipCooldownSeconds, 1200)
    done.push(`IPCooldownSeconds to: ${changes.ipCooldownSeconds}`)
  }
  if (done.length === 0)
    throw new UsageError('at least one configuration option must be specified', 'as in: calicoctl ipam configure --strictaffinity=true')
  await setIpamConfig(await open(options, context), changes)
  context.stdout.write(done.map((line) => `Successfully set ${line}\n`).join(''))
  return EXIT.ok
}

async function open(options: IpamOptions, context: Context): Promise<Ipam> {
  return createIpam(await openSession(context, options), context.clock)
}

function addressOption(text: string) {
  const ip = parseIp(text)
  if (!ip) throw new UsageError(`invalid IP address specified: ${text}`, 'one address, without prefix length')
  return ip
}

function wholeNumber(option: string, text: string, most: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text)
  throw new UsageError(`invalid value "${text}" for ${option}: not a valid number`, `write a whole number from 0 to ${most}`)
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
