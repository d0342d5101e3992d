import type { LengthPolicy } from 'outrider';

/** Drafts two tokens more after a draft that was accepted whole, and one less after any other. */
export function streakLength(start: number, max: number): LengthPolicy {
  let tokens = start;
  return {
    name: `streak from ${start} to ${max}`,
    begin: ({ room }) => ({
      wants: ({ length }) => length < Math.min(tokens, room),
      admits: () => true,
      keep: (confidences) => confidences.length,
    }),
    observe: ({ draft, accepted }) => {
      if (draft.tokens.length === 0) return;
      tokens = accepted === draft.tokens.length ? Math.min(max, tokens + 2) : Math.max(1, tokens - 1);
    },
  };
}
