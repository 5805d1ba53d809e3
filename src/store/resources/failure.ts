import type { Fault } from '../../model/decode.ts'
import { formatResourceName, type ResourceName } from '../../model/problem.ts'

/** Why one resource could not be read or written. Others go on; the command says so and ends with 1. */
export interface ResourceFailure {
  readonly code: 'exists' | 'missing' | 'conflict' | 'unsupported' | 'invalid' | 'unreadable' | 'too-large'
  readonly resource: ResourceName
  /** Holds the peer's key phrase. May hold text of the input: printers make it safe. */
  readonly message: string
  readonly help?: string
  /** For `invalid`: which fields are to blame. */
  readonly faults?: readonly Fault[]
}

/** A single operation's failure as an exception, for callers that ask for one resource. */
export class ResourceError extends Error {
  readonly failure: ResourceFailure

  constructor(failure: ResourceFailure) {
    super(failure.message)
    this.failure = failure
  }
}

export function alreadyExists(resource: ResourceName): ResourceFailure {
  return { code: 'exists', resource, message: `resource already exists: ${formatResourceName(resource)}` }
}

export function doesNotExist(resource: ResourceName): ResourceFailure {
  return { code: 'missing', resource, message: `resource does not exist: ${formatResourceName(resource)}` }
}

export function updateConflict(resource: ResourceName): ResourceFailure {
  return {
    code: 'conflict',
    resource,
    message: `update conflict: ${formatResourceName(resource)}`,
    help: 'it was changed since you read it: get it again, repeat the change, or leave out metadata.resourceVersion',
  }
}

export function notSupported(operation: string, resource: ResourceName, reason: string): ResourceFailure {
  return { code: 'unsupported', resource, message: `operation ${operation} is not supported on ${formatResourceName(resource)}: ${reason}` }
}

export function tooLarge(resource: ResourceName, message: string): ResourceFailure {
  return { code: 'too-large', resource, message: `${formatResourceName(resource)}: ${message}`, help: 'divide it into several resources' }
}

export function invalid(resource: ResourceName, faults: readonly Fault[]): ResourceFailure {
  return { code: 'invalid', resource, message: faults.map((fault) => fault.message).join('; '), faults }
}
