import type { Distribution, Token } from '../distribution.js';
import { type Draft, EMPTY_DRAFT } from '../drafter.js';
import type { Member } from './member.js';

/** A part of the draft: one drafter's tokens, and by what their acceptance is judged. */
export interface Part {
  readonly member: Member;
  readonly from: number;
  readonly draft: Draft;
  readonly beliefs: readonly number[];
}

/** A new array: drafters may keep what they are given. */
export function tokensOf(parts: readonly Part[]): Token[] {
  const tokens: Token[] = [];
  for (const { draft } of parts) for (const token of draft.tokens) tokens.push(token);
  return tokens;
}

/** One draft of all parts, which knows who proposed each token. */
export function joined(parts: readonly Part[]): Draft {
  if (parts.length === 0) return EMPTY_DRAFT;
  const confidences: number[] = [];
  const sources: string[] = [];
  const laws: (Distribution | undefined)[] = [];
  for (const { member, draft } of parts) {
    for (let i = 0; i < draft.tokens.length; i++) {
      confidences.push(draft.confidences[i]!);
      sources.push(member.drafter.name);
      laws.push(draft.laws?.[i]);
    }
  }
  const hasLaws = parts.some(({ draft }) => draft.laws !== undefined);
  return { tokens: tokensOf(parts), confidences, sources, ...(hasLaws && { laws }) };
}
