import { flag, struct, text } from './schema.ts'

/** A password that is kept elsewhere: only where to find it is said here. Whoever writes the password itself is not told it back. */
export function passwordReference(description: string) {
  const reference = struct(
    "Where the password is: a Kubernetes Secret in Calico's own namespace.",
    {
      name: text('Name of the secret.'),
      key: text('Which of its entries is the password.', { omit: 'never' }),
      optional: flag('Whether it may be missing.', { omit: 'absent' }),
    },
    { secret: true },
  )
  return struct(description, { secretKeyRef: reference }, { secret: true })
}
