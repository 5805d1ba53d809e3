import { addChangeFromFilesOptions, changeFromFiles, type ChangeFromFilesOptions } from './change.ts'
import { withExamples } from './help.ts'
import type { Define } from './table.ts'

export const define: Define = (command, run) => {
  addChangeFromFilesOptions(command, 'what to create')
  command.option('--skip-exists', 'what exists already counts as created', false)
  withExamples(command, [
    ['calicoctl create -f profile.yaml', 'fails if the profile exists'],
    ['calicoctl create --skip-exists -f policies/', 'creates only what is missing'],
  ])
  command.action(run((context, options: ChangeFromFilesOptions) => changeFromFiles({ verb: 'create', past: 'created' }, options, context)))
}
