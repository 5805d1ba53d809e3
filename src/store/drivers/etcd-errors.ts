import { DatastoreError } from '../datastore.ts'

/** What an error of etcd3 or gRPC means, as a sentence for the user. `store` names the datastore; the original is kept as the cause. */
export function toDatastoreError(error: unknown, store: string): DatastoreError {
  if (error instanceof DatastoreError) return error
  const name = error instanceof Error ? error.constructor.name : ''
  const text = error instanceof Error ? error.message : String(error)
  const failed = (...[code, message, help]: [DatastoreError['code'], string, string?]) =>
    new DatastoreError(code, message, { cause: error, ...(help === undefined ? {} : { help }) })
  if (/certificate|SSL|TLS|ssl3|wrong version number|CERT_|self.signed/i.test(text)) {
    return failed(
      'tls',
      `cannot make a secure connection to ${store}: ${reasonOf(text)}`,
      'check ETCD_CA_CERT_FILE, ETCD_CERT_FILE and ETCD_KEY_FILE, and whether the endpoint is https',
    )
  }
  if (name === 'EtcdAuthenticationFailedError' || /authentication failed|invalid auth token|user name is empty/i.test(text)) {
    return failed('unauthorized', `connection is unauthorized: ${store} refused the user name or password`, 'check ETCD_USERNAME and ETCD_PASSWORD')
  }
  if (name === 'EtcdPermissionDeniedError' || /permission denied/i.test(text)) {
    return failed(
      'unauthorized',
      `connection is unauthorized: the user may not do this in ${store}`,
      'ask for a role with read and write access to /calico/',
    )
  }
  if (/compacted/i.test(text)) return failed('compacted', `that revision is gone from ${store}: its history has been compacted`)
  if (/space exceeded|NOSPACE/i.test(text))
    return failed(
      'full',
      `${store} is full and takes no more writes`,
      'free space: compact and defragment it, then clear the alarm with `etcdctl alarm disarm`',
    )
  if (/request is too large/i.test(text)) return failed('other', `a resource is too large for ${store}: a request may have 1.5 MiB`)
  if (/Deadline exceeded|DEADLINE_EXCEEDED/i.test(text)) {
    return failed('timeout', `${store} did not answer in time`, 'is it overloaded, without a leader, or behind a firewall that drops packets?')
  }
  if (
    /No connection established|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ECONNRESET|UNAVAILABLE|Name resolution failed/i.test(text) ||
    name === 'GRPCUnavailableError'
  ) {
    return failed(
      'unreachable',
      `cannot reach ${store}: ${reasonOf(text)}`,
      'is it running, and is the address right? See ETCD_ENDPOINTS or --config',
    )
  }
  return failed('other', `${store}: ${reasonOf(text)}`)
}

// --- internal ---

/** The part of gRPC's text that says something. */
function reasonOf(text: string): string {
  const reason = /(?:Last error: |details: "?|desc = )(.+)/s.exec(text)?.[1] ?? text
  return reason
    .replace(/^Error: /, '')
    .replace(/\. Resolution note:.*$/s, '')
    .replace(/^\d+ [A-Z_]+: /, '')
    .trim()
}
