/** A value of one of several iterations. */
export interface Indexed<Value> {
  readonly index: number;
  readonly value: Value;
}

/** What several iterations give, as it comes; when one fails or the caller stops, all are aborted and ended. */
export async function* merged<Value>(
  sources: readonly AsyncGenerator<Value, void, void>[],
  abort: AbortController,
): AsyncGenerator<Indexed<Value>, void, void> {
  const ask = (index: number) => {
    const asked = sources[index]!.next().then((step) => ({ index, step }));
    // It may fail while the caller is busy with another value; the race below hears of it.
    asked.catch(() => {});
    return asked;
  };
  const pending = new Map(sources.map((_, index) => [index, ask(index)]));
  try {
    while (pending.size > 0) {
      const { index, step } = await Promise.race(pending.values());
      if (step.done) {
        pending.delete(index);
        continue;
      }
      pending.set(index, ask(index));
      yield { index, value: step.value };
    }
  } finally {
    abort.abort();
    await Promise.allSettled([...pending.values(), ...sources.map((source) => source.return())]);
  }
}
