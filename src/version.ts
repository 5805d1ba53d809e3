declare const CALICOCTL_VERSION: string | undefined
declare const CALICOCTL_COMMIT: string | undefined
declare const CALICOCTL_BUILD: string | undefined

/** What the bundle was built from; tests that run the sources have `0.0.0`. */
export const VERSION: string = typeof CALICOCTL_VERSION === 'string' ? CALICOCTL_VERSION : '0.0.0'
export const COMMIT: string = typeof CALICOCTL_COMMIT === 'string' ? CALICOCTL_COMMIT : 'unknown'
/** Another one for each bundle that differs in a byte. */
export const BUILD: string = typeof CALICOCTL_BUILD === 'string' ? CALICOCTL_BUILD : ''
