import { addChangeFromFilesOptions, changeFromFiles, type ChangeFromFilesOptions } from './change.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'

export const define: Define = (command, run) => {
  addChangeFromFilesOptions(command, 'what to create or change')
  withExamples(command, [
    ['calicoctl apply -f profile.yaml', 'create or change what the file describes'],
    ['calicoctl apply -R -f policies/', 'all manifests of a directory and those below it'],
    ['cat policy.yaml | calicoctl apply -f -', 'from standard input'],
    ['calicoctl apply --atomic -f policies/', 'all in one transaction, or nothing'],
    ['calicoctl apply -f policies/ --test tests/', 'only if these policy tests will pass'],
  ])
  command.action(run((context, options: ChangeFromFilesOptions) => changeFromFiles({ verb: 'apply', past: 'applied' }, options, context)))
}
