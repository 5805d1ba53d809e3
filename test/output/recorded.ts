import { readRecords, recordFiles } from '../conformance/data.ts'
import type { CliCase } from '../conformance/cli-replay.ts'

export interface RecordedOutput {
  /** What stood on stdout; placeholders replaced by a value of their kind. */
  readonly text: string
  /** Where it comes from, for messages. */
  readonly step: string
}

/** What the real calicoctl printed for every `get -o yaml` or `get -o json` that went well. */
export function recordedOutput(format: 'yaml' | 'json'): RecordedOutput[] {
  const found: RecordedOutput[] = []
  for (const folder of ['cli', 'eras']) {
    for (const topic of recordFiles(folder)) {
      for (const recorded of readRecords<CliCase>(`${folder}/${topic}`)) {
        for (const step of recorded.steps) {
          if (!('args' in step) || step.exit !== 0 || step.args[0] !== 'get' || step.args.at(-1) !== format || step.args.at(-2) !== '-o') continue
          found.push({ text: fillPlaceholders(step.stdout), step: `${topic}: ${recorded.name}: ${step.args.join(' ')}` })
        }
      }
    }
  }
  return found
}

/** Recorded text with a value where a placeholder of what two runs do not share stood. */
export function fillPlaceholders(text: string): string {
  return text
    .replaceAll('<REV>', '7')
    .replaceAll('<TIME>', '2026-01-01T00:00:00Z')
    .replaceAll(/<(UID\d+|GUID)>/g, '$1')
}
