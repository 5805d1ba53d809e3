import { nameColumn } from '../column.ts'
import { defineKind } from '../kind.ts'
import { flag, integer, struct, text, type ValueOf } from '../schema.ts'

export const ipamConfiguration = defineKind(
  { kind: 'IPAMConfiguration', plural: 'ipamconfigurations', aliases: ['ipamconfig', 'ipamconfigs'], scope: 'cluster' },
  () => ({
    description:
      'How addresses are assigned, for the whole cluster. With etcd, address assignment reads what "calicoctl ipam configure" sets instead.',
    spec: specSchema,
    name: (name: string) => (name === 'default' ? undefined : `"${name}" is not possible: an IPAMConfiguration has the name "default"`),
    columns: [
      nameColumn(),
      { heading: 'STRICTAFFINITY', value: (resource: Configuration) => String(resource.spec?.strictAffinity ?? false) },
      { heading: 'AUTOALLOCATEBLOCKS', value: (resource: Configuration) => String(resource.spec?.autoAllocateBlocks ?? false) },
      { heading: 'MAXBLOCKSPERHOST', views: ['wide'], value: (resource: Configuration) => String(resource.spec?.maxBlocksPerHost ?? 0) },
    ],
    example: `apiVersion: projectcalico.org/v3
kind: IPAMConfiguration
metadata:
  name: default
spec:
  strictAffinity: false
  autoAllocateBlocks: true
  maxBlocksPerHost: 20
`,
  }),
)

// --- internal ---

const INT32 = [-(2 ** 31), 2 ** 31 - 1] as const

const specSchema = struct('How addresses are assigned.', {
  strictAffinity: flag('Hosts take addresses from their own blocks only, never from those of other hosts.', { omit: 'never' }),
  maxBlocksPerHost: integer('How many blocks a host may have; 0: as many as it needs.', { range: INT32, min: 0, max: 1_000_000 }),
  autoAllocateBlocks: flag('Hosts claim a new block when theirs are full.', { omit: 'never' }),
  kubeVirtVMAddressPersistence: text('Whether virtual machines of KubeVirt keep their addresses.', {
    oneOf: ['Enabled', 'Disabled'],
    omit: 'absent',
  }),
  ipCooldownSeconds: integer('How long a released address is not given out again; 0: not at all.', { range: INT32, min: 0, max: 1200 }),
})

interface Configuration {
  readonly spec?: ValueOf<typeof specSchema>
}
