/** Two arrays in parallel: `ids[i]` goes with `keys[i]`. */
export interface Pairs {
  readonly ids: Int32Array;
  readonly keys: Float64Array;
}

export function pairsOf(capacity: number): Pairs {
  return { ids: new Int32Array(capacity), keys: new Float64Array(capacity) };
}

/** Runs up to this length are sorted by insertion. */
const RUN = 16;

/**
 * Sorts the first `length` pairs by descending key. Stable, so pairs that came in order of id stay so where keys are
 * equal. A merge sort: a comparator on boxed pairs costs ten times as much, and crafted logits cannot make it quadratic.
 * `scratch` must hold `length` pairs.
 */
export function sortDescending(pairs: Pairs, length: number, scratch: Pairs): void {
  for (let start = 0; start < length; start += RUN) insertionSort(pairs, start, Math.min(start + RUN, length));
  let from = pairs;
  let to = scratch;
  for (let width = RUN; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      merge(from, to, start, Math.min(start + width, length), Math.min(start + 2 * width, length));
    }
    [from, to] = [to, from];
  }
  if (from !== pairs) {
    pairs.ids.set(from.ids.subarray(0, length));
    pairs.keys.set(from.keys.subarray(0, length));
  }
}

function insertionSort({ ids, keys }: Pairs, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const key = keys[i]!;
    const id = ids[i]!;
    let j = i - 1;
    for (; j >= start && keys[j]! < key; j--) {
      keys[j + 1] = keys[j]!;
      ids[j + 1] = ids[j]!;
    }
    keys[j + 1] = key;
    ids[j + 1] = id;
  }
}

function merge(from: Pairs, to: Pairs, start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let i = start; i < end; i++) {
    const takeLeft = right >= end || (left < middle && from.keys[left]! >= from.keys[right]!);
    const source = takeLeft ? left++ : right++;
    to.keys[i] = from.keys[source]!;
    to.ids[i] = from.ids[source]!;
  }
}
