import { addChangeFromFilesOptions, changeFromFiles, type ChangeFromFilesOptions } from './change.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'

export const define: Define = (command, run) => {
  addChangeFromFilesOptions(command, 'what to replace')
  withExamples(command, [
    ['calicoctl replace -f policy.yaml', 'fails if the policy does not exist'],
    ['calicoctl get gnp web -o yaml > web.yaml; $EDITOR web.yaml; calicoctl replace -f web.yaml', 'refused if someone else changed it meanwhile'],
  ])
  command.action(run((context, options: ChangeFromFilesOptions) => changeFromFiles({ verb: 'replace', past: 'replaced' }, options, context)))
}
