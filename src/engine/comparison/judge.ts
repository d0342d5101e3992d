import { Detokenizer } from '../../text/detokenizer.js';
import type { TokenScore } from '../score.js';
import { products } from './align.js';
import type { Agreement, JudgedToken } from './events.js';
import { type DraftingCosts, expectedSpeedup } from './expected-speedup.js';

const EMPTY = new Uint8Array();

/**
 * What the target makes of a draft model's answer.
 * @param target the target's scores of the answer, in its own tokens
 * @param draft the draft model's scores of the same text, in its own tokens
 */
export function judge(target: readonly TokenScore[], draft: readonly TokenScore[]): JudgedToken[] {
  const plain = aligned(target, draft, ({ logprob }) => Math.exp(logprob));
  const drawn = aligned(target, draft, ({ probability }) => probability);
  const pieces = piecesOf(target.map(({ bytes }) => bytes));
  return target.map(({ probability, logprob, rank, top }, i) => {
    const acceptance = chanceOf(probability, drawn[i]);
    return {
      text: pieces[i]!,
      accepted: acceptance >= 0.5,
      acceptance,
      target: Math.exp(logprob),
      draft: plain[i] ?? null,
      wanted: rank > 0 && top[0] !== undefined ? textOf(top[0].bytes) : null,
    };
  });
}

/** What the judged tokens say together, and what drafting with that model can be expected to gain where costs are known. */
export function agreementOf(tokens: readonly JudgedToken[], costs: DraftingCosts | undefined): Agreement {
  const accepted = tokens.filter((token) => token.accepted).length;
  if (tokens.length === 0) {
    return { judged: 0, accepted, expectedAcceptance: null, expectedSpeedup: null, draftLength: null };
  }
  const expectedAcceptance = tokens.reduce((sum, { acceptance }) => sum + acceptance, 0) / tokens.length;
  const gain = costs && expectedSpeedup(expectedAcceptance, costs);
  return {
    judged: tokens.length,
    accepted,
    expectedAcceptance,
    expectedSpeedup: gain?.speedup ?? null,
    draftLength: gain?.length ?? null,
  };
}

/** The characters that each token completes; half a character at the end belongs to the last. */
export function piecesOf(tokens: readonly Uint8Array[]): string[] {
  const detokenizer = new Detokenizer();
  const pieces = tokens.map((bytes) => detokenizer.push(bytes));
  const rest = detokenizer.flush();
  if (rest !== '') pieces[pieces.length - 1] += rest;
  return pieces;
}

/**
 * A token that was drawn from a known law is accepted with min(1, p/q), any other one with p. The draft model did write
 * what it wrote: where its law leaves that out, it is rounding that stands between the two.
 */
function chanceOf(p: number, q: number | undefined): number {
  return q !== undefined && q > 0 ? Math.min(1, p / q) : p;
}

/** A weight of the draft model's for each of the target's tokens. */
function aligned(
  target: readonly TokenScore[],
  draft: readonly TokenScore[],
  weight: (score: TokenScore) => number,
): (number | undefined)[] {
  // Two vocabularies may spell the token that ends a text in two ways.
  const isLast = (i: number): boolean => i === target.length - 1;
  const alike = target.every(({ bytes }, i) => isLast(i) || Buffer.compare(bytes, draft[i]?.bytes ?? EMPTY) === 0);
  if (alike && target.length === draft.length) return draft.map(weight);
  const parts = draft.map((one) => ({ bytes: one.bytes, weight: weight(one) }));
  return products(
    target.map(({ bytes }) => bytes),
    parts,
  );
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
