/** What tells a workload endpoint apart; which of it counts depends on the orchestrator (`reference/model.md 4.6`). */
export interface EndpointIdentifiers {
  readonly node?: string
  readonly orchestrator?: string
  readonly workload?: string
  readonly pod?: string
  readonly containerID?: string
  readonly endpoint?: string
}

/** The four parts of a workload endpoint's name. For `k8s` the workload is the pod, for `cni` the container's id. */
export interface EndpointNameParts {
  readonly node: string
  readonly orchestrator: string
  readonly workload: string
  readonly endpoint: string
}

/** An identifier that keeps a name from being made: absent, or with a dash where a part of a name may have none. */
export interface EndpointNameFault {
  readonly field: keyof EndpointIdentifiers
  readonly message: string
}

/** The name that follows from the identifiers, or everything that they lack. `reference/model.md 4.6`. */
export function endpointName(identifiers: EndpointIdentifiers): { readonly name: string } | { readonly faults: readonly EndpointNameFault[] } {
  const faults = segmentFields(identifiers.orchestrator ?? '').flatMap((field) => segmentFault(field, identifiers[field] ?? ''))
  if (faults.length > 0) return { faults }
  const parts = segmentFields(identifiers.orchestrator ?? '').map((field) => identifiers[field] ?? '')
  return { name: parts.map(escapeSegment).join('-') }
}

/** Takes a name apart; undefined when it is no name of a workload endpoint. */
export function parseEndpointName(name: string): EndpointNameParts | undefined {
  const parts: string[] = []
  let part = name.slice(0, 1)
  for (let i = 1; i < name.length; i++) {
    if (name[i] !== '-') part += name[i]
    else if (name[i + 1] === '-') part += name[i++]
    else {
      parts.push(part)
      part = ''
    }
  }
  parts.push(part)
  const [node, orchestrator, workload, endpoint] = parts
  if (parts.length !== 4 || !node || !orchestrator || !workload || !endpoint) return undefined
  return { node, orchestrator, workload, endpoint }
}

/**
 * What the names of all workload endpoints of a node begin with. Names of other nodes may begin so too (`a-` is in front of those of `a-b`):
 * it narrows a search, `spec.node` decides.
 */
export function endpointNamePrefix(node: string): string {
  return `${escapeSegment(node)}-`
}

// --- internal ---

/** Docker's driver knows no workloads: its endpoints repeat the orchestrator in their place. */
function segmentFields(orchestrator: string): (keyof EndpointIdentifiers)[] {
  switch (orchestrator) {
    case 'k8s':
      return ['node', 'orchestrator', 'pod', 'endpoint']
    case 'cni':
      return ['node', 'orchestrator', 'containerID', 'endpoint']
    case 'libnetwork':
      return ['node', 'orchestrator', 'orchestrator', 'endpoint']
    case '':
      return ['node', 'orchestrator', 'endpoint']
    default:
      return ['node', 'orchestrator', 'workload', 'endpoint']
  }
}

function segmentFault(field: keyof EndpointIdentifiers, value: string): EndpointNameFault[] {
  if (value === '') return [{ field, message: `${field} must be given: the endpoint's name is made from it` }]
  if (value.startsWith('-')) return [{ field, message: `${field} "${value}" must not begin with "-": the endpoint's name is made from it` }]
  if (value.endsWith('-')) return [{ field, message: `${field} "${value}" must not end with "-": the endpoint's name is made from it` }]
  return []
}

function escapeSegment(segment: string): string {
  return segment.replaceAll('-', '--')
}
