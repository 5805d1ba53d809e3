import { isOfMember, isPassing } from './etcd-errors.ts'

/**
 * Asks members one after another until one answers: the next one too when the last has been silent for a while, instead when it cannot answer. Gives the first
 * answer, and who gave it.
 *
 * @throws at once what another member would say as well; otherwise, when all have failed, what may pass rather than what is for good
 */
export function firstAnswer<M, T>(members: readonly M[], ask: (member: M) => Promise<T>): Promise<{ readonly member: M; readonly answer: T }> {
  return new Promise((resolve, reject) => {
    const waiting = [...members]
    const failures: unknown[] = []
    let timer: NodeJS.Timeout | undefined
    const end = () => {
      clearTimeout(timer)
      waiting.length = 0
    }
    const askNext = () => {
      clearTimeout(timer)
      const member = waiting.shift()
      if (member === undefined) return
      if (waiting.length > 0) timer = setTimeout(askNext, PATIENCE)
      void ask(member)
        .then((answer) => {
          end()
          return resolve({ member, answer })
        })
        .catch((error: unknown) => {
          failures.push(error)
          if (!isOfMember(error)) {
            end()
            reject(error)
          } else if (waiting.length > 0) askNext()
          else if (failures.length === members.length) reject(failures.find(isPassing) ?? error)
        })
    }
    askNext()
  })
}

// --- internal ---

/** Milliseconds. An answer takes a few; a busy member is asked for nothing more than a second time. */
const PATIENCE = 500
