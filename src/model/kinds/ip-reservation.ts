import { network } from '../address.ts'
import { joinCut, nameColumn } from '../column.ts'
import { defineKind } from '../kind.ts'
import { list, struct, text } from '../schema.ts'

export const ipReservation = defineKind(
  { kind: 'IPReservation', plural: 'ipreservations', aliases: ['reservation', 'reservations'], scope: 'cluster' },
  () => ({
    description: 'Addresses that automatic assignment never gives out, whatever pool they lie in.',
    spec: struct('What is reserved.', {
      reservedCIDRs: list(
        'Networks whose addresses are kept back; a single address is written as /32 or /128.',
        text('A network.', { check: network }),
      ),
    }),
    columns: [
      nameColumn(),
      {
        heading: 'CIDRS',
        views: ['wide'],
        value: (resource: { spec?: { reservedCIDRs?: string[] } }) => joinCut(resource.spec?.reservedCIDRs),
      },
    ],
    example: `apiVersion: projectcalico.org/v3
kind: IPReservation
metadata:
  name: gateways
spec:
  reservedCIDRs:
  - 192.168.0.1/32
  - 192.168.2.0/28
`,
  }),
)
