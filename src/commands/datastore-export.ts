import { isObject } from '../model/decode.ts'
import { encodeBlock, parseBlock } from '../ipam/block.ts'
import { BLOCKS, HANDLES, HOSTS } from '../ipam/store.ts'
import type { Kind, Resource } from '../model/kind.ts'
import { kindNamed } from '../model/registry.ts'
import { UserError } from '../model/user-error.ts'
import { arrangeResource } from '../model/resource.ts'
import { writeYaml } from '../output/documents.ts'
import { formatJson } from '../output/json.ts'
import { type Datastore, type KeyValue, prefixRange } from '../store/datastore.ts'
import { listResources } from '../store/resources/read.ts'
import { clusterInformation } from '../store/resources/ready.ts'

/**
 * What `datastore migrate export` prints: lists of the kinds that move, ClusterInformation, and the addresses (`reference/calicoctl.md 7.6`). Nodes get the
 * names that Kubernetes has for them. Policies that Kubernetes itself keeps stay behind.
 * @throws UserError when a node has no name in Kubernetes
 */
export async function exportText(datastore: Datastore): Promise<{ readonly text: string; readonly unreadable: readonly string[] }> {
  const unreadable: string[] = []
  const nodes = (await listResources(datastore, kindOf('Node'))).resources
  const names = new Map(nodes.map((node) => [node.metadata.name ?? '', nameInKubernetes(node)]))
  let text = ''
  for (const kind of KINDS.map(kindOf)) {
    const list = await listResources(datastore, kind)
    unreadable.push(...list.unreadable)
    const resources = list.resources.filter((resource) => !isOfKubernetes(resource)).map((resource) => moved(resource, names))
    writeYaml([{ kind, resources, revision: list.revision }], (part) => (text += part))
    text += '---\n'
  }
  const cluster = (await clusterInformation(datastore))?.resource
  const addresses = await exportAddresses(datastore, names, unreadable)
  const information = cluster ? formatJson(arrangeResource(kindOf('ClusterInformation'), cluster)) : '{}'
  return { text: `${text}===\n${information}\n===\n${formatJson(addresses)}\n`, unreadable }
}

// --- internal ---

/** In the order in which they are to be created again. */
const KINDS = [
  'IPPool',
  'BGPPeer',
  'Tier',
  'GlobalNetworkPolicy',
  'StagedGlobalNetworkPolicy',
  'GlobalNetworkSet',
  'HostEndpoint',
  'KubeControllersConfiguration',
  'NetworkPolicy',
  'StagedNetworkPolicy',
  'StagedKubernetesNetworkPolicy',
  'NetworkSet',
  'Node',
  'BGPConfiguration',
  'FelixConfiguration',
  'IPReservation',
  'BGPFilter',
] as const

type Names = ReadonlyMap<string, string>

function nameInKubernetes({ metadata, spec }: Resource): string {
  const references = (spec as { orchRefs?: { nodeName?: string; orchestrator?: string }[] } | undefined)?.orchRefs ?? []
  const name = references.find(({ orchestrator }) => orchestrator === 'k8s')?.nodeName
  if (name) return name
  throw new UserError(
    `node ${metadata.name} missing a 'k8s' orchestrator reference. Unable to export data unless every node has a 'k8s' orchestrator reference`,
    'an export is for a move to Kubernetes: say in spec.orchRefs which of its nodes this is',
  )
}

function isOfKubernetes({ kind, metadata }: Resource): boolean {
  return kind === 'NetworkPolicy' && (metadata.name ?? '').startsWith('knp.default.')
}

/** The resource without what belongs to this datastore, with the new names of nodes. */
function moved(resource: Resource, names: Names): Resource {
  const { name = '', namespace, labels, annotations } = resource.metadata
  const renamed = (node: string) => names.get(node) ?? node
  const own =
    resource.kind === 'Node' ? renamed(name) : PER_NODE.has(resource.kind) && name.startsWith('node.') ? `node.${renamed(name.slice(5))}` : name
  const spec = { ...(resource.spec as { node?: string } | undefined) }
  if (NAMES_NODE.has(resource.kind) && spec.node) spec.node = renamed(spec.node)
  return { ...resource, metadata: { name: own, namespace, labels, annotations }, spec }
}

const PER_NODE: ReadonlySet<string> = new Set(['BGPConfiguration', 'FelixConfiguration'])
const NAMES_NODE: ReadonlySet<string> = new Set(['BGPPeer', 'HostEndpoint'])

interface Entry {
  readonly Key: string
  readonly Value: object
  readonly TTL: 0
}

/** Blocks, claims and handles; what there is none of is left out. */
async function exportAddresses(datastore: Datastore, names: Names, unreadable: string[]): Promise<Record<string, Entry[]>> {
  const entries = async (prefix: string, read: (keyValue: KeyValue) => { key: string; value: object } | undefined) => {
    const { keyValues } = await datastore.range(prefixRange(prefix))
    return keyValues.flatMap((keyValue): Entry[] => {
      const entry = read(keyValue)
      if (!entry) unreadable.push(keyValue.key)
      return entry ? [{ Key: entry.key, Value: entry.value, TTL: 0 }] : []
    })
  }
  const found = {
    block_affinities: await entries(HOSTS, ({ key, value }) => {
      const [host = ''] = key.slice(HOSTS.length).split('/')
      const claim = objectOf(value)
      return claim && { key: HOSTS + (names.get(host) ?? host) + key.slice(HOSTS.length + host.length), value: claim }
    }),
    blocks: await entries(BLOCKS, ({ key, value }) => {
      const block = movedBlock(value, names)
      return block && { key, value: block }
    }),
    handles: await entries(HANDLES, ({ key, value }) => {
      const handle = objectOf(value)
      return handle && { key, value: handle }
    }),
  }
  return Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))
}

function movedBlock(text: string, names: Names): object | undefined {
  const block = parseBlock(text)
  if (!block) return undefined
  const owner = /^host:(.+)$/.exec(block.affinity ?? '')?.[1]
  const affinity = owner === undefined ? block.affinity : `host:${names.get(owner) ?? owner}`
  const attributes = block.attributes.map((attribute) => {
    const node = attribute.secondary?.['node']
    return node === undefined ? attribute : { ...attribute, secondary: { ...attribute.secondary, node: names.get(node) ?? node } }
  })
  // Sequence numbers do not fit a double: they are put back as they were read.
  const plain = JSON.parse(encodeBlock({ ...block, affinity, attributes })) as object
  const { sequenceNumber, sequenceNumberForAllocation: numbers } = block
  return { ...plain, sequenceNumber, sequenceNumberForAllocation: Object.fromEntries(numbers) }
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function kindOf(name: string): Kind {
  const kind = kindNamed(name)
  if (!kind) throw new Error(`no kind ${name}`)
  return kind
}
