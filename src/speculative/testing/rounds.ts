import type { Draft, RoundOutcome } from '../drafter.js';
import { CostCurve } from '../length/cost-curve.js';
import type { RoundStart } from '../length/policy.js';
import { ALONE } from '../length/shared-pass.js';

/** A round that begins with so much room, where drafting is free. */
export function roundStart(room: number, more: Partial<RoundStart> = {}): RoundStart {
  return { room, rule: 'matching', depth: 1, price: { first: 0, next: 0, probe: 0, behind: 0 }, ...more };
}

/** What the loop reports of a draft: so many of its tokens accepted, then `next` by the target. */
export function roundOutcome(draft: Draft, accepted: number, next = 0, more: Partial<RoundOutcome> = {}): RoundOutcome {
  const tokens = [...draft.tokens.slice(0, accepted), next];
  return { position: 1, draft, accepted, dropped: 0, tokens, evidence: [], draftMs: 0, verifyMs: 0, ...more };
}

/** As many confidences as tokens are said to be drafted. */
export function sure(count: number): number[] {
  return Array(count).fill(1);
}

/** For a draft model whose passes nobody times. */
export const UNTIMED = {
  costs: new CostCurve({ points: [{ rows: 1, ms: 1 }] }),
  company: ALONE,
  now: () => 0,
};
