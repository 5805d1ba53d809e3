import { DatastoreError } from '../datastore.ts'
import { compactedError, futureError, lostLeaseError } from './limits.ts'

/** What an error of etcd3 or gRPC means, as a sentence for the user. `store` names the datastore; the original is kept as the cause. */
export function toDatastoreError(error: unknown, store: string): DatastoreError {
  if (error instanceof DatastoreError) return error
  const name = error instanceof Error ? error.constructor.name : ''
  const text = error instanceof Error ? error.message : String(error)
  const reason = reasonOf(text)
  const failed = (...[code, message, help]: [DatastoreError['code'], string, string?]) =>
    new DatastoreError(code, message, { cause: error, ...(help === undefined ? {} : { help }) })
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
  if (/authentication is not enabled/i.test(text)) {
    return failed('unauthorized', `${store} knows no users: authentication is not enabled there`, 'leave out ETCD_USERNAME and ETCD_PASSWORD')
  }
  if (/required revision has been compacted/i.test(text)) return compactedError(store)
  if (/future revision/i.test(text)) return futureError(store)
  if (/requested lease not found/i.test(text)) return lostLeaseError(store)
  if (/space exceeded|NOSPACE/i.test(text)) {
    return failed(
      'full',
      `${store} is full and takes no more writes`,
      'free space: compact and defragment it, then clear the alarm with `etcdctl alarm disarm`',
    )
  }
  if (/request is too large|message larger than max/i.test(text)) {
    return failed('too-large', `too large for ${store}, which takes requests of up to 1.5 MiB`)
  }
  if (LEADERLESS.test(text)) {
    return failed('unreachable', `${store} has no leader at the moment`, 'are most of its members running? Try again')
  }
  if (SILENT.test(text)) {
    return failed('timeout', `${store} did not answer in time`, 'is it overloaded, without a leader, or behind a firewall that drops packets?')
  }
  if (/E(CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN)\b|Name resolution failed/i.test(reason)) {
    return failed('unreachable', `cannot reach ${store}: ${reason}`, 'is it running, and is the address right? See ETCD_ENDPOINTS or --config')
  }
  if (/certificate|\bSSL|\bTLS|ssl3|wrong version number|CERT_|self.signed|\bPEM\b|passphrase|key values mismatch|altname/i.test(reason)) {
    return failed(
      'tls',
      `cannot make a secure connection to ${store}: ${sayable(reason)}`,
      'check ETCD_CA_CERT_FILE, ETCD_CERT_FILE and ETCD_KEY_FILE, and whether the endpoint is https',
    )
  }
  if (isLost(name, text)) {
    return failed(
      'unreachable',
      `cannot reach ${store}: ${reason}`,
      'is it running, and is the address right (http or https)? See ETCD_ENDPOINTS or --config',
    )
  }
  return failed('other', `${store}: ${reason}`)
}

/** Whether a read that failed so may be tried again at once: the connection broke, or the cluster is about to find a leader. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DatastoreError) return false
  const { message } = error
  // No connection at all is settled by then: every endpoint was tried.
  return LEADERLESS.test(message) || (isLost(error.constructor.name, message) && !/No connection established/.test(message))
}

/** Whether another member may know better: this one is not there, silent, or has no leader. */
export function isOfMember(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DatastoreError) return false
  return LEADERLESS.test(error.message) || SILENT.test(error.message) || isLost(error.constructor.name, error.message) || wasNeverSent(error)
}

/** Whether there was no connection to send it through: it has not been done, and may be tried again. */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof Error && /No connection established|ECONNREFUSED/.test(error.message)
}

// --- internal ---

const SILENT = /Deadline exceeded|DEADLINE_EXCEEDED/i
const LEADERLESS = /no leader|leader changed|request timed out|not capable|server stopped|too many requests/i

function isLost(name: string, text: string): boolean {
  return name === 'GRPCUnavailableError' || /No connection established|ECONNRESET|UNAVAILABLE/i.test(text)
}

/** The part of gRPC's text that says something. */
function reasonOf(text: string): string {
  const reason = /(?:Last error: |details: "?|desc = )(.+)/s.exec(text)?.[1] ?? text
  return reason
    .replace(/\. Resolution note:.*$/s, '')
    .replace(/^Error: /, '')
    .replace(/^\d+ [A-Z_]+: /, '')
    .trim()
}

/** OpenSSL's words are in the last part but one: `140...:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/...:354:`. */
function sayable(reason: string): string {
  const words = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(reason)?.[1]
  return words ?? reason
}
