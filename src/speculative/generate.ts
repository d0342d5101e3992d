/**
 * The loop of speculative decoding: propose, verify in one pass of the target, commit, rewind. Read this first.
 *
 * It knows one sequence and nothing of batches, caches, text or stop strings. The invariant, after every round: the
 * target's cache holds the context without its last token, the sampler's history holds the context.
 */
import type { Token } from './distribution.js';
import { type Draft, type Drafter, EMPTY_DRAFT } from './drafter.js';
import type { LengthPolicy } from './length/policy.js';
import type { Sampler } from './sampler.js';
import type { Sequence } from './sequence.js';
import { drawRuleOf, type Verification, verify } from './verify.js';

export interface Generation {
  readonly target: Sequence;
  /** The target's sampler; its history is the prompt. */
  readonly sampler: Sampler;
  /** The prompt, at least one token; the loop appends what it generates. `target` holds a proper prefix of it. */
  readonly context: Token[];
  readonly drafter: Drafter | undefined;
  readonly length: LengthPolicy;
  readonly verification: Verification;
  /** At most this many tokens are generated; the context must have room for them. */
  readonly maxTokens: number;
  /** The most tokens of a draft, whatever the policy wishes: one pass of the target holds no more rows. */
  readonly maxDraft: number;
  readonly isEnd: (token: Token) => boolean;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** Where the last token of a round comes from (design vocabulary); `plain` where nothing was verified. */
export type Origin = 'recovered' | 'bonus' | 'plain';

/** One draft and one verification. */
export interface Round {
  readonly index: number;
  /** Length of the context before the round: the position of its first token. */
  readonly position: number;
  /** The draft as it was verified. */
  readonly draft: Draft;
  /** Tokens that the length policy dropped before verification. */
  readonly dropped: number;
  /** Accepted tokens of the draft. */
  readonly accepted: number;
  readonly origin: Origin;
  /** What the target says after the accepted tokens. */
  readonly next: Token;
  /** The tokens that were appended to the context: the accepted ones and `next`, up to a token that ends the text. */
  readonly tokens: readonly Token[];
  readonly draftMs: number;
  readonly verifyMs: number;
}

export type Ending = 'end' | 'length';

/**
 * Generates until a token ends the text or `maxTokens` are there, a round at a time; returns which of the two. The
 * first round evaluates the prompt and drafts nothing, so no draft delays the first token. Stopping early
 * (`return`) at a round leaves target and context in agreement.
 */
export async function* generate(generation: Generation): AsyncGenerator<Round, Ending, void> {
  const { target, sampler, context, drafter, length, verification, signal, now } = generation;
  let remaining = generation.maxTokens;
  for (let index = 0; remaining > 0; index++) {
    signal?.throwIfAborted();
    const began = now();
    const room = index === 0 ? 0 : Math.min(remaining - 1, generation.maxDraft);
    const { draft, dropped } = await propose(generation, room);
    const drafted = now();

    const position = context.length;
    const batch = [...context.slice(target.length), ...draft.tokens];
    const { accepted, next } = await target.evaluate(batch, draft.tokens.length + 1, (rows) =>
      verify(rows, draft, sampler, verification),
    );

    const tokens = upToEnd([...draft.tokens.slice(0, accepted), next], generation.isEnd);
    context.push(...tokens);
    target.rewind(context.length - 1);
    sampler.rewind(context.length);
    remaining -= tokens.length;

    const outcome = { draft, accepted, dropped, tokens };
    drafter?.observe(outcome);
    length.observe(outcome);
    const origin = draft.tokens.length === 0 ? 'plain' : accepted === draft.tokens.length ? 'bonus' : 'recovered';
    yield { index, position, ...outcome, origin, next, draftMs: drafted - began, verifyMs: now() - drafted };
    if (generation.isEnd(tokens[tokens.length - 1]!)) return 'end';
  }
  return 'length';
}

/** Asks the drafter, if the policy wants anything at all; under matching rules the policy may then drop a tail. */
async function propose(generation: Generation, room: number): Promise<{ draft: Draft; dropped: number }> {
  const { drafter, length, verification, context, signal } = generation;
  const plan = length.begin(room);
  if (drafter === undefined || room === 0 || !plan.wants(0)) return { draft: EMPTY_DRAFT, dropped: 0 };
  const rule = drawRuleOf(verification);
  const whole = await drafter.propose({ context, rule, length: plan, signal });
  const kept = Math.min(room, rule === 'matching' ? plan.keep(whole.confidences) : whole.tokens.length);
  const draft = take(whole, kept);
  return { draft, dropped: whole.tokens.length - draft.tokens.length };
}

function take(draft: Draft, count: number): Draft {
  if (count === draft.tokens.length) return draft;
  const { tokens, confidences, laws } = draft;
  const head = { tokens: tokens.slice(0, count), confidences: confidences.slice(0, count) };
  return laws === undefined ? head : { ...head, laws: laws.slice(0, count) };
}

function upToEnd(tokens: readonly Token[], isEnd: (token: Token) => boolean): readonly Token[] {
  const end = tokens.findIndex(isEnd);
  return end < 0 ? tokens : tokens.slice(0, end + 1);
}
