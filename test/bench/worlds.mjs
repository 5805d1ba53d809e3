/** Worlds of any size, as resources; the same for the same arguments. */

/**
 * Namespaces of 10 applications each, whose endpoints differ by tier, environment and name; in less than half of the namespaces, policies of 4 rules with ports, networks, denials
 * and passes, and some for all namespaces.
 */
export function typicalWorld(endpoints, policies) {
  const random = generator(42)
  return [
    ...tiers(),
    ...Array.from({ length: 100 }, (_, i) => namespaceProfile(i)),
    ...Array.from({ length: 20 }, (_, i) => networkSet(i, random)),
    ...Array.from({ length: endpoints }, (_, i) => endpoint(i)),
    ...Array.from({ length: policies }, (_, i) => typicalPolicy(i, random)),
  ]
}

/** The worst for an index: every selector of every policy and rule names one endpoint. */
export function hostileWorld(endpoints, policies) {
  const random = generator(7)
  const one = () => `name == 'pod-${random(endpoints)}'`
  return [
    ...tiers(),
    ...Array.from({ length: 100 }, (_, i) => namespaceProfile(i)),
    ...Array.from({ length: endpoints }, (_, i) => endpoint(i)),
    ...Array.from({ length: policies }, (_, i) => ({
      kind: 'GlobalNetworkPolicy',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name: `policy-${i}` },
      spec: {
        order: i,
        selector: `${one()} || ${one()}`,
        types: ['Ingress', 'Egress'],
        ingress: [0, 1, 2].map(() => ({
          action: 'Allow',
          protocol: 'TCP',
          source: { selector: `${one()} || ${one()}` },
          destination: { ports: [1 + random(8)] },
        })),
        egress: [0, 1, 2].map(() => ({
          action: 'Allow',
          protocol: 'TCP',
          destination: { selector: `${one()} || ${one()}`, ports: [1 + random(8)] },
        })),
      },
    })),
  ]
}

/** An endpoint of these worlds; another `mark` changes one of its labels. */
export function endpoint(i, mark) {
  const [namespace, app] = [i % 100, Math.floor(i / 100) % 10]
  return {
    kind: 'WorkloadEndpoint',
    apiVersion: 'projectcalico.org/v3',
    metadata: {
      name: `pod-${i}`,
      namespace: `ns-${namespace}`,
      labels: {
        'projectcalico.org/namespace': `ns-${namespace}`,
        'projectcalico.org/orchestrator': 'k8s',
        app: `app-${app}`,
        tier: ['front', 'back', 'data'][app % 3],
        env: ['prod', 'dev'][namespace % 2],
        name: mark ?? `pod-${i}`,
      },
    },
    spec: {
      node: `node-${i % 50}`,
      profiles: [`kns.ns-${namespace}`],
      ipNetworks: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`],
      ports: app === 0 ? [{ name: 'http', protocol: 'TCP', port: 8080 }] : [],
    },
  }
}

/** A policy of the typical world; other rules for another `random`. */
export function typicalPolicy(i, random = generator(i)) {
  const namespaced = random(10) < 8
  const app = () => `app == 'app-${random(10)}'`
  const peer = () => {
    const kind = random(10)
    if (kind < 4) return { selector: app() }
    if (kind < 6) return { selector: `tier == '${['front', 'back', 'data'][random(3)]}'`, namespaceSelector: `team == 'team-${random(10)}'` }
    if (kind < 7) return { selector: `env == 'prod' && ${app()}`, namespaceSelector: 'all()' }
    if (kind < 8) return { selector: `set == 'set-${random(20)}'`, namespaceSelector: 'global()' }
    return { nets: [random(5) === 0 ? CUTS[random(3)] : `172.${16 + random(16)}.0.0/16`, `192.168.${random(32)}.0/24`] }
  }
  const rule = (direction) => {
    const action = ['Allow', 'Allow', 'Allow', 'Allow', 'Allow', 'Deny', 'Pass'][random(7)]
    const ports = random(4) === 0 ? ['http'] : [[80], [443], [8080, 8443], ['9000:9100'], [5432]][random(5)]
    return direction === 'ingress'
      ? { action, protocol: 'TCP', source: peer(), destination: { ports } }
      : { action, protocol: random(5) === 0 ? 'UDP' : 'TCP', destination: { ...peer(), ports } }
  }
  return {
    kind: namespaced ? 'NetworkPolicy' : 'GlobalNetworkPolicy',
    apiVersion: 'projectcalico.org/v3',
    metadata: namespaced ? { name: `policy-${i}`, namespace: `ns-${i % 45}` } : { name: `policy-${i}` },
    spec: {
      tier: ['default', 'default', 'default', 'platform'][random(4)],
      order: random(1000),
      selector: namespaced ? app() : `${app()} && env == '${['prod', 'dev'][random(2)]}'`,
      types: ['Ingress', 'Egress'],
      ingress: [rule('ingress'), rule('ingress')],
      egress: [rule('egress'), rule('egress')],
    },
  }
}

// --- internal ---

/** Networks that hold some of the endpoints, or all. */
const CUTS = ['10.0.0.0/8', '10.0.0.0/20', '10.1.0.0/16']

function tiers() {
  return [{ kind: 'Tier', apiVersion: 'projectcalico.org/v3', metadata: { name: 'platform' }, spec: { order: 10, defaultAction: 'Pass' } }]
}

function namespaceProfile(i) {
  return {
    kind: 'Profile',
    apiVersion: 'projectcalico.org/v3',
    metadata: { name: `kns.ns-${i}` },
    spec: { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }], labelsToApply: { 'pcns.team': `team-${i % 10}`, 'pcns.name': `ns-${i}` } },
  }
}

function networkSet(i, random) {
  const nets = Array.from({ length: 5 }, () => `172.${16 + random(16)}.${random(256)}.0/24`)
  return { kind: 'GlobalNetworkSet', apiVersion: 'projectcalico.org/v3', metadata: { name: `set-${i}`, labels: { set: `set-${i}` } }, spec: { nets } }
}

/** Whole numbers below a bound, the same ones at every run. */
function generator(seed) {
  let state = seed + 1
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
