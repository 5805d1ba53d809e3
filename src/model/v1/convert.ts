import type { Fault } from '../decode.ts'
import { API_VERSION, type Resource } from '../kind.ts'
import { formatResourceName, type Problem } from '../problem.ts'
import { kindNamed } from '../registry.ts'
import { arrangeResource, completeResource, decodeResource, validateResource } from '../resource.ts'
import { documentOf } from './document.ts'
import { revert } from './from-v3.ts'
import type { Report, V1Resource } from './kind.ts'
import { isKubernetesPolicy, KUBERNETES_API_VERSION } from './kubernetes-policy.ts'
import { v1KindNamed, v1KindOf, v1Kinds } from './registry.ts'
import { checkConverted, v1ToV3 } from './to-v3.ts'

export { v3ToV1 } from './from-v3.ts'

/**
 * What reading manifests needs: a v1 document becomes a v3 resource that passes every check of v3, whose faults have paths in the v1 document.
 * Undefined when faults were reported.
 */
export const v1Converter = Object.assign((...given: Parameters<typeof convert>) => convert(...given), { kinds: v1Kinds.map((kind) => kind.kind) })

/** The same for `convert`, which takes Kubernetes' NetworkPolicy too. */
export const anyConverter = Object.assign((...given: Parameters<typeof convert>) => convert(...given), {
  kinds: v1Converter.kinds,
  takes: (kind: string, apiVersion: string): boolean => kind === 'NetworkPolicy' && apiVersion === KUBERNETES_API_VERSION,
})

/** One resource that stands in the input of `convert`. */
export interface ConvertItem {
  /** As parsed. */
  readonly raw: Record<string, unknown>
  /** Makes a problem of a fault, with its place in the input. */
  readonly problem: (fault: Fault) => Problem
}

export interface ConvertOptions {
  /** The version to convert to. */
  readonly to: 'v1' | 'v3'
  /** Gives out what v3 would refuse, too (`--ignore-validation`). What v1 itself refuses is still refused. */
  readonly ignoreValidation?: boolean
}

export interface Converted {
  /**
   * To print as it is: one resource bare, several as a `List` (v3) or an array (v1, whose tools know no `List`). Absent when a problem is an error, and when
   * there was nothing to convert.
   */
  readonly document?: object
  readonly problems: readonly Problem[]
  /** All errors come from the checks of v3: `--ignore-validation` would give the result out. */
  readonly onlyInvalid: boolean
}

/**
 * Converts resources without any datastore, all or none (`reference/calicoctl.md 3.5`). Two that get the same name are reported as a warning. Kubernetes'
 * NetworkPolicy is taken besides the v1 kinds.
 */
export function convertDocuments(items: readonly ConvertItem[], options: ConvertOptions): Converted {
  const conversion = new Conversion(options)
  const results = items.map((item) => (options.to === 'v3' ? conversion.toV3(item) : conversion.toV1(item)))
  const { problems, onlyInvalid } = conversion
  if (items.length === 0 || problems.some((problem) => problem.severity === 'error')) return { problems, onlyInvalid }
  const [first] = results
  const document = first && results.length === 1 ? first : options.to === 'v1' ? results : listOf(results)
  return { document, problems, onlyInvalid: false }
}

// --- internal ---

class Conversion {
  readonly problems: Problem[] = []
  onlyInvalid = true
  readonly #options: ConvertOptions
  readonly #names = new Set<string>()

  constructor(options: ConvertOptions) {
    this.#options = options
  }

  toV3(item: ConvertItem): Resource | undefined {
    const { raw } = item
    const refused = this.#refused(item, isKubernetesPolicy(raw) || isV1(raw), API_VERSION)
    const converted = refused ? undefined : v1ToV3(raw, (fault) => this.#error(item, fault))
    if (!converted) return undefined
    if (!this.#options.ignoreValidation) checkConverted(converted, raw, (fault) => this.#invalid(item, converted, fault))
    this.#remember(item, converted)
    const kind = kindNamed(converted.kind)
    return kind && arrangeResource(kind, converted)
  }

  toV1(item: ConvertItem): V1Resource | undefined {
    const kind = kindNamed(String(documentOf(item.raw).get('kind')))
    if (this.#refused(item, !isV1(item.raw) && kind !== undefined, 'v1') || !kind) return undefined
    let failed = false
    const report = (fault: Fault): void => {
      failed = true
      this.#error(item, fault)
    }
    const resource = decodeResource(kind, item.raw, { report })
    if (failed) return undefined
    completeResource(kind, resource)
    if (!this.#options.ignoreValidation) validateResource(kind, resource, report)
    if (failed) return undefined
    const { resource: converted, losses } = revert(resource)
    for (const { severity, fault } of losses) {
      if (severity === 'error') this.onlyInvalid = false
      this.problems.push({ ...item.problem(fault), severity })
    }
    return converted
  }

  #refused(item: ConvertItem, known: boolean, version: string): boolean {
    if (known) return false
    const document = documentOf(item.raw)
    const [kind, apiVersion] = [String(document.get('kind')), String(document.get('apiVersion'))]
    const already = apiVersion === version
    const message = already ? `this ${kind} is of ${version} already` : `conversion for the resource type '${kind}' of ${apiVersion} is not supported`
    const help = already ? 'leave it out' : `kinds that can be converted: ${v1Kinds.map((one) => (version === 'v1' ? one.v3 : one.kind)).join(', ')}`
    this.#error(item, { code: 'not-convertible', path: [already ? 'apiVersion' : 'kind'], message, help })
    return true
  }

  #error(item: ConvertItem, fault: Fault): void {
    this.onlyInvalid = false
    this.problems.push(item.problem(fault))
  }

  /** A limit that came after the last release with `convert` is no reason to give out nothing: the user may have an older Calico. */
  #invalid(item: ConvertItem, converted: Resource, fault: Fault): void {
    const problem = item.problem(fault)
    const later = v1KindOf(converted.kind)?.body.laterLimits?.includes(fault.path.join('.')) ?? false
    if (later) this.problems.push({ ...problem, severity: 'warning' })
    else this.problems.push(problem)
  }

  #remember(item: ConvertItem, { kind, metadata }: Resource): void {
    if (!metadata.name) return
    const { name, namespace } = metadata
    const key = formatResourceName({ kind, name, ...(namespace === undefined ? {} : { namespace }) })
    if (this.#names.has(key)) {
      const message = `more than one document becomes ${key}`
      const fault: Fault = { code: 'duplicate-name', path: ['metadata'], message, help: 'when they are applied the last one wins' }
      this.problems.push({ ...item.problem(fault), severity: 'warning' })
    }
    this.#names.add(key)
  }
}

function isV1(raw: Readonly<Record<string, unknown>>): boolean {
  const document = documentOf(raw)
  return document.get('apiVersion') === 'v1' && v1KindNamed(String(document.get('kind'))) !== undefined
}

function listOf(items: readonly unknown[]): object {
  return { kind: 'List', apiVersion: 'v1', metadata: {}, items }
}

function convert(raw: Record<string, unknown>, report: Report): readonly Record<string, unknown>[] | undefined {
  const converted = v1ToV3(raw, report)
  return converted && checkConverted(converted, raw, report) ? [{ ...converted }] : undefined
}
