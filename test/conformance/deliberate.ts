/**
 * Where we answer otherwise than the recorded software, on purpose. Every entry has a reason that a user would agree with; whatever else differs is a fault.
 * Names are matched as patterns, so that variants of the same question stand together.
 */
interface Deliberate {
  /** Folder and file of the recorded answers, or a pattern for several. */
  readonly file: string | RegExp
  readonly name: string | RegExp
  readonly reason: string
}

const AMBIGUOUS =
  'YAML 1.1 and 1.2 read this unquoted scalar differently (yes, 010, 0b11, 1_000), so it means one thing to Calico and another to most other tools; ' +
  'we ask to quote it or to write the number out instead of guessing.'

const TWICE = 'The same field twice in different letter case is a mistake as much as twice in the same; Calico silently takes one of them.'

const CANNOT_WORK =
  'Calico has no schema for profiles and stores words that no agent understands (action deny, IP version 3, a rule without action): the rule would never do ' +
  'what it says. We refuse it, as Calico does in policies.'

const LISTED_NAME =
  'Calico lists a policy of an older release as "allow-web" but does not find it under that name, and applying the list makes a second policy beside the ' +
  'first. Here the listed name is found, and applying it changes the one policy.'

const LEFT_BEHIND = 'An address of a disabled or deleted pool can be in use still; Calico says that it is not assigned, here it is said who has it.'

export const deliberateDifferences: readonly Deliberate[] = [
  { file: 'ipam/pools', name: /^a disabled pool, step [56]$/, reason: LEFT_BEHIND },
  { file: 'ipam/reservations', name: 'blocks outside any pool, both families, step 5', reason: LEFT_BEHIND },
  {
    file: 'ipam/reservations',
    name: /^blocks outside any pool, both families, step [34]$/,
    reason: 'IPv6 blocks that lie in no pool are listed as those of IPv4 are; Calico leaves them out.',
  },
  {
    file: 'ipam/reservations',
    name: /^utilisation, step [34578]$/,
    reason: 'Calico counts pools of 2^63 addresses and more wrongly (too small, or negative); here the numbers are right.',
  },
  { file: /^eras\/era-v3-(?:23|28|31)-kinds$/, name: /^v3\.\d+: (?:Staged)?(?:Global)?NetworkPolicy$/, reason: LISTED_NAME },
  {
    file: 'cli/flags',
    name: 'a flag given twice: the last wins',
    reason: 'Several -f are several manifests, as in kubectl; Calico silently reads the last one only.',
  },
  {
    file: 'validation/profile',
    name: /^(?:ingress|egress) rule (?:action: (?:upper|lower|null|empty|unknown)|field (?:action|ipVersion) bad)$/,
    reason: CANNOT_WORK,
  },
  { file: 'validation/profile', name: /^spec\.(?:ingress|egress): (?:empty|null)-(?:rule|item)$/, reason: CANNOT_WORK },
  {
    file: 'validation/document',
    name: /^scalar as (?:label value|annotation value|order|port): (?:yes|no|on|off|y|n|octal11|bin|under|sexagesimal)$/,
    reason: AMBIGUOUS,
  },
  { file: 'validation/document', name: /^(?:yes-no|octal) label key$/, reason: AMBIGUOUS },
  { file: /^validation\/(?!document)/, name: /: (?:octal|octal-1\.1|underscore|binary|bin)$/, reason: AMBIGUOUS },
  { file: /^validation\//, name: /^metadata\.name: (?:yes|no|on|off|y|n)$/, reason: AMBIGUOUS },
  { file: 'cli/input', name: 'numbers and booleans where text is wanted', reason: AMBIGUOUS },
  { file: 'cli/input', name: 'numbers in several notations', reason: AMBIGUOUS },
  {
    file: 'validation/document',
    name: 'selector written as bang plain',
    reason: 'Unquoted, !has(a) is a YAML tag on an empty value: Calico stores a policy that selects everything. We refuse it and say to quote it.',
  },
  {
    file: 'validation/document',
    name: 'unknown tag',
    reason: 'A tag that nobody knows is most likely a value that wants quotes; Calico drops it without a word, we say so.',
  },
  {
    file: 'validation/document',
    name: 'JSON two objects',
    reason: 'Calico reads the first object and drops the second without a word; a manifest of which a part would be lost is refused.',
  },
  {
    file: 'validation/document',
    name: 'NEL and LS',
    reason: 'U+0085, U+2028 and U+2029 are line breaks in YAML 1.1 and ordinary characters in 1.2: unescaped, the text would mean two things.',
  },
  { file: 'validation/document', name: 'case-different key', reason: TWICE },
  {
    file: /^validation\//,
    name: /^(?:Spec: case|metadata\.Name: case|spec\.Selector: misplaced|(?:ingress|egress) rule shape: case)$/,
    reason: TWICE,
  },
  { file: 'validation/bgppeer', name: /^spec\.(?:peerip|ASNumber): unknown$/, reason: TWICE },
  { file: 'validation/ippool', name: 'spec.CIDR: unknown or legacy', reason: TWICE },
  { file: 'validation/node', name: 'spec.bgp.ipv4address: unknown', reason: TWICE },
  {
    file: 'validation/node',
    name: 'spec.addresses: bad-type',
    reason:
      'Nobody reads addresses of another type than CalicoNodeIP, InternalIP and ExternalIP: a mistyped one is refused instead of being ignored for ever.',
  },
  {
    file: 'validation/document',
    name: 'two documents, first invalid value',
    reason: 'A file with one bad document changes nothing; Calico stores the good ones and leaves the user with half of the file.',
  },
  {
    file: 'validation/document',
    name: 'v1 List',
    reason: 'kind: List is what kubectl prints and what "convert" reads and writes; here every verb reads it.',
  },
  {
    file: 'validation/document',
    name: 'v1 manifest',
    reason: 'Manifests of Calico 2.6 (apiVersion v1) are accepted wherever manifests are, by conversion.',
  },
  {
    file: 'convert/convert',
    name: /^workloadEndpoint: named ports with protocol names/,
    reason: 'Calico leaves the protocol in lower case and then refuses its own result; it capitalises that of host endpoints, and here both are.',
  },
  {
    file: 'convert/convert',
    name: /^(?:an empty array|empty input)$/,
    reason: 'Calico prints "null" and is content; nothing to convert is more likely a mistake, so it is told.',
  },
  {
    file: 'convert/convert',
    name: /^(?:typed list|kind List of v1 resources)$/,
    reason: 'Lists are what calicoctl v1 and kubectl print; Calico takes arrays only, here all of them are read.',
  },
  {
    file: 'convert/convert',
    name: 'comments before and between',
    reason: 'A document of comments has nothing in it that could be lost; Calico fails on it.',
  },
  {
    file: 'convert/convert',
    name: 'duplicate key',
    reason: 'The same field twice is a mistake; Calico takes the last one and drops the other without a word.',
  },
  { file: 'convert/convert', name: 'name is a YAML boolean', reason: AMBIGUOUS },
]

/** Why a recorded case is answered otherwise, or undefined when it must be answered alike. */
export function deliberate(file: string, name: string): string | undefined {
  return deliberateDifferences.find((entry) => isAbout(entry, file, name))?.reason
}

/** Whether an entry of the list is about this case. */
export function isAbout(entry: Deliberate, file: string, name: string): boolean {
  return matches(entry.file, file) && matches(entry.name, name)
}

// --- internal ---

function matches(pattern: string | RegExp, text: string): boolean {
  return typeof pattern === 'string' ? pattern === text : pattern.test(text)
}
