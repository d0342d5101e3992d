import type { LengthPolicy } from './policy.js';

/** Always `tokens` tokens, as far as there is room. `fixedLength(0)` is plain decoding. */
export function fixedLength(tokens: number): LengthPolicy {
  return {
    name: `fixed ${tokens}`,
    begin: ({ room }) => ({
      wants: ({ length }) => length < Math.min(tokens, room),
      admits: () => true,
      keep: (confidences) => confidences.length,
    }),
    observe: () => {},
  };
}
