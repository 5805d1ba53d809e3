import type { LintRule } from '../rule.ts'

export const notChecked: LintRule = {
  code: 'not-checked',
  severity: 'info',
  summary: 'what could not be looked for: there are no endpoints, or too many rules upon rules',
  explanation: {
    why: `Manifests without endpoints are the usual case in a repository. What then can be told holds for any endpoints; what needs some to be judged is not told:
redundant rules, orders, selectors that pick nothing, profiles that nobody has, name service. What is open to the world is then told of each policy by itself.
Where thousands of rules all act on the same endpoints, shadowed and redundant rules are not proven within a bounded time, and none is told.`,
    bad: 'calicoctl lint -f policies/',
    good: 'calicoctl lint -f policies/ --overlay     # with the endpoints of the datastore',
    fix: 'Give the endpoints too: with --overlay those of the datastore, or a file of them.',
  },
  *find(study) {
    const tell = (message: string, help: string) => ({ code: this.code, severity: this.severity, message, help })
    if (!study.hasEndpoints) {
      yield tell(
        'there are no endpoints: only what holds for any endpoints is told',
        'with -f, --overlay takes the endpoints from the datastore; or add a file of them',
      )
    } else if (study.proofs.gaveUp) {
      yield tell('too many rules act on the same endpoints: shadowed and redundant rules are not told', 'lint fewer policies at once')
    }
  },
}
