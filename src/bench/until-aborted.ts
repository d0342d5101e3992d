/**
 * Resolves to `undefined` where the signal cut the work off. Ctrl-C ends other programs too, so whatever fails once the
 * signal is aborted fails because of it.
 */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!signal?.aborted) throw error;
    return undefined;
  }
}
