import { map, text, struct, integer, list, type ValueOf } from './schema.ts'

/** Kubernetes object metadata in Go's field order (`reference/model.md 2.0`). */
export const metadataSchema = struct('Name, labels and bookkeeping of the object.', {
  name: text('Name of the resource, unique among its kind (and namespace).'),
  generateName: text('Not supported; read and dropped.'),
  namespace: text('Namespace of a namespaced resource.'),
  selfLink: text('Not stored.'),
  uid: text('Set when the resource is created.'),
  resourceVersion: text('Revision of the stored resource; given back in a change, it must still be the current one.'),
  generation: integer('Not used.'),
  creationTimestamp: text('When the resource was created, RFC 3339 in UTC.'),
  deletionTimestamp: text('Not used.', { omit: 'absent' }),
  deletionGracePeriodSeconds: integer('Not used.', { omit: 'absent' }),
  labels: map('Labels, matched by selectors.', text('A label value.')),
  annotations: map('Free text for tools and people.', text('An annotation value.')),
  ownerReferences: list('Not used.', struct('An owner.', {})),
  finalizers: list('Not used.', text('A finalizer.')),
})

export type Metadata = ValueOf<typeof metadataSchema>
