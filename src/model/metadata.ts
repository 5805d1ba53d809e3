import { custom, flag, integer, list, map, struct, text, type ValueOf } from './schema.ts'
import { time } from './time.ts'

/** Kubernetes object metadata in Go's field order (`reference/model.md 2.0`). */
export const metadataSchema = struct('Name, labels and bookkeeping of the object.', {
  name: text('Name of the resource, unique among its kind (and namespace).'),
  generateName: text('Not supported; read and dropped.'),
  namespace: text('Namespace of a namespaced resource.'),
  selfLink: text('Not stored.'),
  uid: text('Set when the resource is created.'),
  resourceVersion: text('Revision of the stored resource; given back in a change, it must still be the current one.'),
  generation: integer('Not used.'),
  creationTimestamp: time('When the resource was created, RFC 3339 in UTC.'),
  deletionTimestamp: time('Not used.', { omit: 'absent' }),
  deletionGracePeriodSeconds: integer('Not used.', { omit: 'absent' }),
  labels: map('Labels, matched by selectors.', text('A label value.')),
  annotations: map('Free text for tools and people.', text('An annotation value.')),
  ownerReferences: list(
    'Not used.',
    struct('An owner.', {
      apiVersion: text('API version of the owner.', { omit: 'never' }),
      kind: text('Kind of the owner.', { omit: 'never' }),
      name: text('Name of the owner.', { omit: 'never' }),
      uid: text('Identity of the owner.', { omit: 'never' }),
      controller: flag('The owner manages this object.', { omit: 'absent' }),
      blockOwnerDeletion: flag('The owner waits for this object to go.', { omit: 'absent' }),
    }),
  ),
  finalizers: list('Not used.', text('A finalizer.')),
  managedFields: list(
    'Not used.',
    map(
      'Who set which fields.',
      custom('Anything.', 'anything', (raw) => raw, { json: {} }),
    ),
  ),
})

export type Metadata = ValueOf<typeof metadataSchema>
