import type { Fault } from './decode.ts'
import type { Resource } from './kind.ts'

/** What is kept in `spec` of ClusterInformation `default`, in the order in which it is stored. */
export interface ClusterInformationSpec {
  readonly clusterGUID?: string
  readonly clusterType?: string
  readonly calicoVersion?: string
  readonly datastoreReady?: boolean
  readonly variant?: string
}

/** The only name that a ClusterInformation has. */
export const CLUSTER_INFORMATION_NAME = 'default'

/**
 * The spec to write when a datastore is first written to, or when the stored one lacks its GUID or ready flag; undefined when it is whole.
 * A datastore that is locked (`datastoreReady: false`) stays so. `newGuid` gives 32 hexadecimal digits. `reference/model.md 4.4`.
 */
export function wholeClusterInformation(stored: ClusterInformationSpec | undefined, newGuid: () => string): ClusterInformationSpec | undefined {
  if (stored?.clusterGUID && stored.datastoreReady !== undefined) return undefined
  return { ...stored, clusterGUID: stored?.clusterGUID || newGuid(), datastoreReady: stored?.datastoreReady ?? true }
}

/** One fault for everything that a manifest of a read-only kind wants to set, for the message that refuses it. */
export function readOnlyFaults(resource: Resource): Fault[] {
  const metadata = Object.keys(resource.metadata).filter((field) => field !== 'name')
  const spec = Object.keys((resource.spec as object | undefined) ?? {})
  const paths = [...metadata.map((field) => ['metadata', field]), ...(spec.length > 0 ? spec.map((field) => ['spec', field]) : [['spec']])]
  return paths.map((path) => ({
    code: 'read-only',
    path,
    message: `${path.join('.')} of ${resource.kind} cannot be set: Calico itself writes it`,
    help: `metadata and spec (${FIELDS.join(', ')}) are there to be read only`,
  }))
}

// --- internal ---

const FIELDS: readonly (keyof ClusterInformationSpec)[] = ['clusterGUID', 'clusterType', 'calicoVersion', 'datastoreReady', 'variant']
