import { networkOrAddress } from './address.ts'
import { joinCut, nameColumn } from './column.ts'
import type { Column, Report, Resource } from './kind.ts'
import { list, struct, text } from './schema.ts'

/** What GlobalNetworkSet and NetworkSet share. */
export const networkSetSpec = struct('What belongs to the set.', {
  nets: list('Networks and addresses.', text('A network or an address.', { check: (value) => (value === '' ? undefined : networkOrAddress(value)) })),
})

export const networkSetColumns: readonly Column[] = [
  nameColumn(),
  { heading: 'NETS', views: ['wide'], value: (resource: { spec?: { nets?: string[] } }) => joinCut(resource.spec?.nets) },
]

/** The label that says an endpoint's namespace cannot be claimed by a set. */
export function checkNetworkSet(resource: Resource, report: Report): void {
  const label = 'projectcalico.org/namespace'
  if (resource.metadata.labels && label in resource.metadata.labels) {
    report({ code: 'bad-label', path: ['metadata', 'labels', label], message: `${label} is not a valid label name for a network set`, atKey: true })
  }
}
