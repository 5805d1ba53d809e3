import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderGoTemplate } from '../../../src/output/go-template.ts'

function profile(name: string, spec: object): object {
  return { kind: 'Profile', apiVersion: 'projectcalico.org/v3', metadata: { name, uid: 'u-1', labels: { Site: 'b' } }, spec }
}

const net1 = profile('net1', { ingress: [{ action: 'Allow' }], labelsToApply: { a: '1', b: '' } })
const net2 = profile('net2', { egress: [{ action: 'Deny' }] })
const list = { kind: 'ProfileList', apiVersion: 'projectcalico.org/v3', metadata: { resourceVersion: '7' }, items: [net1, net2] }
const configuration = { kind: 'BGPConfiguration', apiVersion: 'projectcalico.org/v3', metadata: { name: 'default' }, spec: { asNumber: 4200000000 } }

const CASES: readonly (readonly [what: string, template: string, data: unknown, expected: string])[] = [
  ['the items of a list', '{{range .}}{{range .Items}}{{.ObjectMeta.Name}} {{end}}{{end}}', [list], 'net1 net2 '],
  ['resources that were asked for by name', '{{range .}}{{.Kind}}/{{.ObjectMeta.Name}}\n{{end}}', [net1, net2], 'Profile/net1\nProfile/net2\n'],
  ['labels with join', '{{range .}}{{join .Spec.LabelsToApply ","}}{{end}}', [net1], 'a=1,b='],
  ['a text that is not set, which is empty', '{{range .}}ns={{.ObjectMeta.Namespace}}.{{end}}', [net2], 'ns=.'],
  ['a list that is not set, which is empty', '{{range .}}{{len .Spec.Ingress}}{{.Spec.Ingress}}{{end}}', [net2], '0[]'],
  ['names as in JSON', '{{range .}}{{.metadata.name}} {{.spec.ingress}}{{end}}', [net1], 'net1 [map[action:Allow]]'],
  ['fields that Go promotes from metadata', '{{range .}}{{.Name}} {{.UID}} {{.TypeMeta.APIVersion}}{{end}}', [net1], 'net1 u-1 projectcalico.org/v3'],
  ['an object without any field set, which counts as true', '{{range .}}{{with (index .Spec.Ingress 0).Source}}set{{end}}{{end}}', [net1], 'set'],
  ['the metadata of a list', '{{range .}}{{.ListMeta.ResourceVersion}}{{end}}', [list], '7'],
  [
    'items of lists, which know their type',
    '{{range .}}{{(index .Spec.Ingress 0).Action}}{{range .Spec.Ingress}}{{.Action}}{{.Source.Selector}}{{end}}{{end}}',
    [net1],
    'AllowAllow',
  ],
  ['labels, whose keys are taken exactly', '{{range .}}{{.Labels.Site}} {{.Labels.site}}{{end}}', [net1], 'b <no value>'],
  ['large numbers in full', '{{range .}}{{.Spec.ASNumber}}{{end}}', [configuration], '4200000000'],
  ['pointers to nothing', '{{range .}}{{.Spec.ASNumber}}{{end}}', [{ ...configuration, spec: {} }], '<nil>'],
  [
    'a resource without its own kind, as a map',
    '{{.Thing.Name}} {{.nope}}',
    { kind: 'Other', apiVersion: 'v1', thing: { name: 'x' } },
    'x <no value>',
  ],
]

for (const [what, template, data, expected] of CASES) {
  test(`a template sees ${what}`, () => {
    assert.deepEqual(renderGoTemplate(template, data), { text: expected })
  })
}

const REFUSED: readonly (readonly [template: string, data: unknown, message: string, help: string | undefined])[] = [
  ['{{range .}}{{.Nope}}{{end}}', [net1], "template:1:14: can't evaluate field Nope in type Profile", 'its fields: kind, apiVersion, metadata, spec'],
  ['{{range .}}{{.Spec.Ingres}}{{end}}', [net1], "template:1:14: can't evaluate field Ingres in type Profile.spec", 'did you mean ingress?'],
  ['{{.metadata.name}}', [net1], "template:1:3: can't evaluate field metadata in a list", 'go through its items: {{range .}}...{{end}}'],
  ['{{range .}}{{range .}}{{end}}{{end}}', [net1], 'template:1:20: range cannot go through an object', 'it goes through lists, maps and numbers'],
]

for (const [template, data, message, help] of REFUSED) {
  test(`${template} is refused: ${message}`, () => {
    assert.deepEqual(renderGoTemplate(template, data), { problem: { message, help } })
  })
}
