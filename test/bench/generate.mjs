/** Manifests of any size, the same for the same arguments. */

/** Profiles as Docker networks have them; `mark` goes into a label, so that another mark makes them all changed. */
export function profiles(count, mark = '') {
  return documents(count, (i) => {
    const name = count === 1 ? 'net1' : `net-${String(i).padStart(6, '0')}`
    return `apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: ${name}
spec:
  egress:
  - action: Allow
  ingress:
  - action: Allow
    source:
      selector: ${name} == ''
  labelsToApply:
    ${name}: "${mark}"
`
  })
}

/** Policies of about 480 bytes each. */
export function policies(count) {
  return documents(
    count,
    (i) => `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: allow-web-${String(i).padStart(6, '0')}
  namespace: team-${i % 50}
spec:
  order: ${100 + (i % 900)}
  selector: app == 'web-${i % 700}' && tier in {'front', 'edge'}
  types:
  - Ingress
  - Egress
  ingress:
  - action: Allow
    protocol: TCP
    source:
      selector: role == 'client-${i % 300}'
      nets:
      - 10.${i % 250}.0.0/16
    destination:
      ports:
      - 80
      - 443
  egress:
  - action: Deny
`,
  )
}

// --- internal ---

function documents(count, make) {
  return Array.from({ length: count }, (_, i) => make(i)).join('---\n')
}
