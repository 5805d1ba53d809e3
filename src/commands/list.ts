/** Every command, in the order in which `--help` lists them; what they do is in `table.ts`. Kept apart so that help costs no loading. */
export const commandList = [
  { name: 'get', group: 'resources', summary: 'Show resources' },
  { name: 'apply', group: 'resources', summary: 'Create resources, or change those that exist' },
  { name: 'create', group: 'resources', summary: 'Create resources that do not exist yet' },
  { name: 'replace', group: 'resources', summary: 'Replace resources that exist' },
  { name: 'delete', group: 'resources', summary: 'Delete resources' },
  { name: 'patch', group: 'resources', summary: 'Change some fields of a resource' },
  { name: 'label', group: 'resources', summary: 'Set, change or remove labels of a resource' },
  { name: 'why', group: 'policy', summary: 'May one reach another, and which rule says so' },
  { name: 'reach', group: 'policy', summary: 'Who reaches whom on what, by groups' },
  { name: 'exposure', group: 'policy', summary: 'What new endpoints and addresses outside could do' },
  { name: 'applies', group: 'policy', summary: 'Which policies and profiles act on an endpoint' },
  { name: 'selects', group: 'policy', summary: 'Which endpoints a policy or selector picks' },
  { name: 'diff', group: 'policy', summary: 'What would change: fields, and what becomes reachable or unreachable' },
  { name: 'test', group: 'policy', summary: 'Run policy tests' },
  { name: 'lint', group: 'policy', summary: 'Find rules and policies that do not do what they seem to' },
  { name: 'validate', group: 'manifests', summary: 'Check manifests without a datastore' },
  { name: 'convert', group: 'manifests', summary: 'Convert manifests between API versions v1 and v3' },
  { name: 'node', group: 'host', summary: 'Run the agent that enforces policy on this host, and ask how it is' },
  { name: 'ipam', group: 'addresses', summary: 'Show, give back and configure the addresses of workloads' },
  { name: 'datastore', group: 'addresses', summary: 'Lock the datastore, export it, and rename what older releases left' },
  { name: 'version', group: 'about', summary: 'Show the versions of the program and of the cluster' },
] as const

export type CommandName = (typeof commandList)[number]['name']
