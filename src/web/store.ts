import { useLayoutEffect, useState } from 'preact/hooks';

/** A value that others watch. It is replaced, never changed in place. */
export class Store<Value> {
  #value: Value;
  readonly #watchers = new Set<(value: Value) => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher(value);
  }

  /** Returns how to watch no more. */
  watch(watcher: (value: Value) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [, redraw] = useState<object>({});
  const { value } = store;
  useLayoutEffect(() => {
    const unwatch = store.watch(() => redraw({}));
    // It may have changed between drawing and watching.
    if (!Object.is(store.value, value)) redraw({});
    return unwatch;
  }, [store]);
  return value;
}
