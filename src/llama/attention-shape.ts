import type { GgufFile } from './gguf.js';

/** What a model's attention works on, as far as its file says: counts of numbers. */
export interface AttentionShape {
  readonly heads: number | undefined;
  /** Of a key and of a value in one head; layers with a sliding window may have others. */
  readonly keySizes: readonly number[];
  readonly valueSizes: readonly number[];
}

export function attentionShape({ metadata }: GgufFile): AttentionShape {
  const read = (key: string): number | undefined => {
    const value = metadata.get(`${metadata.get('general.architecture')}.${key}`);
    return typeof value === 'number' && value > 0 ? value : undefined;
  };
  const heads = read('attention.head_count');
  const width = read('embedding_length');
  const equalShares = heads === undefined || width === undefined ? undefined : width / heads;
  const sizesOf = (what: 'key' | 'value'): number[] =>
    [read(`attention.${what}_length`) ?? equalShares, read(`attention.${what}_length_swa`)].filter(
      (size) => size !== undefined,
    );
  return { heads, keySizes: sizesOf('key'), valueSizes: sizesOf('value') };
}
