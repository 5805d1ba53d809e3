import { type Progress, startProgress } from '../output/progress.ts'
import type { Context } from './context.ts'

/** Runs long work with a progress line on stderr (only where a person watches, only when it takes long). `%d` in the text is the number done. */
export async function withProgress<T>(context: Context, text: string, work: (onProgress: (done: number) => void) => Promise<T>): Promise<T> {
  const progress: Progress = startProgress(context.stderr, context.clock)
  try {
    return await work((done) => progress.update(text.replace('%d', String(done))))
  } finally {
    progress.stop()
  }
}
