import { kindNamed } from '../model/registry.ts'
import type { Datastore } from '../store/datastore.ts'
import { resourceKey } from '../store/resources/keys.ts'

/** Whether the datastore knows this host. What is missing where it does not was not removed one by one: the datastore was emptied. */
export async function hasNode(datastore: Datastore, node: string): Promise<boolean> {
  const kind = kindNamed('Node')
  if (!kind) throw new Error('no kind Node')
  return (await datastore.get(resourceKey({ kind, name: node }))) !== undefined
}
