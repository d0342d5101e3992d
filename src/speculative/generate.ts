/**
 * The loop of speculative decoding: propose, verify in one pass of the target, commit, rewind. Read this first.
 *
 * It knows one sequence and nothing of batches, caches, text or stop strings. The invariant, after every round: the
 * target's cache holds the context without its last token, the sampler's history holds the context.
 */
import type { Token } from './distribution.js';
import { type Draft, type Drafter, EMPTY_DRAFT, type Evidence, type RoundOutcome } from './drafter.js';
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

/** One draft and one verification; `tokens` are cut behind a token that ends the text. */
export interface Round extends RoundOutcome {
  readonly index: number;
  readonly origin: Origin;
  /** What the target says after the accepted tokens. */
  readonly next: Token;
}

export type Ending = 'end' | 'length';

/**
 * Generates until a token ends the text or `maxTokens` are there, a round at a time; returns which of the two. The
 * first round evaluates the prompt and drafts nothing, so no draft delays the first token. Stopping early
 * (`return`) at a round leaves target and context in agreement.
 */
export async function* generate(generation: Generation): AsyncGenerator<Round, Ending, void> {
  const { target, sampler, context, drafter, length, verification, signal, now } = generation;
  const promptLength = context.length;
  let remaining = generation.maxTokens;
  for (let index = 0; remaining > 0; index++) {
    signal?.throwIfAborted();
    const began = now();
    const room = index === 0 ? 0 : Math.min(remaining - 1, generation.maxDraft);
    const { draft, dropped, evidence } = await propose(generation, room, context.length - promptLength);
    const drafted = now();

    const position = context.length;
    const batch = [...context.slice(target.length), ...draft.tokens];
    const { accepted, next } = await target.evaluate(batch, draft.tokens.length + 1, (rows) =>
      verify(rows, draft, sampler, verification),
    );

    const tokens = upToEnd([...draft.tokens.slice(0, accepted), next], generation.isEnd);
    for (const token of tokens) context.push(token);
    target.rewind(context.length - 1);
    sampler.rewind(context.length);
    remaining -= tokens.length;

    const times = { draftMs: drafted - began, verifyMs: now() - drafted };
    const outcome = { position, draft, accepted, dropped, tokens, evidence, ...times };
    drafter?.observe(outcome);
    length.observe(outcome);
    const origin = draft.tokens.length === 0 ? 'plain' : accepted === draft.tokens.length ? 'bonus' : 'recovered';
    yield { index, ...outcome, origin, next };
    if (generation.isEnd(tokens[tokens.length - 1]!)) return 'end';
  }
  return 'length';
}

interface Proposal {
  readonly draft: Draft;
  readonly dropped: number;
  readonly evidence: readonly Evidence[];
}

const NOTHING: Proposal = { draft: EMPTY_DRAFT, dropped: 0, evidence: [] };
const FREE = { first: 0, next: 0, probe: 0 };

/** Asks the drafter, if the policy wants anything at all; under matching rules the policy may then drop a tail. */
async function propose(generation: Generation, room: number, generated: number): Promise<Proposal> {
  const { drafter, length, verification, context, signal } = generation;
  if (drafter === undefined || room === 0) return NOTHING;
  const rule = drawRuleOf(verification);
  const plan = length.begin({ room, rule, depth: context.length, price: drafter.price?.(context) ?? FREE });
  if (!plan.wants([])) {
    // A prompt is nobody's draft: how well it is guessed says nothing.
    const count = Math.min(generated, plan.probes?.() ?? 0);
    return count > 0 && drafter.probe ? { ...NOTHING, evidence: await drafter.probe(context, count, rule) } : NOTHING;
  }
  const whole = await drafter.propose({ context, rule, length: plan, signal });
  const kept = Math.min(room, rule === 'matching' ? plan.keep(whole.confidences) : whole.tokens.length);
  const draft = take(whole, kept);
  return { draft, dropped: whole.tokens.length - draft.tokens.length, evidence: [] };
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
