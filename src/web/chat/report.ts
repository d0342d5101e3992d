import type { Report } from './chat.js';

/** How an answer was written in two stretches: counts and times of both, the rest as it was last. */
export function joined(before: Report | undefined, after: Report): Report {
  if (before === undefined) return after;
  const plainMs =
    before.plainMs === undefined || after.plainMs === undefined ? undefined : before.plainMs + after.plainMs;
  const { plainMs: _, ...last } = after;
  return {
    ...last,
    tokens: before.tokens + after.tokens,
    rounds: before.rounds + after.rounds,
    accepted: before.accepted + after.accepted,
    rejected: before.rejected + after.rejected,
    writingMs: before.writingMs + after.writingMs,
    promptTokens: before.promptTokens,
    cachedTokens: before.cachedTokens,
    promptMs: before.promptMs,
    ...(plainMs !== undefined && { plainMs }),
  };
}
