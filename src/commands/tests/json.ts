import { formatIp } from '../../model/net.ts'
import type { Problem } from '../../model/problem.ts'
import { nameOf } from '../../policy/connections/describe.ts'
import { deciderOf } from '../../policy/decider.ts'
import { traceOf } from '../../policy/interpreter/trace.ts'
import type { Side } from '../../policy/interpreter/walk.ts'
import type { EntryResult } from '../../policy/tests/check.ts'
import type { End, Examined } from '../../policy/why/examine.ts'
import { rulePath } from '../../policy/words.ts'
import { sourceOf } from '../answer.ts'
import type { TestResult } from './run.ts'
import { entryProblem, entryTitle, testTitle } from './words.ts'

/** Results as data: `tests`, each with its `entries`; one that did not pass has a `problem`, and an `example` where a packet shows it. */
export function testsJson(results: readonly TestResult[]): readonly unknown[] {
  return results.map(({ test, entries }) => ({
    name: testTitle(test),
    file: test.file,
    entries: entries.map(({ entry, result }) => {
      const { expect, from, to, ports, except, by } = entry
      const problem = entryProblem(test, entry, result)
      const example = exampleOf(result)
      return {
        name: entryTitle(entry),
        ...test.locate(entry.path).start,
        expect,
        from,
        to,
        ports,
        ...(except.length > 0 ? { except } : {}),
        ...(by === undefined ? {} : { by }),
        status: result.status,
        ...(problem ? { problem: problemJson(problem) } : {}),
        ...(example ? { example: exampleJson(example) } : {}),
      }
    }),
  }))
}

/** As in other reports of problems. */
export function problemJson({ code, message, file, range, path, notes, help }: Problem): unknown {
  return { code, message, file, range, path, notes, help }
}

// --- internal ---

function exampleOf(result: EntryResult): Examined | undefined {
  if (result.status === 'passed') return undefined
  const { reason } = result
  return reason.type === 'packet' || reason.type === 'decided-otherwise' ? reason.example : undefined
}

/** A probe and its answer, in the shape in which `why --batch` has them. */
function exampleJson({ from, to, header, egress, ingress, verdict }: Examined): unknown {
  const { protocol, srcPort, dstPort, icmpType, icmpCode } = header
  const trace = { ...(egress ? { egress: traceOf(egress) } : {}), ...(ingress ? { ingress: traceOf(ingress) } : {}) }
  return {
    from: whereJson(from),
    to: whereJson(to),
    protocol: nameOf(protocol),
    srcPort,
    dstPort,
    icmpType,
    icmpCode,
    egress: egress?.verdict ?? '-',
    ingress: ingress?.verdict ?? '-',
    verdict,
    trace,
    source: { egress: ruleSource(egress), ingress: ruleSource(ingress) },
  }
}

function whereJson({ endpoint, ip }: End): unknown {
  const key = endpoint?.kind === 'host' ? { hostEndpoint: endpoint.name } : endpoint ? { endpoint: endpoint.id } : {}
  return { ip: formatIp(ip), ...key }
}

/** Where the rule that decided at an end stands. */
function ruleSource(side: Side | undefined): unknown {
  const decider = side && deciderOf(side)
  return decider?.type === 'rule' ? sourceOf(decider.owner.origin, rulePath(decider.rule)) : undefined
}
