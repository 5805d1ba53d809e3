/** The Calico release whose data we read and write exactly (`reference/model.md 0`, era F). */
export const CALICO_RELEASE = 'v3.33.0'

/** `v3.33.0-2-gabc` as `3.33.0`: how versions are compared. */
export function plainVersion(version: string): string {
  return version.replace(/^v/, '').split('-')[0] ?? ''
}
