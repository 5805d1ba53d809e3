import type { Comparison } from '../../policy/diff/compare.ts'
import type { GroupNames } from '../../policy/diff/names.ts'
import type { Note } from '../../policy/diff/notes.ts'
import type { JointEndpoint } from '../../policy/diff/joint.ts'
import { plural } from '../why/words.ts'
import type { ResourceDifference } from './resources.ts'
import { changeWord } from './words.ts'

/** All that there is to tell. A part that was not asked for is undefined. */
export interface Report {
  readonly fields: readonly ResourceDifference[] | undefined
  readonly reach: Reachability | undefined
}

export interface Reachability {
  readonly comparison: Comparison
  readonly names: GroupNames
  readonly notes: readonly Note[]
}

/** The endpoints that are on one side only. */
export function oneSided({ endpoints }: Comparison): { readonly appeared: readonly JointEndpoint[]; readonly disappeared: readonly JointEndpoint[] } {
  return { appeared: endpoints.filter(({ before }) => !before), disappeared: endpoints.filter(({ after }) => !after) }
}

/** As in `1 resource added, 2 changed; 3 connections lost, 1 gained`. */
export function summaryOf({ fields, reach }: Report): string {
  const count = <T>(list: readonly T[], test: (item: T) => boolean) => list.filter(test).length
  const texts: string[] = []
  if (fields) {
    const counts = (['added', 'changed', 'removed'] as const).flatMap((change) => {
      const number = count(fields, (one) => one.change === change)
      return number === 0 ? [] : [`${plural(number, 'resource')} ${change}`]
    })
    texts.push(counts.length === 0 ? 'no resource differs' : counts.join(', '))
  }
  if (reach) {
    const counts = (['lost', 'gained', 'unclear'] as const).flatMap((change) => {
      const number = count(reach.comparison.rows, (row) => changeWord(row) === change)
      return number === 0 ? [] : [`${number} ${change}`]
    })
    texts.push(counts.length === 0 ? 'the same is reachable' : `reachability: ${counts.join(', ')}`)
  }
  return texts.join('; ')
}
