import { CLUSTER_INFORMATION_NAME } from '../cluster-information.ts'
import { nameColumn } from '../column.ts'
import { defineKind } from '../kind.ts'
import { flag, struct, text, type ValueOf } from '../schema.ts'

export const clusterInformation = defineKind(
  {
    kind: 'ClusterInformation',
    plural: 'clusterinformations',
    aliases: ['clusterinfo', 'clusterinfos'],
    scope: 'cluster',
    readOnly: true,
  },
  () => ({
    description: 'What Calico knows about the cluster as a whole. There is one, called default, written by Calico itself.',
    spec: specSchema,
    name: (name: string) =>
      name === CLUSTER_INFORMATION_NAME ? undefined : `"${name}" is not possible: there is one ClusterInformation, called "default"`,
    columns: [
      nameColumn(),
      { heading: 'CLUSTERGUID', value: (resource: Information) => resource.spec?.clusterGUID ?? '' },
      { heading: 'CLUSTERTYPE', value: (resource: Information) => resource.spec?.clusterType ?? '' },
      { heading: 'CALICOVERSION', value: (resource: Information) => resource.spec?.calicoVersion ?? '' },
      { heading: 'DATASTOREREADY', value: (resource: Information) => String(resource.spec?.datastoreReady ?? '<nil>') },
    ],
    example: `apiVersion: projectcalico.org/v3
kind: ClusterInformation
metadata:
  name: default
spec:
  clusterGUID: 5eed5eed5eed5eed5eed5eed5eed5eed
  clusterType: docker,bgp
  calicoVersion: v3.33.0
  datastoreReady: true
`,
  }),
)

// --- internal ---

const specSchema = struct('What is known.', {
  clusterGUID: text('Tells clusters apart: 32 hexadecimal digits, made with the first write.'),
  clusterType: text('What the cluster is made of, with commas between.'),
  calicoVersion: text('The release of Calico that runs here; clients of another one refuse to work.'),
  datastoreReady: flag('False while the datastore is locked, as during a migration: agents wait.', { omit: 'absent' }),
  variant: text('Which edition of Calico this is.'),
})

interface Information {
  readonly spec?: ValueOf<typeof specSchema>
}
